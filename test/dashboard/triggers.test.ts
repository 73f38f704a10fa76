import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer({ env: { SEED: "" } }), launch()]);
  ({ page } = await signedIn(browser, server));
  errors = watchErrors(page);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("a trigger is made, shown once, called, seen to have killed, and taken back", async () => {
  await page.goto(`${server.url}/p/demo/flags/new-checkout?env=production&tab=settings`);
  const panel = page.locator("section", { has: page.getByRole("heading", { name: /Stop button for monitoring/ }) });
  await panel.getByText("No monitoring can stop this flag yet.").waitFor();
  await panel.getByLabel("New trigger for").fill("Checkout errors");
  await panel.getByRole("button", { name: "Make the trigger" }).click();
  const url = (await panel.locator(".secret").textContent()) ?? "";
  expect(url).toMatch(new RegExp(`^${server.url}/v1/triggers/bdk_demo_production_[0-9a-f]{56}$`));
  await panel.getByText("Never called.").waitFor();

  const call = (body: object) => fetch(url, { method: "POST", body: JSON.stringify(body) });
  expect(await (await call({ status: "resolved" })).json()).toMatchObject({ outcome: "not-firing" });
  expect(await (await call({ comment: "5 % of payments fail" })).json()).toMatchObject({ outcome: "killed" });
  // The open page learns of the kill by itself.
  await panel.getByText("Killed the flag").waitFor();
  await panel.getByText("Plain call: 5 % of payments fail").waitFor();
  await panel.getByText("Not firing, nothing done").waitFor();
  await page.getByText("By Checkout errors").waitFor();

  await page.reload();
  await panel.getByText("Killed the flag").waitFor();
  expect(await panel.locator(".secret").count()).toBe(0);
  await panel.getByRole("button", { name: "Take back Checkout errors" }).click();
  await page.getByRole("button", { name: "Take it back" }).click();
  await panel.getByText("No monitoring can stop this flag yet.").waitFor();
  expect((await call({})).status).toBe(404);
  expect(errors).toEqual([]);
});

test("a user who may not change the flag sees its triggers and can create none", async () => {
  const at = "/projects/demo/environments/production/flags/banner-text/triggers";
  await server.admin(at, { method: "POST", body: { name: "Grafana" } });
  const { token } = await (
    await server.admin("/tokens", { method: "POST", body: { name: "v", role: "viewer" } })
  ).json();
  const viewer = await signedIn(browser, server, { token });
  await viewer.page.goto(`${server.url}/p/demo/flags/banner-text?env=production&tab=settings`);
  await viewer.page.locator(".trigger-list").getByText("Grafana").waitFor();
  expect(await viewer.page.getByRole("button", { name: "Make the trigger" }).count()).toBe(0);
  expect(await viewer.page.getByRole("button", { name: /Take back/ }).count()).toBe(0);
  await viewer.context.close();
});
