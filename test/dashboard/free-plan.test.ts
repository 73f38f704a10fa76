import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { flaws } from "./accessibility.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer({ env: { PLAN: "free" } }), launch()]);
  await server.admin("/projects/shop", { method: "PUT", body: { environments: ["production"] } });
  ({ page } = await signedIn(browser, server, { bypassCSP: true, viewport: { width: 360, height: 800 } }));
  errors = watchErrors(page);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("every page says that the installation is for Workers Free, and pages of what is off say so of it", async () => {
  const banner = page.locator(".plan-banner");
  await page.goto(`${server.url}/p/shop/flags?env=production`);
  await banner.getByText("set up for Workers Free").waitFor();
  await banner.locator("summary").click();
  await banner.getByText("A kill is served within 12 seconds").waitFor();
  expect(await flaws(page, "the banner of Workers Free")).toEqual([]);
  await page.goto(`${server.url}/p/shop/tests?env=production`);
  await page.getByRole("note").getByText("Fake doors are off").waitFor();
  await page.goto(`${server.url}/p/shop/settings?env=production`);
  await page.getByRole("note").getByText("budgets are not kept").waitFor();
  expect(errors).toEqual([]);
});
