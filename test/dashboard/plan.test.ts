import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

// A release from the choice of a preset to its roll-back, as a person makes it.

let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];
const FLAG = "/projects/demo/environments/production/flags/new-checkout";

interface Plan {
  version: number;
  stages: { audience: object; minimumSeconds: number; guards: { name: string; tolerance: number }[] }[];
  run: { status: string; stage: number; steps: { what: string; comment?: string }[] };
}
const plan = async () => (await (await server.admin(`${FLAG}/plan`)).json()) as Plan;
const panel = () => page.locator(".plan");
const press = (name: string | RegExp) => panel().getByRole("button", { name }).click();
const confirm = (name: string | RegExp) => page.getByRole("dialog").getByRole("button", { name }).click();

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer({ env: { SEED: "" } }), launch()]);
  ({ page } = await signedIn(browser, server));
  errors = watchErrors(page);
  await page.goto(`${server.url}/p/demo/flags/new-checkout?env=production&tab=release`);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("what is typed key by key comes out as typed: fractions that are inexact, hours that were a day on the way", async () => {
  await press(/^Canary/);
  const type = async (label: string, text: string) => {
    const box = panel().getByLabel(label, { exact: true });
    await box.fill("");
    await box.pressSequentially(text);
    await box.blur();
    await expect.poll(() => box.inputValue()).toBe(text.replace(",", "."));
  };
  await panel().getByLabel("fewer users convert").check();
  await type("Tolerated change of conversion, in per cent", "7,5");
  await panel().getByLabel("Unit of the least time of stage 2").selectOption("hours");
  await type("Least time of stage 2", "240");
  expect(await panel().getByLabel("Unit of the least time of stage 2").inputValue()).toBe("hours");
  await page.reload();
});

test("a preset is chosen, edited in plain words, and saved without anything going live", async () => {
  await press(/^Canary/);
  await panel().getByLabel("Share of stage 2, in per cent").fill("2,5");
  await panel().getByLabel("Least time of stage 2", { exact: true }).fill("2");
  await panel().getByLabel("Unit of the least time of stage 2").selectOption("hours");
  await panel().getByLabel("fewer users convert").check();
  await panel().getByLabel("Tolerated change of conversion, in per cent").fill("3");
  const before = (await (await server.admin(FLAG)).json()) as object;
  await press("Save the plan");
  await panel().getByRole("button", { name: "Start…" }).waitFor();
  const { stages } = await plan();
  expect(stages.map(({ audience }) => audience)).toEqual([
    { segment: "staff" },
    { share: 2_500 },
    { share: 10_000 },
    { share: 50_000 },
    { share: 100_000 },
  ]);
  expect(stages[1]?.minimumSeconds).toBe(7_200);
  expect(stages[1]?.guards.find(({ name }) => name === "conversion")?.tolerance).toBe(0.03);
  expect(stages[0]?.guards).toEqual([]);
  expect(await (await server.admin(FLAG)).json()).toEqual(before);
});

test("without traffic the calculator says that it guesses", async () => {
  await panel().getByText("What would each stage notice?").click();
  await panel().getByText("No traffic is known: no server has reported").waitFor();
  await expect.poll(() => panel().getByLabel("New people per hour").inputValue()).toBe("1000");
});

test("what each stage would notice follows the traffic that is typed", async () => {
  const cell = panel().locator(".detection-table tbody tr").first().locator("td").first();
  await panel().getByLabel("New people per hour").fill("1000");
  const slow = await cell.textContent();
  await panel().getByLabel("New people per hour").fill("100000");
  await expect.poll(() => cell.textContent()).not.toBe(slow);
  await expect.poll(() => cell.textContent()).toMatch(/^[\d,]+ people, .*minutes/);
});

/** So many people, whom a server tells to have been served this flag. */
async function served(flag: string, people: number): Promise<void> {
  const keys = "/projects/demo/environments/production/keys";
  const made = await server.admin(keys, { method: "POST", body: { kind: "server", name: flag } });
  const { key } = (await made.json()) as { key: string };
  const events = Array.from({ length: people }, (_, n) => ({
    id: crypto.randomUUID(),
    type: "exposure",
    unit: { targetingKey: `${flag}-${n}` },
    time: Date.now(),
    flag,
    variant: "off",
  }));
  const answer = await fetch(`${server.url}/v1/events`, {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify({ batchId: crypto.randomUUID(), events }),
  });
  expect(await answer.json()).toMatchObject({ accepted: people });
}

