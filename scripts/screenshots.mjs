import { mkdirSync } from "node:fs";
import path from "node:path";
import chromium from "@sparticuz/chromium";
import { chromium as playwright } from "playwright-core";
import { startRelease } from "./release-picture.mjs";

// Pictures of the dashboard from a running server with the demo project:
//   URL=http://127.0.0.1:8787 ADMIN_TOKEN=… node scripts/screenshots.mjs                  the ones in docs/dashboard.md
//   URL=http://127.0.0.1:8787 ADMIN_TOKEN=… node scripts/screenshots.mjs FOLDER [NAME…]   all, or these, in every window

const url = process.env.URL ?? "http://127.0.0.1:8787";
const token = process.env.ADMIN_TOKEN ?? "";
const [folder = "docs/screenshots", ...only] = process.argv.slice(2);
/** What the docs show. Others are for contributors to the dashboard. */
const IN_DOCS = [
  "flags-light",
  "flags-dark",
  "flags-phone",
  "flag-light",
  "flag-phone",
  "kill-light",
  "review-light",
  "who-light",
  "compare-dark",
  "kill-many-light",
  "playground-light",
];
const isWanted = (/** @type {string} */ what, /** @type {string} */ window) =>
  process.argv.length < 3 ? IN_DOCS.includes(`${what}-${window}`) : only.length === 0 || only.includes(what);
mkdirSync(folder, { recursive: true });

/** Scrolls to the release plan, beneath the header. */
const TO_PLAN = 'scrollTo(0, document.querySelector(".plan").getBoundingClientRect().top + scrollY - 72)';
/** @type {Promise<void> | undefined} */
let started;

