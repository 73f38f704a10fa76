import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demo } from "../openfeature/demo.ts";
import { type Server, startServer } from "../process/server.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

let server: Server;
let browser: Browser;
let page: Page;
let key: string;
let errors: string[];

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer({ env: { SEED: "" } }), launch()]);
  key = await (await demo(server)).key("server");
  page = await (await browser.newContext({ reducedMotion: "reduce" })).newPage();
  page.setDefaultTimeout(10_000);
  errors = watchErrors(page);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function served(flag: string): Promise<unknown> {
  const response = await fetch(`${server.url}/ofrep/v1/evaluate/flags/${flag}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: '{"context":{"targetingKey":"kim","email":"kim@shop.example"}}',
  });
  return ((await response.json()) as { value: unknown }).value;
}
const state = async (environment: string, flag: string) =>
  (await server.admin(`/projects/demo/environments/${environment}/flags/${flag}`)).json();

test("the printed link signs in once, and leaves no code in the address or the history", async () => {
  await page.goto(server.signInUrl);
  await page.getByRole("heading", { name: "Flags" }).waitFor();
  expect(page.url()).not.toContain("code=");
  await page.goBack().catch(() => {});
  expect(page.url()).not.toContain("code=");
  const code = new URL(server.signInUrl).hash.split("code=")[1];
  const again = await fetch(`${server.url}/api/v1/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ code }),
  });
  expect(again.status).toBe(401);
});

test("a token signs in, a wrong one is told why, and signing out ends the session", async () => {
  const other = await (await browser.newContext()).newPage();
  await other.goto(server.url);
  await other.getByLabel("Token").fill("bda_wrong");
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByText("The token is unknown or revoked.").waitFor();
  await other.getByLabel("Token").fill(server.adminToken);
  await other.keyboard.press("Enter");
  await other.getByRole("heading", { name: "Flags" }).waitFor();
  await other.getByRole("button", { name: "Signed in as Administrator" }).click();
  await other.getByRole("button", { name: "Sign out", exact: true }).click();
  await other.getByLabel("Token").waitFor();
  expect((await other.request.get(`${server.url}/api/v1/session`)).status()).toBe(401);
  await other.context().close();
});

test("a toggle in the list reaches the next evaluation", async () => {
  await page.goto(`${server.url}/p/demo/flags`);
  const toggle = page.getByRole("switch", { name: /^payments-queue in Development/ });
  await expect.poll(() => toggle.getAttribute("aria-checked")).toBe("false");
  const saved = page.waitForResponse((response) => response.request().method() === "PATCH");
  await toggle.click();
  expect((await saved).status()).toBe(200);
  await expect.poll(() => toggle.getAttribute("aria-checked")).toBe("true");
  expect(await state("development", "payments-queue")).toMatchObject({ enabled: true });
});

test("on in production asks first and names the environment; the answer is evaluated", async () => {
  expect(await served("payments-queue")).toBe(false);
  await page.getByRole("switch", { name: /^payments-queue in Production/ }).click();
  const dialog = page.getByRole("dialog", { name: "Switch on payments-queue in Production?" });
  await dialog.getByText("It reaches everyone.").waitFor();
  const saved = page.waitForResponse((response) => response.request().method() === "PATCH");
  await page.keyboard.press("Enter");
  expect((await saved).status()).toBe(200);
  expect(await served("payments-queue")).toBe(true);
});

test("a toggle that the server refuses goes back, and says why", async () => {
  const toggle = page.getByRole("switch", { name: /^search-v2 in Staging/ });
  await expect.poll(() => toggle.getAttribute("aria-checked")).toBe("true");
  const refusal = { status: 422, json: { title: "Refused for a test", code: "test", status: 422 } };
  await page.route("**/environments/staging/flags/search-v2", (route) =>
    route.request().method() === "PATCH" ? route.fulfill(refusal) : route.continue(),
  );
  await toggle.click();
  await page.getByText("search-v2 was not switched in Staging").waitFor();
  await page.getByText("Refused for a test").waitFor();
  await expect.poll(() => toggle.getAttribute("aria-checked")).toBe("true");
  await page.unroute("**/environments/staging/flags/search-v2");
  await page.getByRole("button", { name: "Dismiss" }).last().click();
});