test("the calculator takes the traffic that was measured, of the environment or of the flag, and still what is typed", async () => {
  const open = async () => {
    await page.goto(`${server.url}/p/demo/flags/new-checkout?env=production&tab=release`);
    await panel().getByText("What would each stage notice?").click();
  };
  const box = panel().getByLabel("New people per hour");
  await served("payments-queue", 30);
  await open();
  await panel().getByText("everybody whom your servers served any flag here").waitFor();
  expect(Number(await box.inputValue())).toBeGreaterThan(0);
  await served("new-checkout", 5);
  await open();
  await panel()
    .getByText(/^About [\d,]+ people an hour, measured over the last .*people whom your servers served this flag/)
    .waitFor();
  const measured = await box.inputValue();
  expect(Number(measured)).toBeGreaterThan(0);
  expect(Number(measured)).toBeLessThanOrEqual(300);
  await box.fill("5000");
  await panel().getByRole("button", { name: "Take what was measured" }).click();
  await expect.poll(() => box.inputValue()).toBe(measured);
});

test("a start offers no stage that would take the variant from people, and says whom the others reach", async () => {
  await press("Start…");
  // The flag is live for 10 % already, less those of the holdout.
  const first = page.getByLabel("Begin with");
  expect(await first.locator("option:disabled").allTextContents()).toEqual([
    "1. Staff: more users have it already",
    "2. 2.5 %: more users have it already",
  ]);
  expect(await first.inputValue()).toBe("2");
  await page
    .getByRole("dialog")
    .getByText("It reaches about 9.8 % of users: staff and 9.8 % of everyone else.")
    .waitFor();
  await page.getByRole("dialog").getByText("The segment staff and 10 % of everybody else get on").waitFor();
  await page.getByLabel("Why? (for the history)").fill("Release day");
  await page.keyboard.press("Enter");
  await panel().getByText("Running", { exact: true }).waitFor();
  await panel().getByText("At least 30 minutes more").waitFor();
  expect((await plan()).run).toMatchObject({ stage: 2, steps: [{ what: "started", comment: "Release day" }] });
});

test("it is paused, resumed and taken on by keyboard, each after saying what goes live for whom", async () => {
  await panel().getByRole("button", { name: "Pause…" }).focus();
  await page.keyboard.press("Enter");
  await page
    .getByRole("dialog")
    .getByText(/Nothing changes for anybody: .* It stays so until somebody resumes it\./)
    .waitFor();
  await page.keyboard.press("Enter");
  await panel().getByText("Paused", { exact: true }).waitFor();
  await press("Resume…");
  await page
    .getByRole("dialog")
    .getByText(/10 % of everybody else get on/)
    .waitFor();
  await page.keyboard.press("Enter");
  await panel().getByText("Running", { exact: true }).waitFor();
  await press("Advance to 50 %…");
  await page
    .getByRole("dialog")
    .getByText(/50 % of everybody else get on, everybody else off/)
    .waitFor();
  await page.keyboard.press("Enter");
  await expect.poll(async () => (await plan()).run.stage).toBe(3);
  await panel().locator('[aria-current="step"]').getByText("50 %").waitFor();
});

test("what was reached stays, what lies ahead is edited under way", async () => {
  await press("Edit remaining stages");
  await expect.poll(() => panel().getByLabel("Share of stage 4, in per cent").isDisabled()).toBe(true);
  await panel().getByLabel("Least time of stage 5", { exact: true }).fill("3");
  await press("Save the plan");
  await panel().getByRole("button", { name: "Pause…" }).waitFor();
  expect((await plan()).stages[4]?.minimumSeconds).toBe(3 * 3_600);
});

