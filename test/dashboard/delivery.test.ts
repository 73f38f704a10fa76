import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { PATIENCE_MS } from "../promises.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];
const HOUR = 3_600_000;
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();
const post = (route: string, body: unknown, method = "POST") =>
  server.admin(`/projects/demo${route}`, { method, body });

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer({ env: { SEED: "" } }), launch()]);
  ({ page } = await signedIn(browser, server));
  errors = watchErrors(page);
  page.on("dialog", (dialog) => dialog.accept());
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});
const card = (name: string | RegExp) => page.locator("section", { has: page.getByRole("heading", { name }) });

test("the four figures come out of deployments, releases and kills, with their definitions and an export", async () => {
  await page.goto(`${server.url}/p/demo/delivery?env=production`);
  await page.getByText("No deployments were told of yet").waitFor();
  await post("/deployments", {
    environment: "production",
    version: "v42",
    committedAt: ago(6 * HOUR),
    finishedAt: ago(HOUR),
  });
  await post("/environments/production/flags/banner-text/kill", { comment: "typo", onsetAt: ago(120_000) });
  await page.reload();
  await card("Lead time for changes").getByText("5 h", { exact: true }).waitFor();
  await card("Taken back").getByRole("link", { name: "banner-text" }).waitFor();
  await card("Change failure rate")
    .getByText(/^\d of \d+ changes?$/)
    .waitFor();
  await card("Time to restore").getByText("How it is counted").click();
  await card("Time to restore")
    .getByText(/From the onset of the trouble/)
    .waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export CSV" }).click(),
  ]);
  expect(readFileSync(await download.path(), "utf8")).toMatch(/^week,environment,deployments,/);
});

test("the stop button is tried from the page, and its time stands there", async () => {
  await page.goto(`${server.url}/p/demo/delivery?env=production`);
  const drill = card("Kill drill");
  await drill.getByText("Never tried here.").waitFor();
  await drill.getByRole("button", { name: "Try it now" }).click();
  await page.getByText(/The stop button works: seen after/).waitFor({ timeout: PATIENCE_MS });
  await drill.getByText(/to off at the edge/).waitFor();
  const saved = page.waitForResponse((response) => response.request().method() === "PUT");
  await drill.getByLabel("By itself").selectOption("24");
  await saved;
  await page.reload();
  await drill.getByText(/to off at the edge/).waitFor();
  await expect.poll(() => drill.getByLabel("By itself").inputValue()).toBe("24");
});

test("flag debt says why, and leads to the flag", async () => {
  await post("/flags/banner-text", { expiresAt: "2026-01-01T00:00:00Z" }, "PATCH");
  await page.goto(`${server.url}/p/demo/delivery?env=production`);
  const debt = card("Flag debt");
  await debt.getByText(/Past its expiry/).waitFor();
  await debt.getByRole("link", { name: "Open to archive" }).first().click();
  await page.getByRole("heading", { name: "banner-text" }).waitFor();
  await expect.poll(() => page.getByLabel("Meant to be gone by").inputValue()).toBe("2026-01-01");
});

test("a key is limited and a budget set, both seen where they are set", async () => {
  await page.goto(`${server.url}/p/demo/settings?env=production`);
  const keys = card("Keys for apps");
  await keys
    .getByRole("button", { name: /the limit of/ })
    .first()
    .click();
  await keys.getByLabel("Requests a second").fill("25");
  await keys.getByRole("button", { name: "Set", exact: true }).click();
  await keys.getByText("25 a second").waitFor();
  const budget = card("Evaluations this month");
  await budget.getByLabel(/Budget for a month/).fill("10,000");
  await budget.getByRole("button", { name: "Set the budget" }).click();
  await budget.getByText("Within the budget").waitFor();
  await budget.getByText(/of 10,000/).waitFor();
  expect(errors).toEqual([]);
});
