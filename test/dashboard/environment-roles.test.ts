import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { must } from "../security/administration.ts";
import { flaws } from "./accessibility.ts";
import { launch, signedIn } from "./browser.ts";

let server: Server;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launch()]);
  await must(server, "PUT", "/projects/shop", { environments: ["staging", "production"] });
  const flag = { type: "boolean", variants: { on: true, off: false }, offVariant: "off", purpose: "release" };
  await must(server, "PUT", "/projects/shop/flags/checkout", flag);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test("an engineer who looks at production switches, saves and kills in staging only, and reads why", async () => {
  const roles = { role: "engineer", environments: { production: "viewer" } };
  const { token } = await must(server, "POST", "/tokens", { name: "Kim", project: "shop", ...roles });
  const { context, page } = await signedIn(browser, server, { token, bypassCSP: true });
  await page.goto(`${server.url}/p/shop/flags/checkout?env=production`);
  await page
    .getByText("In production you are a viewer; to change this flag there you need to be an engineer.")
    .waitFor();
  const tabs = page.getByRole("region", { name: "Environments" });
  const there = tabs.getByRole("switch", { name: /in production/i });
  const here = tabs.getByRole("switch", { name: /in staging/i });
  expect(await there.isDisabled()).toBe(true);
  expect(await here.isEnabled()).toBe(true);
  expect(await page.getByRole("button", { name: /^Kill…/ }).count()).toBe(0);
  expect(await page.getByRole("button", { name: "Add a rule" }).count()).toBe(0);
  expect(await page.getByRole("button", { name: "Archive…" }).count()).toBe(0);
  expect(await flaws(page, "a flag that is locked here")).toEqual([]);

  await tabs.getByRole("button", { name: "staging" }).click();
  await page.getByRole("button", { name: /^Kill…/ }).waitFor();
  await page.getByRole("button", { name: "Add a rule" }).waitFor();
  expect(await page.getByText("In production you are a viewer").count()).toBe(0);

  await page.goto(`${server.url}/p/shop/flags`);
  await page.getByRole("switch", { name: "checkout in staging" }).waitFor();
  expect(await page.getByRole("switch", { name: "checkout in production" }).isDisabled()).toBe(true);
  expect(await page.getByRole("switch", { name: "checkout in staging" }).isEnabled()).toBe(true);
  await context.close();
});

test("an administrator makes a token with a role by environment, and changes it", async () => {
  const { context, page } = await signedIn(browser, server, { bypassCSP: true });
  await page.goto(`${server.url}/p/shop/settings`);
  const card = page.getByRole("region", { name: "People and programs" });
  await card.getByLabel("New token for").fill("Mia");
  await card.getByRole("combobox", { name: /^Role\b(?! in)/ }).selectOption("viewer");
  await card.getByText("Other roles in single environments").click();
  await card.getByLabel("Role in production").selectOption("marketer");
  expect(await flaws(page, "roles by environment")).toEqual([]);
  await card.getByRole("button", { name: "Make the token" }).click();
  await card.getByText("Marketer in production").waitFor();
  const listed = async () =>
    (await must(server, "GET", "/tokens")).tokens.find((one: { name: string }) => one.name === "Mia");
  expect(await listed()).toMatchObject({ role: "viewer", environments: { production: "marketer" } });

  await card.getByRole("button", { name: "Change the role of Mia" }).click();
  const dialog = page.getByRole("dialog", { name: "Change the role of Mia?" });
  await dialog.getByLabel("Role in production").selectOption("engineer");
  await dialog.getByLabel("Role in staging").selectOption("viewer");
  await dialog.getByRole("button", { name: "Change the role" }).click();
  await dialog.waitFor({ state: "detached" });
  await card.getByText("Engineer in production, Viewer in staging").waitFor();
  expect(await listed()).toMatchObject({ role: "viewer", environments: { production: "engineer", staging: "viewer" } });
  await context.close();
});
