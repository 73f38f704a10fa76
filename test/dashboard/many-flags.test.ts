import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demo } from "../openfeature/demo.ts";
import { type Server, startServer } from "../process/server.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer({ env: { SEED: "" } }), launch()]);
  ({ page } = await signedIn(browser, server));
  errors = watchErrors(page);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const read = async <T>(route: string) => (await (await server.admin(route)).json()) as T;
const keys = async (query = "") =>
  (await read<{ flags: { key: string }[] }>(`/projects/demo/flags${query}`)).flags.map(({ key }) => key);

test("the list shows when a flag was last asked for", async () => {
  const key = await (await demo(server)).key("server");
  await fetch(`${server.url}/ofrep/v1/evaluate/flags/banner-text`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: "{}",
  });
  await expect
    .poll(async () =>
      Object.keys((await read<{ flags: object }>("/projects/demo/environments/production/usage")).flags),
    )
    .toEqual(["banner-text"]);
  await page.goto(`${server.url}/p/demo/flags`);
  const row = (name: string) => page.locator(".flag-row", { has: page.getByRole("link", { name, exact: true }) });
  await row("banner-text")
    .getByText(/now|ago/)
    .waitFor();
  await row("search-v2").getByText("never yet").waitFor();
});

test("several flags are ticked by keyboard and pointer, and archived together or not at all", async () => {
  await page.goto(`${server.url}/p/demo/flags`);
  await page.getByRole("link", { name: "new-checkout", exact: true }).focus();
  await page.keyboard.press("x");
  await page.getByLabel("Tick gift-wrapping").check();
  await page.getByText("2 flags ticked").waitFor();
  await page.getByRole("button", { name: "Archive…" }).click();
  const dialog = page.getByRole("dialog", { name: "Archive 2 flags?" });
  await dialog.getByText(/^Switched on somewhere/).waitFor();
  await page.keyboard.press("Enter");
  // express-pay depends on new-checkout.
  await dialog
    .getByRole("alert")
    .getByText(/express-pay/)
    .waitFor();
  expect(await keys()).toContain("gift-wrapping");
  await page.keyboard.press("Escape");
  await page.getByLabel("Tick express-pay").check();
  await page.getByRole("button", { name: "Archive…" }).click();
  await page.keyboard.type("Through");
  await page.keyboard.press("Enter");
  await page.getByText("3 flags are archived").waitFor();
  expect(await keys("?archived=true")).toEqual(["express-pay", "gift-wrapping", "new-checkout"]);
});

test("Shift ticks everything in between, and the box at the top all that is shown", async () => {
  await page.goto(`${server.url}/p/demo/flags`);
  await page.getByLabel("Tick banner-text").click();
  await page.getByLabel("Tick search-v2").click({ modifiers: ["Shift"] });
  await page.getByText("4 flags ticked").waitFor();
  await page.getByLabel("Tick all that are shown").click();
  await page.getByText("6 flags ticked").waitFor();
  await page.getByRole("button", { name: "Untick" }).click();
  await page.getByText("flags ticked").waitFor({ state: "detached" });
});

test("an archived key stays taken; its flag is found among the archived and brought back off", async () => {
  await page.getByLabel("Filter by state").selectOption({ label: "Archived" });
  await page.waitForURL(/archived=true/);
  const row = page.locator(".archived li", { hasText: "gift-wrapping" });
  await row.getByRole("button", { name: "Bring back, switched off" }).click();
  await page.getByText("gift-wrapping is back").waitFor();
  const state = await read<{ enabled: boolean; rules: unknown[] }>(
    "/projects/demo/environments/production/flags/gift-wrapping",
  );
  expect(state).toMatchObject({ enabled: false, rules: [] });
});

test("what changed in the last hour is killed together, with one confirmation", async () => {
  const patch = (flag: string, body: object) =>
    server.admin(`/projects/demo/environments/production/flags/${flag}`, { method: "PATCH", body });
  await patch("payments-queue", { enabled: true });
  await patch("search-v2", { enabled: false });
  await patch("search-v2", { enabled: true });
  await page.goto(`${server.url}/p/demo/history`);
  await page.getByRole("button", { name: "What changed in the last hour?" }).click();
  await page.waitForURL(/when=hour/);
  await page.getByRole("button", { name: "Kill some of these…" }).click();
  const dialog = page.getByRole("dialog", { name: "Kill in Production" });
  await dialog.getByLabel("search-v2").waitFor();
  for (const box of await dialog.getByRole("checkbox").all()) await box.uncheck();
  await dialog.getByLabel("search-v2").check();
  await dialog.getByLabel("payments-queue").check();
  await dialog.getByLabel("Why? (for the history)").fill("Errors since noon");
  await dialog.getByRole("button", { name: "Kill 2 flags in Production" }).click();
  await page.getByText("2 flags are killed in Production").waitFor();
  for (const flag of ["search-v2", "payments-queue"])
    expect(await read(`/projects/demo/environments/production/flags/${flag}`)).toMatchObject({
      kills: [{ comment: "Errors since noon" }],
    });
});

test("the history is searched as a whole: by flag, person and environment, and the address keeps it", async () => {
  const made = await server.admin("/tokens", { method: "POST", body: { name: "Ada", role: "engineer" } });
  const { token } = (await made.json()) as { token: string };
  await server.admin("/projects/demo/environments/staging/flags/payments-queue", {
    method: "PATCH",
    body: { enabled: true },
    headers: { authorization: `Bearer ${token}` },
  });
  for (let turn = 0; turn < 60; turn++)
    await server.admin("/projects/demo/environments/development/flags/banner-text", {
      method: "PATCH",
      body: { enabled: turn % 2 === 0 },
    });
  await page.goto(`${server.url}/p/demo/history?who=Ada`);
  await page.getByText("Ada switched on payments-queue in Staging").waitFor();
  await expect.poll(() => page.locator(".history-row").count()).toBe(1);
  await page.getByLabel("Filter by environment").selectOption({ label: "Production" });
  await page.getByRole("heading", { name: "Nothing like that happened" }).waitFor();
  await page.goto(`${server.url}/p/demo/history?flag=search-v2`);
  await page.locator(".history-row").first().waitFor();
  await expect
    .poll(() => page.locator(".history-row").allTextContents())
    .toSatisfy((rows: string[]) => rows.every((row) => row.includes("search-v2") || row.includes("imported")));
  await page.goto(`${server.url}/p/demo/history`);
  await page.getByRole("button", { name: "Show earlier changes" }).click();
  await expect.poll(() => page.locator(".history-row").count()).toBeGreaterThan(60);
});

test("no page threw", () => {
  expect(errors).toEqual([]);
});
