import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];
const ROUTE = "/projects/demo/environments/production/flags/new-checkout";

interface State {
  enabled: boolean;
  version: number;
  rules: { id: string; name?: string; paused?: boolean; serve: { split?: { variant: string; weight: number }[] } }[];
}
const state = async () => (await (await server.admin(ROUTE)).json()) as State;
const patch = (body: unknown) => server.admin(ROUTE, { method: "PATCH", body });

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
beforeEach(async () => {
  await page.goto(`${server.url}/p/demo/flags/new-checkout?env=production`);
  await page.locator('[data-rule="canary"]').waitFor();
});

const openCanary = () =>
  page.locator('[data-rule="canary"]').getByRole("button", { name: "Edit", exact: true }).click();
const share = () => page.getByLabel("Share of on, in per cent");
const review = () => page.getByRole("button", { name: "Review and save" }).click();
const confirm = () => page.getByRole("dialog").getByRole("button", { name: /^Save/ }).click();

test("a rollout is typed to the thousandth, reviewed as words, and saved with its reason", async () => {
  await openCanary();
  await share().fill("2,5");
  await page.getByText("1 unsaved change").waitFor();
  await review();
  await page.getByRole("dialog").getByText("on 10 %, off 90 %").waitFor();
  await page.getByRole("dialog").getByText("on 2.5 %, off 97.5 %").waitFor();
  await page.keyboard.type("Too many errors");
  await page.keyboard.press("Enter");
  await page.getByText("Saved", { exact: true }).waitFor();
  const { rules } = await state();
  expect(rules[1]?.serve.split).toEqual([
    { variant: "on", weight: 2_500 },
    { variant: "off", weight: 97_500 },
  ]);
  const audit = await (await server.admin("/projects/demo/audit?after=4")).json();
  expect(JSON.stringify(audit)).toContain("Too many errors");
  await patch({
    rules: [
      rules[0],
      {
        ...rules[1],
        serve: {
          split: [
            { variant: "on", weight: 10_000 },
            { variant: "off", weight: 90_000 },
          ],
        },
      },
    ],
  });
});

test("below 5 % the slider moves in tenths", async () => {
  await openCanary();
  await share().fill("1");
  await page.getByRole("slider", { name: "Share of on" }).focus();
  await page.keyboard.press("ArrowRight");
  await expect.poll(() => share().inputValue()).toBe("1.1");
  await page.getByRole("button", { name: "Discard" }).click();
});

test("a rule is added, given a condition, moved and paused by keyboard and pointer", async () => {
  await page.getByRole("button", { name: "Add a rule" }).click();
  const rule = page.locator('[data-rule="rule-1"]');
  await rule.getByRole("button", { name: "Condition", exact: true }).click();
  await rule.getByLabel("Attribute").fill("country");
  await rule.getByLabel("Comparison").selectOption("in");
  await rule.getByLabel("Value", { exact: true }).fill("DE");
  await page.keyboard.press("Enter");
  await rule.getByLabel("Value", { exact: true }).fill("AT");
  await page.keyboard.press("Enter");
  await rule.getByText("country is one of “DE” or “AT”").waitFor();
  await rule.getByRole("button", { name: "Move rule-1 up" }).focus();
  await page.keyboard.press("Enter");
  await rule.getByRole("button", { name: "Pause rule-1" }).click();
  await review();
  await confirm();
  await page.getByText("Saved", { exact: true }).waitFor();
  const { rules } = await state();
  expect(rules.map(({ id }) => id)).toEqual(["staff", "rule-1", "canary"]);
  expect(rules[1]).toMatchObject({
    paused: true,
    when: { all: [{ attribute: "country", op: "in", values: ["DE", "AT"] }] },
  });
});

test("a lost race shows both sides and keeps what was typed", async () => {
  // Live updates would notice first: this one is about the moment before they do.
  await page.route("**/api/v1/projects/demo", (route) => route.abort());
  await openCanary();
  await share().fill("40");
  const { rules } = await state();
  const theirs = rules.map((rule) => (rule.id === "canary" ? { ...rule, name: "Their name" } : rule));
  await patch({ rules: theirs, enabled: false });
  await review();
  await confirm();
  const dialog = page.getByRole("dialog", { name: "Somebody else changed this meanwhile" });
  await dialog.getByText("on 40 %, off 60 %").waitFor();
  await dialog.getByText("Their name").waitFor();
  await dialog.getByRole("button", { name: "Go on to review" }).click();
  await confirm();
  await page.getByText("Saved", { exact: true }).waitFor();
  const now = await state();
  // Mine where both changed it; theirs where only they did.
  expect(now.rules.at(-1)?.serve.split?.[0]).toEqual({ variant: "on", weight: 40_000 });
  expect(now.enabled).toBe(false);
  await page.unroute("**/api/v1/projects/demo");
  await patch({ rules: [rules[0], { ...rules.at(-1) }], enabled: true });
});

test("changes that do not touch each other are both kept, live", async () => {
  await openCanary();
  await share().fill("55");
  await patch({ killVariant: "on" });
  await expect.poll(() => page.getByLabel("While killed, everybody gets").inputValue()).toBe("on");
  expect(await share().inputValue()).toBe("55");
  await page.getByText("1 unsaved change").waitFor();
  await page.getByRole("button", { name: "Discard" }).click();
});

