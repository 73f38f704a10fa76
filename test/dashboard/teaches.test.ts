import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root, type Server, startServer } from "../process/server.ts";
import { flaws } from "./accessibility.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";

// What teaches: from an empty project to a flag seen in an app of one's own, and from a kill to what follows from it.

const run = promisify(execFile);
const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-connect-"));
let server: Server;
let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  [server, browser] = await Promise.all([startServer({ env: { SEED: "" } }), launch()]);
  ({ page } = await signedIn(browser, server, { bypassCSP: true }));
  errors = watchErrors(page);
  await server.admin("/projects/fresh", { method: "PUT", body: { name: "Fresh", environments: ["production"] } });
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});
const card = (name: string | RegExp) => page.locator("section", { has: page.getByRole("heading", { name }) });

/** Runs code that the page shows, as somebody would who copies it. */
async function runShown(label: string): Promise<string> {
  const code = await page
    .locator("figure", { has: page.getByRole("button", { name: `Copy the code: ${label}`, exact: true }) })
    .locator("code")
    .textContent();
  const file = path.join(folder, `${label.replaceAll(/\W+/g, "-")}.mjs`);
  writeFileSync(file, code ?? "");
  return (await run(process.execPath, [file], { cwd: folder })).stdout;
}

test("an empty project leads to its first flag seen in a stock client, and to the first outcome", async () => {
  await page.goto(`${server.url}/p/fresh/flags`);
  await page.getByRole("button", { name: "Connect your app with an example flag" }).click();
  const connect = card("Connect your app");
  await connect.getByRole("tab", { name: "Browser" }).click();
  await connect.getByRole("tab", { name: "Browser" }).press("ArrowRight");
  await connect.getByRole("tab", { name: "React", selected: true }).press("ArrowRight");
  await connect.getByRole("tab", { name: "Node", selected: true }).waitFor();
  await connect.getByText("Waiting for your app to ask for first-flag").waitFor();
  await connect.getByRole("button", { name: "Create server key" }).click();
  await connect.getByText("it is shown only this once").waitFor();
  expect(await flaws(page, "connect")).toEqual([]);
  expect(await runShown("Node")).toBe("false\n");
  await connect.getByText(/^We have seen your app/).waitFor();
  await runShown("Node: outcome");
  await connect.getByText("1 outcome received in this environment").waitFor();
  await page.reload();
  await connect.getByText(/^Last evaluated/).waitFor();
});

test("a browser's key is warned of a flag that it never sees", async () => {
  await page.goto(`${server.url}/p/demo/flags/shipping-price?env=production`);
  const connect = card("Connect your app");
  await connect.getByRole("tab", { name: "curl" }).waitFor();
  await connect.getByRole("tab", { name: "Browser" }).click();
  await server.admin("/projects/demo/flags/shipping-price", { method: "PATCH", body: { visibility: "server-only" } });
  await connect.getByText("Client keys never see this flag").waitFor();
  await connect.getByRole("tab", { name: "curl" }).click();
  await connect.getByText("Client keys never see this flag").waitFor({ state: "detached" });
});

test("a kill has a page with its timeline, and what follows from it is done there", async () => {
  await server.admin("/projects/demo/environments/production/flags/new-checkout/kill", {
    method: "POST",
    body: { comment: "payments fail" },
  });
  await page.goto(`${server.url}/p/demo/history?flag=new-checkout`);
  await page.getByRole("link", { name: "Open the incident" }).first().click();
  await page.getByRole("heading", { name: "new-checkout killed" }).waitFor();
  await card("Timeline").getByText("Killed", { exact: true }).waitFor();
  const follow = card("Follow-ups");
  await follow.getByRole("button", { name: "Add", exact: true }).click();
  await follow.getByRole("button", { name: "Add follow-up" }).click();
  await follow.getByText("must not be empty").waitFor();
  // What is wrong stands at its field, which is marked and has the focus.
  const title = follow.getByLabel("What is to be done");
  expect(await title.getAttribute("aria-invalid")).toBe("true");
  expect(await title.evaluate((input) => input === document.activeElement)).toBe(true);
  expect(await title.evaluate((input) => input.closest("label")?.dataset.error)).toBe("must not be empty");
  await follow.getByLabel("What is to be done").fill("Alert on payment errors");
  await follow.getByLabel("Due").fill("2026-01-02");
  await follow.getByRole("button", { name: "Add follow-up" }).click();
  await follow.getByText("overdue since 2 Jan 2026").waitFor();
  expect(await flaws(page, "incident")).toEqual([]);
});

test("the review leads from an overdue follow-up to its incident, and lets it go once it is done", async () => {
  await page.goto(`${server.url}/p/demo/resilience?env=production`);
  const finding = page.locator(".finding", { hasText: "Overdue: Alert on payment errors" });
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Export Markdown" }).click(),
  ]);
  expect(readFileSync(await download.path(), "utf8")).toContain("Overdue: Alert on payment errors");
  await finding.getByRole("link", { name: "Open the incident" }).click();
  await page.getByRole("checkbox", { name: /Alert on payment errors/ }).check();
  await page.getByText(/done .* by Administrator/).waitFor();
  await page.goto(`${server.url}/p/demo/resilience?env=production`);
  await page.getByRole("heading", { name: "Habits" }).waitFor();
  expect(await finding.count()).toBe(0);
  expect(errors).toEqual([]);
});
