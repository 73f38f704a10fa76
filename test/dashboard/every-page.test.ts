import { createRequire } from "node:module";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

let server: Server;
let browser: Browser;
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** The preset's button says all there is to know. */
const CANARY = /^Canary/;
const PAGES: { path: string; ready: string; dialog?: string | RegExp }[] = [
  { path: "/p/demo/flags", ready: ".flag-state" },
  { path: "/p/demo/flags", ready: ".flag-state", dialog: "New flag" },
  { path: "/p/demo/flags", ready: ".flag-state", dialog: "Kill new-checkout…" },
  { path: "/p/demo/flags/express-pay?env=production", ready: ".rule", dialog: "Edit" },
  { path: "/p/demo/flags/new-checkout?env=production", ready: ".plan-preset", dialog: CANARY },
  { path: "/p/demo/flags/express-pay?env=production", ready: ".plan-now" },
  { path: "/p/demo/flags/express-pay?env=production", ready: ".plan-now", dialog: "Roll back…" },
  { path: "/p/demo/flags/shipping-price?env=production", ready: ".plan-preset" },
  { path: "/p/demo/flags/shipping-price?env=production", ready: ".rule", dialog: "Edit" },
  { path: "/p/demo/flags/shipping-price?env=production", ready: ".plan-preset", dialog: CANARY },
  { path: "/p/demo/playground", ready: ".result" },
  { path: "/p/demo/history", ready: ".history-row" },
  { path: "/p/demo/segments", ready: ".segment" },
  { path: "/p/demo/segments", ready: ".segment", dialog: "New segment" },
  { path: "/p/demo/delivery?env=production", ready: ".figure" },
  { path: "/p/demo/settings", ready: ".plain-list li" },
];

/** What sticks out of the window, from the outside in. */
const WIDEST = `[...document.querySelectorAll("main *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth)
  .slice(0, 12)
  .map((one) => one.tagName + "." + one.getAttribute("class"))
  .join(" ")`;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer({ env: { SEED: "" } }), launch()]);
  const plan = "/projects/demo/environments/production/flags/express-pay/plan";
  const stages = [{ audience: { share: 1_000 }, minimumSeconds: 3_600 }, { audience: { share: 100_000 } }];
  await server.admin(plan, { method: "PUT", body: { variant: "on", baseline: "off", stages } });
  expect((await server.admin(`${plan}/start`, { method: "POST", body: {} })).status).toBe(200);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

for (const width of [1280, 360]) {
  test(`no accessibility violation and no overflow on any page, light and dark, ${width} px`, async () => {
    // The page's own policy would refuse the checker's script.
    const { context, page } = await signedIn(browser, server, { bypassCSP: true, viewport: { width, height: 800 } });
    const found: string[] = [];
    for (const { path, ready, dialog } of PAGES) {
      await page.goto(server.url + path);
      await page.locator(ready).first().waitFor();
      if (dialog)
        await page
          .getByRole("button", { name: dialog, exact: typeof dialog === "string" })
          .first()
          .click();
      await page.addScriptTag({ path: AXE });
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        type Report = { violations: { id: string; nodes: { html: string }[] }[] };
        const { violations } = (await page.evaluate("globalThis.axe.run()")) as Report;
        const words = violations.map(
          ({ id, nodes }) => `${colorScheme} ${path} ${dialog ?? ""} ${id}: ${nodes[0]?.html}`,
        );
        found.push(...words);
      }
      const over = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      if (Number(over) > 0) found.push(`${path} is ${over} px too wide: ${await page.evaluate(WIDEST)}`);
    }
    expect(found).toEqual([]);
    await context.close();
  });
}

test("the sign-in page has no violation either", async () => {
  const page = await (await browser.newContext({ bypassCSP: true })).newPage();
  await page.goto(server.url);
  await page.getByLabel("Token").waitFor();
  await page.addScriptTag({ path: AXE });
  const { violations } = (await page.evaluate("globalThis.axe.run()")) as { violations: unknown[] };
  expect(violations).toEqual([]);
});

const HOSTILE = [
  "<script>globalThis.pwned = 1</script>",
  "<img src=x onerror=globalThis.pwned=1>",
  '"><svg onload=globalThis.pwned=1>',
  "javascript:globalThis.pwned=1",
  "{{constructor.constructor('globalThis.pwned=1')()}}",
  "</textarea><script>globalThis.pwned=1</script>",
];

