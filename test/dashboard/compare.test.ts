import type { Browser, Page, Request, Route } from "playwright-core";
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

interface State {
  enabled: boolean;
  rules: { id: string; serve: { ranges?: unknown } }[];
  kills: unknown[];
}
const state = async (environment: string, flag: string) =>
  (await (await server.admin(`/projects/demo/environments/${environment}/flags/${flag}`)).json()) as State;
const patch = (environment: string, flag: string, body: object) =>
  server.admin(`/projects/demo/environments/${environment}/flags/${flag}`, { method: "PATCH", body });

test("what differs between two environments is promoted after its diff was shown, ticked flags only", async () => {
  const production = await state("production", "search-v2");
  await page.goto(`${server.url}/p/demo/flags?env=production`);
  await page.getByRole("link", { name: "Compare" }).click();
  await page.getByRole("heading", { name: "Compare environments" }).waitFor();
  await expect.poll(() => page.locator(".pick select").first().inputValue()).toBe("staging");
  const row = page.locator(".difference", { hasText: "express-pay" });
  await row.getByText("On for everyone").waitFor();
  await row.getByText(/differences?$/).click();
  await row.locator(".changes li").first().waitFor();
  await page.getByLabel("Promote express-pay").check();
  await page.getByRole("button", { name: "Promote to Production…" }).click();
  const dialog = page.getByRole("dialog", { name: "Promote express-pay from Staging to Production?" });
  await dialog.getByText("Real people get this at once.").waitFor();
  await dialog.locator(".changes li").first().waitFor();
  await dialog.getByLabel("Why? (for the history)").fill("Staging is fine");
  await page.keyboard.press("Enter");
  await page.getByText("Promoted to Production").waitFor();
  expect((await state("production", "express-pay")).rules).toEqual((await state("staging", "express-pay")).rules);
  expect(await state("production", "search-v2")).toEqual(production);
  const audit = await (await server.admin("/projects/demo/audit/search?limit=1")).json();
  expect(audit).toMatchObject({ rows: [{ comment: "Staging is fine" }] });
});

test("a promotion lifts no kill, and everybody keeps their place in a rollout", async () => {
  await patch("staging", "shipping-price", {
    enabled: true,
    rules: [
      {
        id: "all",
        when: { all: [] },
        serve: {
          split: [
            { variant: "lower", weight: 30_000 },
            { variant: "today", weight: 70_000 },
          ],
        },
      },
    ],
  });
  await server.admin("/projects/demo/environments/production/flags/shipping-price/kill", { method: "POST" });
  await page.goto(`${server.url}/p/demo/compare?from=staging&to=production`);
  const row = page.locator(".difference", { hasText: "shipping-price" });
  await row.getByText("killed in Production, and stays so").waitFor();
  await page.getByLabel("Promote shipping-price").check();
  await page.getByRole("button", { name: "Promote to Production…" }).click();
  await page.getByRole("dialog").locator(".changes li").first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByText("Promoted to Production").waitFor();
  const [from, to] = [await state("staging", "shipping-price"), await state("production", "shipping-price")];
  expect(to.kills.length).toBe(1);
  expect(to.rules[0]?.serve.ranges).toEqual(from.rules[0]?.serve.ranges);
});

test("two environments that are alike say so; a marketer sees the differences and has nothing to tick", async () => {
  await server.admin("/projects/alike", { method: "PUT", body: { name: "Alike" } });
  await page.goto(`${server.url}/p/alike/compare`);
  await page.getByRole("heading", { name: "Staging and Production are alike" }).waitFor();
  const made = await server.admin("/tokens", { method: "POST", body: { name: "Kim", role: "marketer" } });
  const kim = await signedIn(browser, server, { token: ((await made.json()) as { token: string }).token });
  await kim.page.goto(`${server.url}/p/demo/compare`);
  await kim.page.locator(".difference").first().waitFor();
  expect(await kim.page.getByRole("checkbox").count()).toBe(0);
  await kim.context.close();
});