test("a session that ends in mid-edit costs a sign-in, and nothing typed", async () => {
  await openCanary();
  await share().fill("33");
  // Live updates may notice first: this one is about a save that does.
  const reads = "**/api/v1/**";
  await page.route(reads, (route) => {
    const request = route.request();
    return request.method() === "GET" || request.url().endsWith("/reach") ? route.abort() : route.continue();
  });
  await page.context().clearCookies();
  await review();
  await page.keyboard.type("After lunch");
  await confirm();
  const dialog = page.getByRole("dialog", { name: "Your session has ended" });
  await dialog.waitFor();
  await page.unroute(reads);
  await dialog.getByLabel("Token").fill(server.adminToken);
  await page.keyboard.press("Enter");
  await page.getByText("Saved", { exact: true }).waitFor();
  expect((await state()).rules.at(-1)?.serve.split?.[0]).toEqual({ variant: "on", weight: 33_000 });
  const { rules } = await state();
  const split = [
    { variant: "on", weight: 10_000 },
    { variant: "off", weight: 90_000 },
  ];
  await patch({ rules: [rules[0], { ...rules.at(-1), serve: { split } }] });
});

test("a server that is gone in mid-save says so and keeps the edit", async () => {
  await openCanary();
  await share().fill("12");
  await page.route("**/environments/production/flags/new-checkout", (route) => route.abort());
  await review();
  await confirm();
  await page.getByText("The server cannot be reached").first().waitFor();
  await page.unroute("**/environments/production/flags/new-checkout");
  await confirm();
  await page.getByText("Saved", { exact: true }).waitFor();
  expect((await state()).rules.at(-1)?.serve.split?.[0]).toEqual({ variant: "on", weight: 12_000 });
  await page.keyboard.press("Escape");
  const { rules } = await state();
  const split = [
    { variant: "on", weight: 10_000 },
    { variant: "off", weight: 90_000 },
  ];
  await patch({ rules: [rules[0], { ...rules.at(-1), serve: { split } }] });
});

test("a state is copied to another environment as changes to review", async () => {
  await page.getByLabel("Copy the state of Production to").selectOption("staging");
  await page.waitForURL(/env=staging/);
  await review();
  const dialog = page.getByRole("dialog", { name: "Review your changes" });
  await dialog.getByRole("heading", { name: "Staging" }).waitFor();
  await dialog.getByText("Rule “Staff see it” added").waitFor();
  await confirm();
  await page.getByText("Saved", { exact: true }).waitFor();
  const staging = await (await server.admin("/projects/demo/environments/staging/flags/new-checkout")).json();
  expect((staging as State).rules.map(({ id }) => id)).toEqual(["staff", "canary"]);
});

test("the history tells it in sentences and goes back after showing what would change", async () => {
  await page.goto(`${server.url}/p/demo/history`);
  const newest = page.locator(".history-row").first();
  await newest.getByText("Administrator changed new-checkout in Staging").waitFor();
  await newest.getByRole("button", { name: "Revert the project to before this…" }).click();
  await page.getByRole("dialog").getByText("Rule “Staff see it” removed").waitFor();
  await page.keyboard.press("Enter");
  await page.getByText(/^Everything is as it was at revision/).waitFor();
  const staging = await (await server.admin("/projects/demo/environments/staging/flags/new-checkout")).json();
  expect((staging as State).rules).toEqual([]);
});

test("each tab has an address and is reached by the arrow keys; an anchor of earlier addresses opens its tab", async () => {
  const at = `${server.url}/p/demo/flags/new-checkout`;
  const selected = (name: string) => page.getByRole("tab", { name, selected: true });
  await page.goto(`${at}?env=production&tab=release`);
  await page
    .getByRole("tabpanel", { name: "Release" })
    .getByRole("heading", { name: /^Release plan/ })
    .waitFor();
  await selected("Release").press("ArrowRight");
  await page.waitForURL(/tab=metrics/);
  await selected("Metrics").press("Home");
  await selected("Targeting").waitFor();
  await expect.poll(() => page.url()).not.toContain("tab=");
  await page.goto(`${at}?env=production#triggers`);
  await selected("Settings").waitFor();
  await page.getByRole("heading", { name: "About this flag" }).waitFor();
  const status = page.getByRole("list", { name: "Status in Production" });
  expect(await status.getByRole("listitem").allTextContents()).toEqual([
    expect.stringMatching(/^State≈ 9\.8 % of users/),
    "PlanNone",
    "Next scheduleNone",
    "GuardNone",
    "Last evaluatedNever",
  ]);
  await page.getByRole("tab", { name: "History" }).click();
  await page.locator(".history-row").first().waitFor();
});

test("Ctrl K goes anywhere", async () => {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Flag, page or action" }).fill("shipping");
  await page.keyboard.press("Enter");
  await page.waitForURL(/flags\/shipping-price/);
});

test("nothing threw", () => {
  expect(errors).toEqual([]);
});
