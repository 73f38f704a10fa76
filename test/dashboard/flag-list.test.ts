import { createRequire } from "node:module";
import chromium from "@sparticuz/chromium";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demo } from "../openfeature/demo.ts";
import { type Server, startServer } from "../process/server.ts";

let server: Server;
let browser: Browser;
let page: Page;
let key: string;

beforeAll(async () => {
  server = await startServer({ env: { SEED: "" } });
  key = await (await demo(server)).key("server");
  const args = [...chromium.args, "--no-sandbox", "--disable-background-networking"];
  browser = await playwright.launch({ executablePath: await chromium.executablePath(), args });
  page = await (await browser.newContext({ reducedMotion: "reduce" })).newPage();
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

test("the printed link signs in once, and leaves no code in the address", async () => {
  await page.goto(server.signInUrl);
  await page.getByRole("heading", { name: "Flags" }).waitFor();
  expect(page.url()).not.toContain("code=");
  const code = new URL(server.signInUrl).hash.split("code=")[1];
  const body = JSON.stringify({ code });
  const again = await fetch(`${server.url}/api/v1/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
  });
  expect(again.status).toBe(401);
});

test("a toggle in the list reaches the next evaluation", async () => {
  const toggle = page.getByRole("switch", { name: /^payments-queue in Development/ });
  expect(await toggle.getAttribute("aria-checked")).toBe("false");
  const saved = page.waitForResponse((response) => response.request().method() === "PATCH");
  await toggle.click();
  expect((await saved).status()).toBe(200);
  expect(await toggle.getAttribute("aria-checked")).toBe("true");
  const state = await server.admin("/projects/demo/environments/development/flags/payments-queue");
  expect(await state.json()).toMatchObject({ enabled: true });
});

test("a kill is one button and one confirmation away, and is in force at once", async () => {
  expect(await served("new-checkout")).toBe(true);
  await page.getByRole("button", { name: "Kill new-checkout…" }).click();
  const done = page.waitForResponse((response) => response.url().endsWith("/kill"));
  await page.getByRole("button", { name: /^Kill in Production/ }).click();
  expect((await done).status()).toBe(200);
  expect(await served("new-checkout")).toBe(false);
});

test("the list has no accessibility violations, light and dark, wide and at 360 px", async () => {
  const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
  // The page's own policy would refuse the checker's script.
  const context = await browser.newContext({
    bypassCSP: true,
    storageState: await page.context().storageState(),
    reducedMotion: "reduce",
  });
  const checked = await context.newPage();
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 360]) {
      await checked.emulateMedia({ colorScheme });
      await checked.setViewportSize({ width, height: 800 });
      await checked.goto(`${server.url}/p/demo/flags`);
      await checked.getByRole("switch").first().waitFor();
      await checked.addScriptTag({ path: axe });
      type Found = { violations: { id: string; nodes: { html: string }[] }[] };
      const found = (await checked.evaluate("globalThis.axe.run()")) as Found;
      expect(found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
  }
});