test("a kill halts it; a stage chosen beneath the kill says what goes live with the restore", async () => {
  await server.admin(`${FLAG}/kill`, { method: "POST", body: { comment: "payments fail" } });
  await panel().getByText("Halted", { exact: true }).waitFor();
  await panel().getByText("The flag was killed. Choose the stage").waitFor();
  await press("Resume…");
  await page.getByLabel("Go on at").selectOption("1");
  await page.getByRole("dialog").getByText("stays so until somebody restores it").waitFor();
  await confirm(/^Go on at 2.5 %/);
  await panel().getByText("nothing is live until it is restored").waitFor();
  await expect.poll(async () => (await plan()).run).toMatchObject({ status: "running", stage: 1 });
  await server.admin(`${FLAG}/restore`, { method: "POST", body: {} });
  await panel().getByText("At least 2 hours more").waitFor();
});

test("it is rolled back, and the history tells it in sentences", async () => {
  await press("Roll back…");
  await page.getByRole("dialog").getByText("At once, everybody gets off.").waitFor();
  await confirm(/^Roll back/);
  await panel().getByText("Rolled back", { exact: true }).waitFor();
  await page.goto(`${server.url}/p/demo/history`);
  await page.getByText("Administrator rolled back the release of new-checkout in Production").waitFor();
  await page.getByText("Administrator started the release of new-checkout in Production").waitFor();
});

test("a plan is kept as a template and offered for another flag; a marketer may not touch a release", async () => {
  await page.goto(`${server.url}/p/demo/flags/new-checkout?env=production&tab=release`);
  await press("Edit the plan");
  await press("Keep as a template…");
  await panel().getByLabel("Name of the template").fill("Our canary");
  await press("Keep it");
  await page.goto(`${server.url}/p/demo/flags/shipping-price?env=production&tab=release`);
  await panel()
    .getByRole("button", { name: /^Our canary/ })
    .waitFor();
  const made = await server.admin("/tokens", { method: "POST", body: { name: "Mia", role: "marketer" } });
  const { token } = (await made.json()) as { token: string };
  const mia = await signedIn(browser, server, { token });
  await mia.page.goto(`${server.url}/p/demo/flags/new-checkout?env=production&tab=release`);
  await mia.page.locator(".plan-steps").waitFor();
  expect(await mia.page.locator(".plan").getByRole("button").count()).toBe(0);
  await mia.context.close();
});

test("a freeze window is made and removed in the settings", async () => {
  await page.goto(`${server.url}/p/demo/settings`);
  await page.getByLabel("New window").fill("Friday evening");
  await page.getByRole("button", { name: "Add it" }).click();
  await page.getByText(/^Fri from 16:00 to 08:00 the next day/).waitFor();
  const { freezes } = (await (await server.admin("/projects/demo/environments/production/freezes")).json()) as {
    freezes: object[];
  };
  expect(freezes).toMatchObject([{ id: "friday-evening", weekly: { days: ["friday"] } }]);
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByText("None: releases go on at any hour.").waitFor();
});

test("a flag without a plan and a guard is nothing that a browser reports as an error", async () => {
  const missed: string[] = [];
  page.on("response", (response) => {
    if (response.status() >= 400) missed.push(response.url());
  });
  await page.goto(`${server.url}/p/demo/flags/payments-queue?env=production&tab=release`);
  await panel().locator(".plan-preset").first().waitFor();
  expect(missed).toEqual([]);
});

test("a plan that was saved is taken back by Undo, and one that was deleted comes back", async () => {
  const QUEUE = "/projects/demo/environments/production/flags/payments-queue/plan";
  const status = async () => (await server.admin(QUEUE)).status;
  const undo = (toast: string) => page.locator(".toast", { hasText: toast }).getByRole("button", { name: "Undo" });
  await press(/^Canary/);
  await press("Save the plan");
  await undo("The release plan is saved").click();
  await panel().locator(".plan-preset").first().waitFor();
  expect(await status()).toBe(404);
  await press(/^Canary/);
  await press("Save the plan");
  await panel().getByRole("button", { name: "Start…" }).waitFor();
  const { stages } = (await (await server.admin(QUEUE)).json()) as { stages: object[] };
  await press("Delete it");
  await undo("The release plan is deleted").click();
  await panel().getByRole("button", { name: "Start…" }).waitFor();
  expect(await (await server.admin(QUEUE)).json()).toMatchObject({ stages });
});

test("nothing threw", () => {
  expect(errors).toEqual([]);
});