/** @typedef {import("playwright-core").Page} Page */
/** @type {Record<string, (page: Page) => Promise<unknown>>} */
const PAGES = {
  flags: (page) => page.goto(`${url}/p/demo/flags`),
  kill: async (page) => {
    await page.goto(`${url}/p/demo/flags`);
    await page.getByRole("button", { name: "Kill new-checkout…" }).click();
  },
  create: async (page) => {
    await page.goto(`${url}/p/demo/flags`);
    await page.getByRole("button", { name: "New flag" }).click();
  },
  flag: (page) => page.goto(`${url}/p/demo/flags/new-checkout?env=production`),
  edit: async (page) => {
    await page.goto(`${url}/p/demo/flags/express-pay?env=production`);
    await page.getByRole("button", { name: "Edit", exact: true }).first().click();
  },
  review: async (page) => {
    await page.goto(`${url}/p/demo/flags/new-checkout?env=production`);
    await page.locator('[data-rule="canary"]').getByRole("button", { name: "Edit", exact: true }).click();
    await page.getByLabel("Share of on, in per cent").fill("25");
    await page.getByRole("button", { name: "Review and save" }).click();
  },
  rollout: async (page) => {
    await page.goto(`${url}/p/demo/flags/shipping-price?env=production`);
    await page.getByRole("button", { name: "Edit", exact: true }).first().click();
    await page.getByLabel("Share of lower, in per cent").fill("2.5");
    await page.getByText("People keep their variant by").first().scrollIntoViewIfNeeded();
  },
  "plan-edit": async (page) => {
    await page.goto(`${url}/p/demo/flags/shipping-price?env=production&tab=release`);
    const plan = page.locator(".plan");
    await plan.getByRole("button", { name: /^Canary/ }).click();
    await page.evaluate(TO_PLAN);
  },
  "plan-notices": async (page) => {
    await page.goto(`${url}/p/demo/flags/shipping-price?env=production&tab=release`);
    const plan = page.locator(".plan");
    await plan.getByRole("button", { name: /^Canary/ }).click();
    await plan.getByText("What would each stage notice?").click();
    await plan.locator(".detection-table").scrollIntoViewIfNeeded();
  },
  "plan-running": async (page) => {
    started ??= startRelease({ url, token });
    await started;
    await page.goto(`${url}/p/demo/flags/new-checkout?env=production&tab=metrics`);
    await page.locator(".guard-tile").first().waitFor();
  },
  "plan-waits": async (page) => {
    await page.goto(`${url}/p/demo/flags/new-checkout?env=production&tab=release`);
    await page.locator(".plan-now").waitFor();
    await page.evaluate(TO_PLAN);
  },
  commands: async (page) => {
    await page.goto(`${url}/p/demo/flags`);
    await page.getByRole("link", { name: "new-checkout", exact: true }).waitFor();
    await page.keyboard.press("Control+k");
    await page.keyboard.type("check");
  },
  playground: async (page) => {
    await page.goto(`${url}/p/demo/playground?env=production`);
    await page.locator(".result").first().click();
  },
  who: async (page) => {
    await page.goto(`${url}/p/demo/flags/new-checkout?env=production`);
    await page.locator('[data-rule="canary"]').getByRole("button", { name: "Edit", exact: true }).click();
    await page.getByLabel("Share of on, in per cent").fill("25");
    await page.getByText("Who would get this?").click();
    await page.getByText(/would get something else/).waitFor();
    await page.locator(".bars").evaluate((bars) => bars.closest("details")?.scrollIntoView());
    await page.evaluate("scrollBy(0, -80)");
  },
  schedule: async (page) => {
    await page.goto(`${url}/p/demo/flags/new-checkout?env=production`);
    await page.getByRole("button", { name: "Schedule a change…" }).click();
  },
  compare: async (page) => {
    await page.goto(`${url}/p/demo/compare?from=staging&to=production`);
    await page.getByLabel("Promote express-pay").check();
    await page
      .locator(".difference", { hasText: "express-pay" })
      .getByText(/differences?$/)
      .click();
  },
  "kill-many": async (page) => {
    await page.goto(`${url}/p/demo/history?when=hour`);
    await page.getByRole("button", { name: "Kill some of these…" }).click();
  },
  ticked: async (page) => {
    await page.goto(`${url}/p/demo/flags`);
    await page.getByLabel("Tick new-checkout").check();
    await page.getByLabel("Tick gift-wrapping").check();
  },
  archived: (page) => page.goto(`${url}/p/demo/flags?archived=true`),
  history: (page) => page.goto(`${url}/p/demo/history`),
  resilience: async (page) => {
    await page.goto(`${url}/p/demo/resilience?env=production`);
    await page.locator(".finding").first().waitFor();
  },
  connect: async (page) => {
    await page.goto(`${url}/p/demo/flags/shipping-price?env=production`);
    await page.locator(".connect").waitFor();
    await page.locator("#connect").scrollIntoViewIfNeeded();
  },
  segments: (page) => page.goto(`${url}/p/demo/segments`),
  settings: (page) => page.goto(`${url}/p/demo/settings`),
  sessions: async (page) => {
    await page.goto(`${url}/p/demo/settings`);
    const session = page.locator("[data-session]").first();
    await session.waitFor();
    await session.evaluate((row) => row.closest("section")?.scrollIntoView());
    await page.evaluate("scrollBy(0, -80)");
  },
  tests: (page) => page.goto(`${url}/p/tents/tests`),
  "test-new": async (page) => {
    await page.goto(`${url}/p/tents/tests/new/fake-door`);
    await page.getByLabel("What would it be called?").fill("Tent rental");
  },
  "test-dark": async (page) => {
    await page.goto(`${url}/p/tents/tests/photo-search`);
    await page.getByRole("heading", { name: "Who sees it" }).waitFor();
  },
  "test-door": async (page) => {
    await page.goto(`${url}/p/tents/tests/gift-cards`);
    await page.getByRole("heading", { name: "Results" }).waitFor();
  },
  "test-page": async (page) => {
    await page.goto(`${url}/p/tents/tests/tent-adviser`);
    const onPage = page.locator("details", { has: page.getByRole("heading", { name: "On your page" }) });
    await onPage.waitFor();
    if ((await onPage.getAttribute("open")) === null) await onPage.locator("summary").click();
  },
  desk: async (page) => {
    await page.goto(`${url}/p/tents/desk`);
    await page.locator(".request").first().waitFor();
    const take = page.getByRole("button", { name: "Take it" });
    if ((await take.count()) === 0) return;
    await take.first().click();
    await page.getByLabel("Your answer").first().waitFor();
  },
};
const WINDOWS = [
  { name: "light", viewport: { width: 1280, height: 800 }, colorScheme: /** @type {const} */ ("light") },
  { name: "dark", viewport: { width: 1280, height: 800 }, colorScheme: /** @type {const} */ ("dark") },
  { name: "wide", viewport: { width: 3840, height: 2160 }, colorScheme: /** @type {const} */ ("light") },
  { name: "phone", viewport: { width: 360, height: 740 }, colorScheme: /** @type {const} */ ("light") },
];

const browser = await playwright.launch({
  executablePath: await chromium.executablePath(),
  args: ["--no-sandbox", "--disable-background-networking"],
});
try {
  for (const { name, ...options } of WINDOWS) {
    const context = await browser.newContext({ ...options, reducedMotion: "reduce" });
    await context.request.post(`${url}/api/v1/session`, { data: { token } });
    const page = await context.newPage();
    page.setDefaultTimeout(8_000);
    page.on("dialog", (dialog) => dialog.accept());
    page.on("pageerror", (error) => console.error(`${name}: ${error.stack}`));
    page.on("console", (message) => {
      if (message.type() === "error") console.error(`${name}: ${message.text()}`);
    });
    for (const [what, open] of Object.entries(PAGES)) {
      if (!isWanted(what, name)) continue;
      try {
        await open(page);
        // The answer desk keeps a request open all the time.
        await page.waitForLoadState("networkidle", { timeout: 2_000 }).catch(() => {});
        const wide = await /** @type {Promise<number>} */ (
          page.evaluate("document.documentElement.scrollWidth - innerWidth")
        );
        if (wide > 0) console.error(`${what}-${name} is ${wide} px wider than its window`);
        await page.screenshot({ path: path.join(folder, `${what}-${name}.png`) });
      } catch (error) {
        console.error(`${what}-${name}: ${error}`);
      }
    }
    await context.close();
  }
} finally {
  await browser.close();
}
