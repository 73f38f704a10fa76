import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { isSignedIn, must, newLink, newToken, signIn } from "../security/administration.ts";
import { flaws } from "./accessibility.ts";
import { launch, signedIn } from "./browser.ts";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
  await must(server, "PUT", "/projects/shop", { name: "Shop" });
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function openSettings(page: Page) {
  await page.goto(`${server.url}/p/shop/settings`);
  const card = page.getByRole("region", { name: "Sessions" });
  await card.locator("[data-session]").first().waitFor();
  return card;
}
const named = async (name: string, role: string): Promise<string> =>
  (await must(server, "POST", "/tokens", { name, role })).token;

test("an administrator ends somebody's session, and a link before it is used, by keyboard", async () => {
  const kim = await named("Kim", "admin");
  const cookie = (await signIn(server, { token: kim })) as string;
  const code = await newLink(server, { token: kim });
  // One failed try is told as well.
  await signIn(server, { token: "bdt_wrong" });
  const { context, page } = await signedIn(browser, server, { bypassCSP: true, viewport: { width: 360, height: 800 } });
  const card = await openSettings(page);
  await card.getByText("This browser").waitFor();
  await card.getByText("Unknown access token").waitFor();

  await card.getByRole("button", { name: "End session of Kim" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "End the session of Kim?" });
  await dialog.waitFor();
  expect(await flaws(page, "end a session")).toEqual([]);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await isSignedIn(server, cookie)).toBe(true);

  await card.getByRole("button", { name: "End session of Kim" }).press("Enter");
  await dialog.getByRole("button", { name: "End session" }).press("Enter");
  await card.getByRole("button", { name: "End session of Kim" }).waitFor({ state: "detached" });
  expect(await isSignedIn(server, cookie)).toBe(false);

  await card.getByRole("button", { name: "Revoke link of Kim" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke link" }).click();
  await card.getByRole("button", { name: "Revoke link of Kim" }).waitFor({ state: "detached" });
  expect(await signIn(server, { code })).toBeNull();
  await context.close();
});

test("everybody sees and ends their own sessions, and signs out everywhere after a question", async () => {
  const { token } = await newToken(server, "viewer");
  const elsewhere = (await signIn(server, { token })) as string;
  const somebody = (await signIn(server, { token: server.adminToken })) as string;
  const { context, page } = await signedIn(browser, server, { token });
  const card = await openSettings(page);
  expect(await card.locator("[data-session]").count()).toBe(2);
  expect(await card.getByText("Failed sign-ins").count()).toBe(0);

  await card.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  expect(await isSignedIn(server, elsewhere)).toBe(true);
  await card.getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Sign out everywhere" }).click();
  await page.getByLabel("Token").waitFor();
  expect(await isSignedIn(server, elsewhere)).toBe(false);
  expect(await isSignedIn(server, somebody)).toBe(true);
  await context.close();
});

test("a page whose session is ended elsewhere asks to sign in, and shows nothing new until then", async () => {
  const { id, token } = await newToken(server, "engineer");
  const { context, page } = await signedIn(browser, server, { token });
  await openSettings(page);
  await must(server, "DELETE", `/tokens/${id}`);
  await page.getByRole("dialog", { name: "Your session has ended" }).waitFor();
  await context.close();
});
