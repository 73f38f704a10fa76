import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { CHANGE_MS, PATIENCE_MS, SLACK_MS } from "../promises.ts";
import { flaws } from "./accessibility.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";
import { type GuardedShop, guardedShop } from "./guard-traffic.ts";

let server: Server;
let browser: Browser;
let shop: GuardedShop;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
  shop = await guardedShop(server);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const open = (page: Page, flag: string) => page.goto(`${server.url}/p/shop/flags/${flag}?env=production&tab=metrics`);
const panel = (page: Page) => page.getByRole("region", { name: "Guard in Production" });

test("a guard is set up in the page, says what it counts and by which numbers it stopped the flag, readable for everybody", async () => {
  await shop.flag("checkout");
  const { context, page } = await signedIn(browser, server, { bypassCSP: true });
  const errors = watchErrors(page);
  await open(page, "checkout");
  await panel(page).getByRole("button", { name: "Guard this flag" }).click();
  await panel(page).getByText("It counts as soon as").waitFor();
  // Only when the edge has learnt of the guard do events belong to it.
  await page.waitForTimeout(CHANGE_MS + SLACK_MS);
  await shop.report("checkout", 600, { on: 2, off: 2 });
  await panel(page)
    .getByText(/Seen: .*No regression so far/)
    .waitFor({ timeout: PATIENCE_MS });
  await shop.report("checkout", 600, { on: 60, off: 2 });
  const banner = panel(page).locator(".guard-breach");
  await banner.getByText("It stopped the flag").waitFor({ timeout: PATIENCE_MS });
  await expect
    .poll(() => banner.textContent())
    .toMatch(/errors: \d+ % of \d+ users with "on" failed, .* with the control/);
  await page.getByText("Killed").first().waitFor();
  expect(await flaws(page, "a stopped flag")).toEqual([]);
  await page.getByRole("button", { name: "Take the guard off" }).click();
  await page
    .getByRole("dialog", { name: "Take the guard off this flag?" })
    .getByRole("button", { name: "Take the guard off" })
    .click();
  await page.getByText("The guard is gone").waitFor();
  expect(errors).toEqual([]);
  await context.close();
});
