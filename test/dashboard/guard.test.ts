import { randomUUID } from "node:crypto";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { flaws } from "./accessibility.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

// What a person sees of a guard, with people who meet the release through the public API.

const FLAG = "/projects/shop/environments/production/flags/checkout";
let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];
let key: string;
let met = 0;

/** People ask for the flag and report how it went; `fails` says for whom of those with the release it fails. */
async function people(count: number, fails: boolean, metric?: string): Promise<void> {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const events = await Promise.all(
    Array.from({ length: count }, async () => {
      const unit = { targetingKey: `visitor-${++met}` };
      const asked = await fetch(`${server.url}/ofrep/v1/evaluate/flags/checkout`, {
        method: "POST",
        headers,
        body: JSON.stringify({ context: unit }),
      });
      const { variant, metadata } = (await asked.json()) as { variant: string; metadata?: { ruleId?: string } };
      const rule = metadata?.ruleId;
      const time = Date.now();
      return [
        { id: randomUUID(), type: "exposure", unit, time, flag: "checkout", variant, ...(rule ? { rule } : {}) },
        {
          id: randomUUID(),
          type: "outcome",
          unit,
          time,
          ok: !(fails && variant === "on"),
          ...(metric ? { metric } : {}),
        },
      ];
    }),
  );
  const body = JSON.stringify({ batchId: randomUUID(), sentAt: Date.now(), events: events.flat() });
  expect((await fetch(`${server.url}/v1/events`, { method: "POST", headers, body })).status).toBe(202);
}

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
  await server.admin("/projects/shop", { method: "PUT", body: { environments: ["production"] } });
  const flag = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  await server.admin("/projects/shop/flags/checkout", { method: "PUT", body: flag });
  const keys = "/projects/shop/environments/production/keys";
  const made = await server.admin(keys, { method: "POST", body: { kind: "server", name: "app" } });
  ({ key } = (await made.json()) as { key: string });
  const guards = [{ kind: "error", name: "errors", event: "outcome", tolerance: 0.25 }];
  const stages = [{ audience: { share: 50_000 }, minimumSeconds: 3_600, guards }];
  await server.admin(`${FLAG}/plan`, { method: "PUT", body: { variant: "on", baseline: "off", stages } });
  expect((await server.admin(`${FLAG}/plan/start`, { method: "POST", body: {} })).status).toBe(200);
  ({ page } = await signedIn(browser, server, { bypassCSP: true }));
  errors = watchErrors(page);
  await page.goto(`${server.url}/p/shop/flags/checkout?env=production&tab=metrics`);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const tile = () => page.locator(".guard-tile");
const openTab = (name: string) => page.getByRole("tab", { name }).click();

test("people who report under another name are an alarm with the snippet that mends it, on the plan, too", async () => {
  await people(40, false, "checkout");
  await tile().getByText("No data").waitFor();
  expect(await flaws(page, "a tile without data")).toEqual([]);
  await openTab("Release");
  const alarm = page.locator(".plan").getByRole("alert");
  await alarm.getByText(/No event "outcome" has arrived from any of \d+ exposed users/).waitFor();
  await alarm.getByText('telemetry.outcome("outcome", { targetingKey }').waitFor();
  await page.locator(".plan-waits").getByText('Waits: for the event "outcome" (errors)').waitFor();
  expect(await flaws(page, "silence")).toEqual([]);
  await openTab("Metrics");
});

test("a tile calls few users inconclusive and says how small a harm it would have seen", async () => {
  await people(100, false);
  await tile().getByText("Inconclusive").waitFor();
  await tile()
    .getByText(/^\d+ users with it, \d+ in the control/)
    .waitFor();
  await tile()
    .getByText(/would have been seen\.$/)
    .waitFor();
  expect(await tile().getByText("Healthy").count()).toBe(0);
  expect(await flaws(page, "health")).toEqual([]);
});

test("harm turns it red, the flag is killed, the plan halts, and the page says so", async () => {
  await people(60, true);
  await tile().getByText("Regression").waitFor();
  await page.locator(".kill-notes").getByText("Guard").waitFor();
  await openTab("Release");
  await page.locator(".plan").getByText("The flag was killed. Choose the stage").waitFor();
  const { kills } = (await (await server.admin(FLAG)).json()) as { kills: unknown[] };
  expect(kills).toHaveLength(1);
});

test("past the cap on automatic kills a banner asks, and one key answers", async () => {
  let approved = 0;
  await page.route("**/guards?flag=checkout", async (route) => {
    const answer = await route.fetch();
    const { guards } = (await answer.json()) as { guards: { watch: { state: string; reason: string } }[] };
    for (const { watch } of guards) {
      watch.state = approved > 0 ? "breached" : "waiting-for-approval";
      watch.reason = "errors: 100 % of 30 units";
    }
    await route.fulfill({ response: answer, json: { guards } });
  });
  await page.route("**/guard/approve", async (route) => {
    approved++;
    await route.fulfill({ json: { done: true } });
  });
  await page.goto(`${server.url}/p/shop/flags/checkout?env=production&tab=metrics`);
  const banner = page.getByRole("alert").filter({ hasText: "waits for you" });
  await banner.getByText("errors: 100 % of 30 units").waitFor();
  await page.keyboard.press("a");
  await banner.waitFor({ state: "detached" });
  expect(approved).toBe(1);
});

test("nothing threw", () => {
  expect(errors).toEqual([]);
});