test("text is only ever text: nothing typed anywhere runs", async () => {
  const all = HOSTILE.join(" ");
  const name = all.slice(0, 100);
  const put = async (route: string, body: unknown, method = "PUT") => {
    const answer = await server.admin(route, { method, body });
    expect(answer.status, `${route}: ${await answer.clone().text()}`).toBeLessThan(300);
  };
  await put("/projects/hostile", { name, environments: ["production"], comment: all });
  await put("/projects/hostile/environments/production", { name });
  await put("/projects/hostile/segments/s", {
    name,
    description: all,
    included: HOSTILE,
    when: { attribute: all.slice(0, 200), op: "equals", values: HOSTILE },
  });
  await put("/projects/hostile/flags/f", {
    type: "string",
    variants: { a: all, b: HOSTILE[1] },
    offVariant: "a",
    description: all,
    owner: name,
    tags: HOSTILE.map((text) => text.slice(0, 50)),
    comment: all,
  });
  await put("/projects/hostile/environments/production/flags/f", {
    enabled: true,
    comment: all,
    rules: [
      {
        id: "r",
        name,
        when: { all: [{ attribute: all.slice(0, 200), op: "in", values: HOSTILE }] },
        serve: { variant: "b" },
      },
    ],
  });
  await put("/projects/hostile/environments/production/flags/f/kill", { comment: all }, "POST");
  await put("/projects/hostile/environments/production/keys", { kind: "server", name }, "POST");
  await put("/tokens", { name, role: "viewer" }, "POST");

  const { context, page } = await signedIn(browser, server);
  const errors = watchErrors(page);
  for (const path of ["flags", "flags/f", "playground", "history", "segments", "settings"]) {
    await page.goto(`${server.url}/p/hostile/${path}?q=${encodeURIComponent(path === "flags" ? "pwned" : "")}`);
    await page.getByText("globalThis.pwned").first().waitFor({ state: "attached" });
    // From the last on: what is opened takes its button out of the list.
    const buttons = page.getByRole("button", { name: /^(Edit|What changed)$/ });
    for (let index = (await buttons.count()) - 1; index >= 0; index--) {
      await buttons.nth(index).click();
      if (await page.getByRole("dialog").count()) await page.keyboard.press("Escape");
    }
  }
  await page.goto(`${server.url}/p/hostile/flags?q=${encodeURIComponent(`${all} nowhere`)}`);
  await page.getByRole("heading", { name: /^Nothing matches/ }).waitFor();
  expect(await page.evaluate("globalThis.pwned")).toBeUndefined();
  expect(errors).toEqual([]);
  await context.close();
});

test("an empty project teaches, and a key is shown exactly once", async () => {
  await server.admin("/projects/fresh", { method: "PUT", body: { name: "Fresh" } });
  const { context, page } = await signedIn(browser, server);
  await page.goto(`${server.url}/p/fresh/flags`);
  await page.getByRole("heading", { name: "No flags yet" }).waitFor();
  await page.goto(`${server.url}/p/fresh/settings`);
  await page.getByLabel("New key for").fill("Order service");
  await page.getByRole("button", { name: "Make the key" }).click();
  const secret = await page.locator(".secret").textContent();
  expect(secret).toMatch(/^bds_fresh_production_/);
  await page.reload();
  await page.getByText("Order service").waitFor();
  expect(await page.content()).not.toContain(secret);
  await context.close();
});

test("5,000 flags are interactive within a second, and scrolling to the end finds the last", async () => {
  await server.admin("/projects/large", { method: "PUT", body: { name: "Large" } });
  const flag = (index: number) => ({
    type: "boolean",
    purpose: "release",
    variants: { on: true, off: false },
    offVariant: "off",
    description: `The flag of number ${index}`,
    owner: `team ${index % 40}`,
    tags: [`tag-${index % 25}`],
  });
  const keys = Array.from({ length: 5_000 }, (_, index) => `flag-${String(index).padStart(4, "0")}`);
  const document = {
    format: "blastdoor-export-1",
    project: "large",
    environments: { production: {} },
    flags: Object.fromEntries(keys.map((key, index) => [key, flag(index)])),
    states: {
      production: Object.fromEntries(keys.map((key) => [key, { enabled: true, fallthrough: { variant: "on" } }])),
    },
  };
  const made = await server.admin("/projects/large/import", { method: "POST", body: document });
  expect(made.status).toBe(200);
  const { context, page } = await signedIn(browser, server);
  await page.goto(`${server.url}/p/demo/flags`);
  await page.getByRole("link", { name: "new-checkout", exact: true }).waitFor();
  const answered = page.waitForResponse((response) => response.url().endsWith("/projects/large/flags"));
  await page.getByLabel("Project").selectOption("large");
  await (await answered).finished();
  const from = performance.now();
  await page.getByRole("link", { name: "flag-0000" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("number 4999");
  await page.getByRole("link", { name: "flag-4999" }).waitFor();
  const took = performance.now() - from;
  console.log(`5,000 flags: first row, search and its answer ${Math.round(took)} ms after the list arrived`);
  expect(took).toBeLessThan(1_500);
  await page.getByRole("searchbox").fill("");
  await page.getByRole("link", { name: "flag-0000" }).focus();
  await page.keyboard.press("End");
  await page.getByRole("link", { name: "flag-4999" }).waitFor();
  await expect.poll(() => page.locator("tbody .flag-row").count()).toBeLessThan(80);
  await context.close();
});
