import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { flaws } from "./accessibility.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

const PRODUCTION = "/projects/shop/environments/production";
let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
  await server.admin("/projects/shop", { method: "PUT", body: { environments: ["production", "staging"] } });
  ({ page } = await signedIn(browser, server, { bypassCSP: true, viewport: { width: 360, height: 800 } }));
  errors = watchErrors(page);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const card = () => page.locator("section", { has: page.getByRole("heading", { name: "Signed contexts" }) });
const signingKeys = async () =>
  (await (await server.admin(`${PRODUCTION}/signing-keys`)).json()).signingKeys as { id: string; name: string }[];
const signing = async () => (await (await server.admin(`${PRODUCTION}/keys`)).json()).keys[0].signing;

test("an environment without keys says what they are for; a new one shows its secret once, with a snippet", async () => {
  await page.goto(`${server.url}/p/shop/settings?env=production`);
  await card().getByText("No signing keys yet.").waitFor();
  await card().getByText("No client keys in this environment.").waitFor();
  await card().getByLabel("New signing key for").fill("Shop server");
  await page.keyboard.press("Enter");
  const [secret, snippet] = [card().locator(".secret").first(), card().locator(".secret").last()];
  await expect.poll(() => secret.textContent()).toMatch(/^bdj_[0-9a-f]{64}$/);
  const [key] = await signingKeys();
  expect(key?.name).toBe("Shop server");
  expect(await snippet.textContent()).toContain(`kid: "${key?.id}"`);
  expect(await snippet.textContent()).toContain('.setAudience("shop/production")');
  expect(await snippet.textContent()).not.toContain(await secret.textContent());
  expect(await flaws(page, "a new signing key")).toEqual([]);
  const shown = await secret.textContent();
  await page.reload();
  await card()
    .getByText(key?.id ?? "")
    .waitFor();
  expect(await page.content()).not.toContain(shown);
});

test("a client key made on the page is listed at once, and asks for what is chosen with the keyboard", async () => {
  await page.getByLabel("New key for").fill("Web shop");
  await page.getByLabel("Kind").selectOption("client");
  await page.getByRole("button", { name: "Make the key" }).click();
  const change = card().getByRole("button", { name: "Change what has to be signed for Web shop" });
  await card().getByText("Nothing has to be signed").waitFor();
  await change.press("Enter");
  await page.keyboard.press("ArrowDown");
  await page.getByLabel(/^Attributes/).fill("plan, userId, plan");
  await page.keyboard.press("Enter");
  await card().getByText("Has to be signed: plan, userId").waitFor();
  expect(await signing()).toEqual({ require: "attributes", attributes: ["plan", "userId"] });
  await change.click();
  await page.getByLabel(/^Attributes/).fill("edge");
  await page.getByRole("button", { name: "Save" }).click();
  await page
    .getByRole("dialog")
    .getByText(/edge sets it itself/)
    .waitFor();
  await page.getByRole("radio", { name: /^The whole context/ }).check();
  await page.getByRole("button", { name: "Save" }).click();
  await card().getByText("The whole context has to be signed").waitFor();
  expect(await signing()).toEqual({ require: "context" });
  await change.click();
  await page.getByRole("radio", { name: /^Nothing/ }).check();
  await page.getByRole("button", { name: "Save" }).click();
  await card().getByText("Nothing has to be signed").waitFor();
  expect(await signing()).toBeUndefined();
});

test("revoking asks first and says what stops working; the last key's absence is told to who asks for signatures", async () => {
  const revoke = card().getByRole("button", { name: "Revoke the signing key Shop server" });
  await revoke.click();
  const question = page.getByRole("dialog", { name: "Revoke the signing key Shop server?" });
  await question.getByText(/are refused within seconds/).waitFor();
  await page.keyboard.press("Escape");
  expect(await signingKeys()).toHaveLength(1);
  await revoke.click();
  await question.getByRole("button", { name: "Revoke the signing key" }).click();
  await card().getByText("No signing keys yet.").waitFor();
  expect(await signingKeys()).toEqual([]);
  await card()
    .getByRole("button", { name: /^Change what/ })
    .click();
  await page.getByRole("radio", { name: /^The whole context/ }).check();
  await page.getByText(/has no signing key/).waitFor();
  await page.keyboard.press("Escape");
  expect(errors).toEqual([]);
});

test("who may not administer sees what is asked for, and no buttons", async () => {
  const { token } = await (
    await server.admin("/tokens", { method: "POST", body: { name: "Vi", role: "viewer" } })
  ).json();
  const { page: theirs, context } = await signedIn(browser, server, { token });
  await theirs.goto(`${server.url}/p/shop/settings?env=production`);
  const seen = theirs.locator("section", { has: theirs.getByRole("heading", { name: "Signed contexts" }) });
  await seen.getByText("Nothing has to be signed").waitFor();
  expect(await seen.getByRole("button").count()).toBe(0);
  await context.close();
});

test("the history tells it in words", async () => {
  await page.goto(`${server.url}/p/shop/history`);
  await page
    .getByText(/revoked the signing key/)
    .first()
    .waitFor();
  await page
    .getByText(/changed what has to be signed for the key/)
    .first()
    .waitFor();
});
