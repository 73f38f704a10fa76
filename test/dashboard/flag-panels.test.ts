import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { demo } from "../openfeature/demo.ts";
import { type Server, startServer } from "../process/server.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

let server: Server;
let browser: Browser;
let page: Page;
let key: string;
let errors: string[];
const ROUTE = "/projects/demo/environments/production/flags/new-checkout";

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer({ env: { SEED: "" } }), launch()]);
  key = await (await demo(server)).key("server");
  ({ page } = await signedIn(browser, server, { timezoneId: "America/New_York" }));
  errors = watchErrors(page);
  page.on("dialog", (dialog) => dialog.accept());
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});
beforeEach(async () => {
  await page.goto(`${server.url}/p/demo/flags/new-checkout?env=production`);
  await page.locator('[data-rule="canary"]').waitFor();
});

const read = async <T>(route: string) => (await (await server.admin(route)).json()) as T;
const rules = () => page.locator(".rules .rule").evaluateAll((all) => all.map((one) => one.getAttribute("data-rule")));

test("rules change their order by dragging, and by the arrow keys, which stay where they were", async () => {
  const handle = (name: string) => page.getByRole("button", { name: new RegExp(`^${name} is rule`) });
  const from = await handle("Staff see it").boundingBox();
  const to = await page.locator('[data-rule="canary"]').boundingBox();
  if (!from || !to) throw new Error("nothing to drag");
  await page.mouse.move(from.x + 5, from.y + 5);
  await page.mouse.down();
  await page.mouse.move(from.x + 5, to.y + to.height - 5, { steps: 8 });
  await page.mouse.up();
  await expect.poll(rules).toEqual(["canary", "staff"]);
  await page.getByText("1 unsaved change").waitFor();
  await handle("Staff see it").focus();
  await page.keyboard.press("ArrowUp");
  await expect.poll(rules).toEqual(["staff", "canary"]);
  await expect.poll(() => handle("Staff see it").evaluate((element) => element === document.activeElement)).toBe(true);
  await page.getByText("unsaved").waitFor({ state: "detached" });
});

test("a rule is duplicated under another id", async () => {
  await page.getByRole("button", { name: "Duplicate Staff see it" }).click();
  await page.getByText("Staff see it (copy)").waitFor();
  expect((await rules()).length).toBe(3);
  await page.getByRole("button", { name: "Discard" }).click();
});

test("prerequisites are shown from both sides", async () => {
  await page.getByText(/^Needed by/).waitFor();
  await page.locator(".needed-by").getByRole("link", { name: "express-pay" }).click();
  await page.waitForURL(/flags\/express-pay/);
  await page.getByText("Only when").or(page.getByText("new-checkout serves")).first().waitFor();
});

test("a change is scheduled in a named zone, told and listed by its clocks, cancelled, and put back by Undo", async () => {
  await page.getByRole("button", { name: "Schedule a change…" }).click();
  const dialog = page.getByRole("dialog");
  await expect.poll(() => dialog.getByLabel("By the clocks of").inputValue()).toBe("America/New_York");
  await dialog.getByText("Switch off").click();
  await dialog.getByLabel("When").fill("2027-07-01T09:00");
  await dialog.getByLabel("By the clocks of").fill("Europe/Berlin");
  await dialog.getByLabel("Why? (for the history)").fill("The sale is over");
  await dialog.getByRole("button", { name: "Schedule" }).click();
  const rows = page.getByRole("region", { name: /^Scheduled in/ }).getByRole("listitem");
  await page.getByRole("status").getByText("Scheduled for 1 Jul 2027, 09:00 Europe/Berlin").waitFor();
  await rows.getByText("1 Jul 2027, 09:00 Europe/Berlin").waitFor();
  const { schedules } = await read<{ schedules: object[] }>(`${ROUTE}/schedules`);
  expect(schedules).toMatchObject([
    { at: "2027-07-01T07:00:00.000Z", patch: { enabled: false }, comment: "The sale is over", status: "pending" },
  ]);
  await page.getByRole("button", { name: "Cancel it" }).click();
  const cancelled = page.locator(".toast", { hasText: "The schedule is cancelled" });
  await cancelled.getByRole("button", { name: "Undo" }).click();
  await page.getByText("Scheduled again for 1 Jul 2027, 09:00 Europe/Berlin").waitFor();
  await page.getByRole("button", { name: "Cancel it" }).click();
  await cancelled.waitFor();
  await page.getByText("2 earlier").click();
  await page.getByText("Cancelled", { exact: true }).first().waitFor();
});

