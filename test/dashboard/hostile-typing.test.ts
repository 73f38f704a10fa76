import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];

/** Of fewer characters than the shortest field holds (100): a longer one would lose its end, and with it an attack. */
const HOSTILE = `"><img src=x onerror=globalThis.pwned=1><script>pwned=1</script>{{7*7}}javascript:pwned=1`;

/** Where text can be typed: a page, and what is pressed first to get at more fields. */
const PLACES: { path: string; ready: string; press?: (page: Page) => Promise<unknown> }[] = [
  { path: "flags", ready: ".flag-state" },
  {
    path: "flags",
    ready: ".flag-state",
    press: async (on) => {
      await on.getByRole("button", { name: "New flag" }).click();
      await on.getByRole("radio", { name: /^Text/ }).check();
    },
  },
  {
    path: "flags",
    ready: ".flag-state",
    press: (on) => on.getByRole("button", { name: "Kill new-checkout…" }).click(),
  },
  {
    path: "flags",
    ready: ".flag-state",
    press: async (on) => {
      await on.getByLabel("Tick style-advice").check();
      await on.getByRole("button", { name: "Archive…" }).click();
    },
  },
  {
    path: "flags/recommendations?env=production",
    ready: ".rule",
    press: async (on) => {
      await on.getByRole("button", { name: "Edit", exact: true }).first().click();
      await on.getByText("Who would get this?").click();
      await on.getByText("My own list").click();
      await on.getByText("Preview in one browser").click();
    },
  },
  {
    path: "flags/recommendations?env=production",
    ready: ".rule",
    press: (on) => on.getByRole("button", { name: "Schedule a change…" }).click(),
  },
  { path: "flags/recommendations?env=production&tab=settings", ready: ".definition" },
  { path: "flags/recommendations?env=production&tab=metrics", ready: "#flag-tab h2" },
  { path: "playground", ready: ".result" },
  { path: "history", ready: ".history-row" },
  { path: "segments", ready: ".segment", press: (on) => on.getByRole("button", { name: "New segment" }).click() },
  { path: "settings", ready: ".plain-list li" },
  {
    path: "settings",
    ready: "[data-client-key]",
    press: async (on) => {
      await on
        .getByRole("button", { name: /^Change what has to be signed/ })
        .first()
        .click();
      await on.getByRole("radio", { name: /^These attributes/ }).check();
    },
  },
  { path: "security-log", ready: ".history-row" },
];

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

test("whatever is typed into any text field of any page stays text, and breaks no page", async () => {
  let typed = 0;
  const altered: string[] = [];
  for (const { path, ready, press } of PLACES) {
    await page.goto(`${server.url}/p/demo/${path}`);
    await page.locator(ready).first().waitFor();
    await press?.(page);
    // An open dialog makes everything beneath it unreachable.
    const scope = (await page.getByRole("dialog").count()) > 0 ? page.getByRole("dialog") : page.locator("#page");
    const fields = scope.locator(
      'textarea, input:not([type]), input[type="text"], input[type="search"], input[type="url"], input[type="password"]',
    );
    for (let index = 0; index < (await fields.count()); index++) {
      const field = fields.nth(index);
      if (!(await field.isVisible()) || !(await field.isEnabled())) continue;
      await field.fill(HOSTILE);
      const value = await field.inputValue();
      if (value !== HOSTILE) altered.push(`${path}, field ${index}: ${value}`);
      await field.blur({ timeout: 1_000 }).catch(() => {});
      typed++;
    }
    await page.waitForTimeout(400);
    expect(await page.evaluate("globalThis.pwned"), path).toBeUndefined();
  }
  expect(altered).toEqual([]);
  expect(typed).toBeGreaterThan(35);
  expect(errors).toEqual([]);
});
