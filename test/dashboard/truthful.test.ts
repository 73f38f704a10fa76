import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { flaws } from "./accessibility.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

// What pages say of a flag is what evaluation does, and what was done can be undone.

let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];
const PRODUCTION = "/projects/shop/environments/production";

async function call<T = Record<string, unknown>>(method: string, route: string, body?: unknown): Promise<T> {
  const response = await server.admin(route, body === undefined ? { method } : { method, body });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return (response.status === 204 ? {} : await response.json()) as T;
}
const state = (flag: string) => call<{ enabled: boolean; fallthrough: object }>("GET", `${PRODUCTION}/flags/${flag}`);
const open = (flag: string, tab = "targeting") =>
  page.goto(`${server.url}/p/shop/flags/${flag}?env=production&tab=${tab}`);
const dialog = () => page.getByRole("dialog");
const split = (on: number) => ({
  split: [
    { variant: "on", weight: on },
    { variant: "off", weight: 100_000 - on },
  ],
});
const makeFlag = async (flag: string, its: object) => {
  await call("PUT", `/projects/shop/flags/${flag}`, {
    ...{ type: "boolean", variants: { on: true, off: false }, offVariant: "off" },
  });
  await call("PUT", `${PRODUCTION}/flags/${flag}`, its);
};

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
  await call("PUT", "/projects/shop", { name: "Shop", environments: ["staging", "production"] });
  await call("PUT", "/projects/shop/segments/staff", { included: ["ada"] });
  await call("PUT", "/projects/shop/layers/half", {});
  const rules = [{ id: "staff", when: { segment: "staff" }, serve: { variant: "on" } }];
  await makeFlag("narrowed", {
    enabled: true,
    layer: { layer: "half", from: 0, to: 50_000 },
    rules,
    fallthrough: split(40_000),
  });
  await makeFlag("draft", { enabled: false, fallthrough: { variant: "on" } });
  ({ page } = await signedIn(browser, server, { bypassCSP: true }));
  errors = watchErrors(page);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("one reach stands in the list, on the page, in the dialog and over a crowd, with how it was reckoned", async () => {
  await page.goto(`${server.url}/p/shop/flags?env=production`);
  await page.getByRole("switch", { name: "narrowed in production: ≈ 20 % of users + staff" }).waitFor();
  await open("narrowed");
  await page.getByRole("switch", { name: "narrowed in production: ≈ 20 % of users + staff" }).waitFor();
  await page.getByText("Who would get this?").click();
  const note = page.locator(".reach-note").first();
  await note.getByText("It reaches about 20 % of users: staff and 20 % of everyone else.").waitFor();
  await note.getByText("How this is reckoned").click();
  await note.getByText("50 % of everyone else get off: they are outside this flag's part of the layer half.").waitFor();
  await note.getByText("Rule 1: 50 % of users in staff. How many these are is not known.").waitFor();
  expect(await page.locator(".bar-figure").allTextContents()).not.toContainEqual(expect.stringMatching(/%/));
});

test("switching off in production asks, is done, and is undone from the toast", async () => {
  await open("narrowed");
  await page.getByRole("switch", { name: /^narrowed in production/i }).click();
  await dialog().getByText("Everyone gets off, at once. Its rules stay as they are.").waitFor();
  expect(await flaws(page, "switching off")).toEqual([]);
  expect((await state("narrowed")).enabled).toBe(true);
  await dialog()
    .getByRole("button", { name: /^Switch off in/ })
    .click();
  await page.getByText("narrowed is switched off in production").waitFor();
  expect((await state("narrowed")).enabled).toBe(false);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect.poll(async () => (await state("narrowed")).enabled).toBe(true);
});

test("with unsaved changes the switch is one of them, and the review says whom both together reach", async () => {
  await open("draft");
  await page.getByRole("button", { name: "Add a rule" }).click();
  await page.getByText("1 unsaved change").waitFor();
  await page.getByRole("switch", { name: /^draft in production/i }).click();
  expect(await dialog().count()).toBe(0);
  await page.getByRole("switch", { name: "draft in production: On, unsaved" }).waitFor();
  await page.getByText("2 unsaved changes").waitFor();
  expect((await state("draft")).enabled).toBe(false);
  await page.getByRole("button", { name: "Review and save" }).click();
  await dialog().getByText("It reaches everyone.").waitFor();
  await dialog().getByRole("button", { name: /^Save/ }).click();
  await page.getByText("Saved", { exact: true }).waitFor();
  expect((await state("draft")).enabled).toBe(true);
});

test("a saved change is undone alone: what others changed since stays", async () => {
  const before = await state("draft");
  await page.getByRole("button", { name: "Add a rule" }).click();
  await page.getByRole("button", { name: "Review and save" }).click();
  await dialog().getByRole("button", { name: /^Save/ }).click();
  // The toast of the test before may still be there: only a closed dialog says that this change is saved.
  await dialog().waitFor({ state: "detached" });
  await page.getByText("Saved", { exact: true }).last().waitFor();
  await call("PATCH", `${PRODUCTION}/flags/draft`, { killVariant: "on" });
  await page.getByRole("button", { name: "Undo" }).last().click();
  await page.getByText("Undone").waitFor();
  const after = (await state("draft")) as { rules?: unknown[]; killVariant?: string };
  expect(after.rules).toEqual((before as { rules?: unknown[] }).rules);
  expect(after.killVariant).toBe("on");
});