test("unsaved changes can wait for their time instead of being saved; a wrong zone is named", async () => {
  await page.locator('[data-rule="canary"]').getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByLabel("Share of on, in per cent").fill("50");
  await page.getByRole("button", { name: "Schedule a change…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("on 50 %, off 50 %").waitFor();
  await dialog.getByLabel("When").fill("2027-07-01T09:00");
  await dialog.getByLabel("By the clocks of").fill("Moon/Tranquility");
  await dialog.getByRole("button", { name: "Schedule" }).click();
  await dialog.getByRole("alert").waitFor();
  await dialog.getByLabel("By the clocks of").fill("UTC");
  await dialog.getByLabel("Apply anyway if somebody changes the same fields before then").check();
  await dialog.getByRole("button", { name: "Schedule" }).click();
  await page.getByRole("listitem").getByText("1 Jul 2027, 09:00 UTC").waitFor();
  await page.getByText("Replaces later changes").waitFor();
  await page.getByText("unsaved change").waitFor({ state: "detached" });
  type Made = { status: string; applyAnyway?: boolean; patch: { rules: { serve: unknown }[] } };
  const { schedules } = await read<{ schedules: Made[] }>(`${ROUTE}/schedules`);
  const pending = schedules.find(({ status }) => status === "pending");
  expect(pending?.patch.rules[1]?.serve).toMatchObject({ split: [{ variant: "on", weight: 50_000 }, {}] });
  expect(pending?.applyAnyway).toBe(true);
});

test("who would get it is shown before it is saved", async () => {
  await page.getByText("Who would get this?").click();
  await page.locator(".bars").waitFor();
  await page.locator('[data-rule="canary"]').getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByLabel("Share of on, in per cent").fill("60");
  const moved = page.getByText(/^\d+ of 1000 would get something else than now/);
  await moved.waitFor();
  const people = Number((await moved.textContent())?.split(" ")[0]);
  // Half of everybody moves from off to on; the holdout and the staff do not.
  expect(people).toBeGreaterThan(200);
  expect(people).toBeLessThan(600);
  await page.getByText("My own list").click();
  await page.getByLabel(/^One person a line/).fill('kim\n{ "targetingKey": "ada", "email": "ada@shop.example" }');
  await page.getByText("The people").click();
  await page.getByText('"email":"ada@shop.example"').last().waitFor();
  await page.getByLabel(/^One person a line/).fill("{ nonsense");
  await page.getByText(/^Line 1:/).waitFor();
  await page.getByRole("button", { name: "Discard" }).click();
});

test("a preview link carries a token that the evaluation honours, for any browser that brings it", async () => {
  await page.getByText("Preview in one browser").click();
  await page.getByLabel("On the page").fill("https://shop.example/cart?from=mail");
  await page.getByRole("button", { name: "Make the link" }).click();
  const link = new URL((await page.locator(".secret").textContent()) ?? "");
  expect(link.href).toMatch(/^https:\/\/shop\.example\/cart\?from=mail&blastdoorPreview=/);
  const asked = async (context: object) => {
    const response = await fetch(`${server.url}/ofrep/v1/evaluate/flags/new-checkout`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ context: { targetingKey: "stranger", country: "DE", ...context } }),
    });
    return response.json();
  };
  expect(await asked({ blastdoorPreview: link.searchParams.get("blastdoorPreview") })).toMatchObject({
    value: true,
    metadata: { preview: true },
  });
  expect(await asked({})).not.toMatchObject({ metadata: { preview: true } });
});

test("conditions suggest attributes and values that were seen", async () => {
  await page.getByRole("button", { name: "Add a rule" }).click();
  const rule = page.locator('[data-rule="rule-1"]');
  await rule.getByRole("button", { name: "Condition", exact: true }).click();
  const names = page.locator("#attributes option");
  await expect.poll(() => names.evaluateAll((all) => all.map((one) => one.getAttribute("value")))).toContain("email");
  await rule.getByLabel("Attribute").fill("edge.device");
  const list = await rule.getByLabel("Value", { exact: true }).getAttribute("list");
  const values = page.locator(`[id="${list}"] option`);
  await expect
    .poll(() => values.evaluateAll((all) => all.map((one) => one.getAttribute("value"))))
    .toEqual(["mobile", "tablet", "desktop"]);
  await page.getByRole("button", { name: "Discard" }).click();
});

test("a kill shows where it is in force as soon as somebody asks", async () => {
  await page.keyboard.press("k");
  const dialog = page.getByRole("dialog", { name: "Kill new-checkout?" });
  await dialog.getByText("express-pay").waitFor();
  const ask = () =>
    fetch(`${server.url}/ofrep/v1/evaluate/flags/new-checkout`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}` },
    });
  await ask();
  await page.keyboard.press("Enter");
  const seen = page.getByText(/^In force in \w+ after \d+\.\d s/);
  await expect
    .poll(async () => {
      await ask();
      return seen.count();
    })
    .toBe(1);
  const { last } = await read<{ last: { action: string; firstServed: { afterMs: number }[] } }>(
    "/projects/demo/environments/production/propagation",
  );
  expect(last.action).toBe("kill");
  const after = ((last.firstServed[0]?.afterMs ?? Number.NaN) / 1_000).toFixed(1);
  expect(await seen.textContent()).toContain(`after ${after} s`);
  await server.admin(`${ROUTE}/restore`, { method: "POST" });
});

test("no panel threw, and the content security policy refused nothing", () => {
  expect(errors).toEqual([]);
});