test("k kills and r restores, by keyboard alone, in force at once", async () => {
  expect(await served("new-checkout")).toBe(true);
  await page.getByRole("link", { name: "new-checkout", exact: true }).focus();
  await page.keyboard.press("k");
  await page.getByRole("dialog", { name: "Kill new-checkout?" }).waitFor();
  await page.getByText("express-pay").last().waitFor();
  await page.keyboard.type("Errors at checkout");
  const killed = page.waitForResponse((response) => response.url().endsWith("/kill"));
  await page.keyboard.press("Enter");
  expect((await killed).status()).toBe(200);
  expect(await served("new-checkout")).toBe(false);
  expect(await state("production", "new-checkout")).toMatchObject({ kills: [{ comment: "Errors at checkout" }] });

  await page.getByRole("button", { name: "new-checkout in Production: Killed. Restore…" }).waitFor();
  await page.getByRole("link", { name: "new-checkout", exact: true }).focus();
  await page.keyboard.press("r");
  await page.getByRole("dialog").getByText("≈ 9.8 % of users + staff").waitFor();
  const restored = page.waitForResponse((response) => response.url().endsWith("/restore"));
  await page.keyboard.press("Enter");
  expect((await restored).status()).toBe(200);
  await expect.poll(() => served("new-checkout")).toBe(true);
});

test("search and filters stand in the address", async () => {
  await page.keyboard.press("/");
  await page.keyboard.type("checkout");
  await page.waitForURL(/q=checkout/);
  await page.getByLabel("Filter by purpose").selectOption("release");
  await page.waitForURL(/purpose=release/);
  await expect.poll(() => page.locator("tbody .flag-row").count()).toBe(2);
  await page.reload();
  await page.getByRole("link", { name: "express-pay" }).waitFor();
  await expect.poll(() => page.locator("tbody .flag-row").count()).toBe(2);
});

test("a new flag is made in plain words and is off everywhere", async () => {
  await page.goto(`${server.url}/p/demo/flags`);
  await page.getByRole("heading", { name: "Flags" }).waitFor();
  await page.keyboard.press("n");
  await page.locator('input[name="name"]').fill("Größere Bilder!");
  await page.getByText("Grossere-Bilder").or(page.getByText("Gro-ere-Bilder")).waitFor();
  await page.getByRole("radio", { name: /^Number/ }).check();
  await page.getByLabel("Value of variant 2").fill("1,5");
  await page.getByRole("button", { name: "Make the flag" }).click();
  await page.getByText("It is off everywhere until you switch it on.").waitFor();
  const { flags } = (await (await server.admin("/projects/demo/flags")).json()) as { flags: { key: string }[] };
  const made = flags.find(({ key: name }) => /Bilder/.test(name));
  expect(made).toMatchObject({ type: "number", variants: { standard: 0, new: 1.5 } });
});

test("a marketer switches tests, and nothing else", async () => {
  const answer = await server.admin("/tokens", { method: "POST", body: { name: "Kim", role: "marketer" } });
  const { token } = (await answer.json()) as { token: string };
  const kim = await signedIn(browser, server, { token });
  await kim.page.goto(`${server.url}/p/demo/flags`);
  await kim.page.getByRole("switch", { name: /^gift-wrapping in Staging/ }).click();
  await expect.poll(async () => ((await state("staging", "gift-wrapping")) as { enabled: boolean }).enabled).toBe(true);
  await expect.poll(() => kim.page.getByRole("switch", { name: /^express-pay in Staging/ }).isDisabled()).toBe(true);
  await kim.context.close();
});

test("no page threw, and the content security policy refused nothing", () => {
  expect(errors).toEqual([]);
});