test("a flag has its own history, in which it alone is put back", async () => {
  await open("draft");
  await page.locator(".flag-menu").getByRole("link", { name: "History" }).click();
  await page.waitForURL(/history\?flag=draft/);
  const newest = page.locator(".history-row").first();
  await newest.getByRole("button", { name: "Revert draft to before this…" }).waitFor();
  expect(await page.getByRole("button", { name: /Revert the project/ }).count()).toBe(0);
  await newest.getByRole("button", { name: "Undo this change…" }).click();
  await dialog().getByText("Everything that was changed since stays.").waitFor();
  expect(await flaws(page, "undoing a change")).toEqual([]);
  await page.keyboard.press("Escape");
});

test("a number that is none is refused in words, and what exists already is called that", async () => {
  await page.goto(`${server.url}/p/shop/settings`);
  await page.getByLabel("Budget for a month (empty: none)").fill("1.5");
  await page.getByRole("button", { name: "Set the budget" }).click();
  await page.getByText('"1.5" is no whole number').waitFor();
  expect(await call("GET", "/projects/shop/budget")).toMatchObject({ evaluationsPerMonth: null });
  await page.getByLabel("New environment").fill("Staging");
  await page.getByRole("button", { name: "Make it" }).click();
  await page.getByText('There is already the environment "staging"').waitFor();
  expect(await page.getByText("Somebody else changed").count()).toBe(0);
});

test("the field for a metric's event lists what is received, and warns of what is not", async () => {
  const { key } = await call<{ key: string }>("POST", `${PRODUCTION}/keys`, { kind: "server", name: "api" });
  const events = Array.from({ length: 12 }, (_, n) => ({
    ...{ id: crypto.randomUUID(), type: "outcome", metric: "checkout", ok: true, time: Date.now() },
    unit: { targetingKey: `u${n}` },
  }));
  const sent = await fetch(`${server.url}/v1/events`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify({ batchId: crypto.randomUUID(), events }),
  });
  expect(sent.status).toBe(202);
  await open("draft", "release");
  const plan = page.locator(".plan");
  await plan.getByRole("button", { name: /^Canary/ }).click();
  const field = plan.getByLabel("Metric event");
  expect(await field.inputValue()).toBe("outcome");
  await plan.getByText('"outcome" was not received in the last 24 hours.').waitFor();
  await plan.getByText("How to send it").click();
  await plan.getByText('telemetry.outcome("outcome"').waitFor();
  expect(await flaws(page, "the event field")).toEqual([]);
  await plan.getByRole("button", { name: "Use checkout (12)" }).click();
  await plan.getByText("12 received in the last 24 hours.").waitFor();
  await plan.getByRole("button", { name: "Save the plan" }).click();
  await plan.getByRole("button", { name: "Start…" }).waitFor();
  const { stages } = await call<{ stages: { guards: { event: string }[] }[] }>("GET", `${PRODUCTION}/flags/draft/plan`);
  const listened = stages.flatMap(({ guards }) => guards.map(({ event }) => event));
  expect(new Set(listened)).toEqual(new Set(["checkout"]));
  await open("draft", "metrics");
  const alone = page.getByRole("region", { name: "Guard in production" });
  expect(await alone.getByLabel("Metric event").inputValue()).toBe("outcome");
});

test("a segment in use is reviewed with what uses it, and is not deleted without its name", async () => {
  await page.goto(`${server.url}/p/shop/segments`);
  await page.locator(".segment", { hasText: "staff" }).getByRole("button", { name: "Edit" }).click();
  await dialog().getByLabel("Always in it, one a line").fill("ada\nkim");
  await dialog().getByRole("button", { name: "Review and save" }).click();
  await dialog().getByText("flag narrowed in production").waitFor();
  expect(await flaws(page, "the review of a segment")).toEqual([]);
  const included = async () => (await call<{ included: string[] }>("GET", "/projects/shop/segments/staff")).included;
  expect(await included()).toEqual(["ada"]);
  await dialog().getByRole("button", { name: /^Save/ }).click();
  await page.getByText("The segment staff is saved").waitFor();
  expect(await included()).toEqual(["ada", "kim"]);
  await page.getByRole("button", { name: "Undo" }).last().click();
  await expect.poll(included).toEqual(["ada"]);
  await page.locator(".segment", { hasText: "staff" }).getByRole("button", { name: "Edit" }).click();
  await dialog().getByRole("button", { name: "Delete", exact: true }).click();
  const sure = page.getByRole("dialog", { name: "Delete the segment staff?" });
  await sure.getByText("flag narrowed in production").waitFor();
  expect(await sure.getByRole("button", { name: "Delete the segment" }).isDisabled()).toBe(true);
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
});

test("single keys rest once they are switched off, and the focus stays on the page when what had it is gone", async () => {
  await page.goto(`${server.url}/p/shop/flags?env=production`);
  await page.getByRole("button", { name: /^Signed in as/ }).click();
  await page.getByRole("button", { name: "Keyboard shortcuts…" }).click();
  await dialog().getByLabel("Single keys act on the page").uncheck();
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "draft", exact: true }).focus();
  await page.keyboard.press("k");
  await page.waitForTimeout(300);
  expect(await dialog().count()).toBe(0);
  await page.getByRole("button", { name: /^Signed in as/ }).click();
  await page.getByRole("button", { name: "Keyboard shortcuts…" }).click();
  await dialog().getByLabel("Single keys act on the page").check();
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "draft", exact: true }).focus();
  await page.keyboard.press("k");
  await page.getByRole("dialog", { name: "Kill draft?" }).waitFor();
  await page.keyboard.press("Escape");
  await open("draft");
  await page.getByRole("button", { name: "Add a rule" }).click();
  await page.getByRole("button", { name: "Discard" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Discard" }).waitFor({ state: "detached" });
  await expect.poll(() => page.evaluate("document.activeElement === document.body")).toBe(false);
});

test("nothing threw", () => {
  expect(errors).toEqual([]);
});