test("an environment is made, renamed and, once it is shown what is lost and its name is typed, deleted", async () => {
  await page.goto(`${server.url}/p/alike/settings`);
  await page.getByLabel("New environment").fill("Preview");
  await page.getByRole("button", { name: "Make it" }).click();
  const row = page.getByRole("listitem").filter({ hasText: "preview" });
  await row.getByRole("button", { name: "Rename" }).click();
  await page.getByLabel("New name of Preview").fill("Sandbox");
  await page.keyboard.press("Enter");
  await page.getByText("The environment is called Sandbox").waitFor();
  await row.getByRole("button", { name: "Delete…" }).click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await row.getByRole("button", { name: "Delete…" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Flags stay in the other environments.").waitFor();
  await dialog.getByText("0 flags are on here").waitFor();
  await dialog.getByText("No key was used in the last 24 hours").waitFor();
  expect(await dialog.getByRole("button", { name: "Delete Sandbox" }).isDisabled()).toBe(true);
  await dialog.getByLabel("Type preview to confirm").fill("preview");
  await dialog.getByRole("button", { name: "Delete Sandbox" }).click();
  await page.getByText("The environment Sandbox is deleted").waitFor();
  const { environments } = (await (await server.admin("/projects/alike")).json()) as {
    environments: { key: string }[];
  };
  expect(environments.map(({ key }) => key)).not.toContain("preview");
});

test("each place that chooses an environment shows which one is chosen", async () => {
  await page.goto(`${server.url}/p/demo/settings?env=staging`);
  await page.getByRole("heading", { name: "Keys for apps" }).waitFor();
  const groups = page.locator("fieldset.segmented", { hasText: "Staging" });
  for (const group of await groups.all()) {
    const chosen = group.locator("label", { has: page.locator("input:checked") });
    await expect.poll(() => chosen.allTextContents()).toEqual(["Staging"]);
  }
});

test("a key is revoked after a question, and not without", async () => {
  await page.goto(`${server.url}/p/alike/settings`);
  await page.getByLabel("New key for").fill("Old shop");
  await page.getByRole("button", { name: "Make the key" }).click();
  const row = page.getByRole("listitem").filter({ hasText: "Old shop" });
  await row.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
  await row.waitFor();
  await row.getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("button", { name: "Revoke the key" }).click();
  await row.waitFor({ state: "detached" });
});

test("a file is imported after its diff was shown, and what is no export is refused with a reason", async () => {
  const document = await (await server.admin("/projects/demo/export")).json();
  const flags = (document as { flags: Record<string, { description: string }> }).flags;
  flags["banner-text"] = { ...flags["banner-text"], description: "From a file" };
  await page.goto(`${server.url}/p/demo/settings`);
  const choose = (name: string, text: string) =>
    page.locator('input[type="file"]').setInputFiles({ name, mimeType: "application/json", buffer: Buffer.from(text) });
  await choose("bad.json", '{"format": "other"}');
  await page.getByRole("alert").first().waitFor();
  await choose("good.json", JSON.stringify(document));
  const dialog = page.getByRole("dialog", { name: "Import this file?" });
  await dialog.getByText("From a file").waitFor();
  await dialog.getByRole("button", { name: "Import" }).click();
  await page.getByText("Imported", { exact: true }).waitFor();
  const flag = await (await server.admin("/projects/demo/flags/banner-text")).json();
  expect(flag).toMatchObject({ description: "From a file" });
});

test("a file that would let strangers read a hidden flag goes on only once somebody says that this is meant", async () => {
  interface Document {
    flags: Record<string, { visibility: string; variants: object }>;
    states: Record<string, Record<string, { prerequisites: object[] }>>;
  }
  const document = (await (await server.admin("/projects/demo/export")).json()) as Document;
  const hidden = document.flags["search-v2"];
  const dependant = document.states.production?.["banner-text"];
  if (!hidden || !dependant) throw new Error("the demonstration has changed");
  expect([hidden.visibility, document.flags["banner-text"]?.visibility]).toEqual(["targeted", "public"]);
  dependant.prerequisites = [{ flag: "search-v2", variants: Object.keys(hidden.variants).slice(0, 1) }];
  await page.goto(`${server.url}/p/demo/settings`);
  const buffer = Buffer.from(JSON.stringify(document));
  await page.locator('input[type="file"]').setInputFiles({ name: "f.json", mimeType: "application/json", buffer });
  const dialog = page.getByRole("dialog", { name: "Import this file?" });
  await dialog.getByText("would depend on hidden flags").waitFor();
  expect(await dialog.getByRole("button", { name: /^Import/ }).isDisabled()).toBe(true);
  await dialog.getByRole("button", { name: "That is meant, show what would change" }).click();
  await dialog.locator(".changes li").first().waitFor();

  await dialog.getByRole("button", { name: /^Import \d+ change/ }).click();
  await page.getByText("Imported", { exact: true }).waitFor();
  expect(await state("production", "banner-text")).toMatchObject({ prerequisites: dependant.prerequisites });
});

const isImport = (url: URL) => url.pathname.endsWith("/import");

/** A chooser of files in the settings: the project as it is, but for one description. */
async function chooser(): Promise<(description: string) => Promise<void>> {
  const document = (await (await server.admin("/projects/demo/export")).json()) as {
    flags: Record<string, { description: string }>;
  };
  await page.goto(`${server.url}/p/demo/settings`);
  return async (description) => {
    const flag = { ...document.flags["banner-text"], description };
    const buffer = Buffer.from(JSON.stringify({ ...document, flags: { ...document.flags, "banner-text": flag } }));
    await page.locator('input[type="file"]').setInputFiles({ name: "f.json", mimeType: "application/json", buffer });
  };
}

/** Holds the next import back until it is released. */
async function holdImport(): Promise<() => void> {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const hold = async (route: Route) => {
    await held;
    await route.continue();
  };
  await page.route(isImport, hold, { times: 1 });
  return release;
}

test("an import that is carried out is neither sent twice nor left", async () => {
  const choose = await chooser();
  await choose("Once only");
  const dialog = page.getByRole("dialog", { name: "Import this file?" });
  await dialog.getByText("Once only").waitFor();
  const release = await holdImport();
  const sent: string[] = [];
  const note = (request: Request) => {
    if (isImport(new URL(request.url()))) sent.push(request.url());
  };
  page.on("request", note);
  await dialog.getByRole("button", { name: "Import 1 change" }).focus();
  for (const key of ["Enter", "Enter", "Escape", "Enter"]) await page.keyboard.press(key);
  expect(await dialog.isVisible()).toBe(true);
  release();
  await page.getByText("Imported", { exact: true }).waitFor();
  await dialog.waitFor({ state: "detached" });
  page.off("request", note);
  expect(sent).toHaveLength(1);
});

test("an answer for a file that was put away is not shown for the next one", async () => {
  const choose = await chooser();
  const release = await holdImport();
  await choose("From the first file");
  const dialog = page.getByRole("dialog", { name: "Import this file?" });
  await dialog.getByText("Looking at what would change…").waitFor();
  await page.keyboard.press("Escape");
  await choose("From the second file");
  await dialog.getByText("From the second file").waitFor();
  const late = page.waitForResponse((response) => isImport(new URL(response.url())));
  release();
  await (await late).finished();
  // What the page makes of it, it has made before the next two frames.
  await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  expect(await dialog.getByText("From the first file").count()).toBe(0);
  await dialog.getByRole("button", { name: "Import 1 change" }).waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
});

test("no page threw", () => {
  expect(errors).toEqual([]);
});
