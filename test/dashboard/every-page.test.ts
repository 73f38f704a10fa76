import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { flaws } from "./accessibility.ts";
import { launch, signedIn, watchErrors } from "./browser.ts";
import { makeLargeProject } from "./large-project.ts";

let server: Server;
let browser: Browser;

/** The preset's button says all there is to know. */
const CANARY = /^Canary/;
const PAGES: { path: string; ready: string; dialog?: string | RegExp }[] = [
  { path: "/p/demo/flags", ready: ".flag-state" },
  { path: "/p/demo/flags", ready: ".flag-state", dialog: "New flag" },
  { path: "/p/demo/flags", ready: ".flag-state", dialog: "Kill new-checkout…" },
  { path: "/p/demo/flags/express-pay?env=production", ready: ".rule", dialog: "Edit" },
  { path: "/p/demo/flags/new-checkout?env=production&tab=release", ready: ".plan-preset", dialog: CANARY },
  { path: "/p/demo/flags/express-pay?env=production&tab=release", ready: ".plan-now" },
  { path: "/p/demo/flags/express-pay?env=production&tab=release", ready: ".plan-now", dialog: "Roll back…" },
  { path: "/p/demo/flags/shipping-price?env=production&tab=release", ready: ".plan-preset" },
  { path: "/p/demo/flags/shipping-price?env=production", ready: ".rule", dialog: "Edit" },
  { path: "/p/demo/flags/shipping-price?env=production&tab=release", ready: ".plan-preset", dialog: CANARY },
  { path: "/p/demo/flags/shipping-price?env=production&tab=metrics", ready: "#flag-tab h2" },
  { path: "/p/demo/flags/shipping-price?env=production&tab=history", ready: ".history-row" },
  { path: "/p/demo/flags/shipping-price?env=production&tab=settings", ready: ".trigger-list, #definition" },
  { path: "/p/demo/playground", ready: ".result" },
  { path: "/p/demo/history", ready: ".history-row" },
  { path: "/p/demo/history", ready: ".history-row", dialog: "Undo this change…" },
  { path: "/p/demo/settings", ready: ".plain-list li", dialog: "Delete…" },
  { path: "/p/demo/segments", ready: ".segment" },
  { path: "/p/demo/segments", ready: ".segment", dialog: "New segment" },
  { path: "/p/demo/delivery?env=production", ready: ".figure" },
  { path: "/p/demo/resilience?env=production", ready: ".finding" },
  { path: "/p/demo/settings", ready: ".plain-list li" },
  { path: "/p/demo/settings", ready: ".plain-list li", dialog: /^Rotate the key/ },
  { path: "/p/demo/settings?env=staging", ready: "#signed-contexts" },
  { path: "/p/demo/settings", ready: "[data-client-key]", dialog: /^Change what has to be signed/ },
  { path: "/p/demo/settings", ready: "[data-signing-key]", dialog: /^Revoke the signing key/ },
  { path: "/p/demo/security-log", ready: ".history-row" },
  { path: "/p/demo/security-log?kind=backup.restored", ready: ".empty" },
  { path: "/p/demo/settings", ready: "[data-session]", dialog: "Sign out everywhere" },
];

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer({ env: { SEED: "" } }), launch()]);
  const plan = "/projects/demo/environments/production/flags/express-pay/plan";
  const stages = [{ audience: { share: 1_000 }, minimumSeconds: 3_600 }, { audience: { share: 100_000 } }];
  await server.admin(plan, { method: "PUT", body: { variant: "on", baseline: "off", stages } });
  const signer = { method: "POST", body: { name: "Shop server" } };
  expect((await server.admin("/projects/demo/environments/production/signing-keys", signer)).status).toBe(201);
  expect((await server.admin(`${plan}/start`, { method: "POST", body: {} })).status).toBe(200);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

/** In parts: each test has two minutes, also on a busy machine. */
const PARTS = [0, 1, 2].map((part) => PAGES.filter((_, index) => index % 3 === part));

for (const width of [1280, 360])
  test.each(PARTS.map((pages, part) => [part + 1, pages] as const))(
    `no accessibility violation and no overflow on any page, light and dark, ${width} px, part %i`,
    async (_part, pages) => {
      const { context, page } = await signedIn(browser, server, { bypassCSP: true, viewport: { width, height: 800 } });
      const found: string[] = [];
      for (const { path, ready, dialog } of pages) {
        await page.goto(server.url + path);
        await page.locator(ready).first().waitFor();
        if (dialog)
          await page
            .getByRole("button", { name: dialog, exact: typeof dialog === "string" })
            .first()
            .click();
        found.push(...(await flaws(page, `${path} ${dialog ?? ""}`)));
      }
      expect(found).toEqual([]);
      await context.close();
    },
  );

test("the sign-in page has no violation either", async () => {
  const page = await (await browser.newContext({ bypassCSP: true })).newPage();
  await page.goto(server.url);
  await page.getByLabel("Token").waitFor();
  expect(await flaws(page, "sign in")).toEqual([]);
});

const HOSTILE = [
  "<script>globalThis.pwned = 1</script>",
  "<img src=x onerror=globalThis.pwned=1>",
  '"><svg onload=globalThis.pwned=1>',
  "javascript:globalThis.pwned=1",
  "{{constructor.constructor('globalThis.pwned=1')()}}",
  "</textarea><script>globalThis.pwned=1</script>",
];

test("text is only ever text: nothing typed anywhere runs", async () => {
  const all = HOSTILE.join(" ");
  const name = all.slice(0, 100);
  const put = async (route: string, body: unknown, method = "PUT") => {
    const answer = await server.admin(route, { method, body });
    expect(answer.status, `${route}: ${await answer.clone().text()}`).toBeLessThan(300);
  };
  await put("/projects/hostile", { name, environments: ["production"], comment: all });
  await put("/projects/hostile/environments/production", { name });
  await put("/projects/hostile/segments/s", {
    name,
    description: all,
    included: HOSTILE,
    when: { attribute: all.slice(0, 200), op: "equals", values: HOSTILE },
  });
  await put("/projects/hostile/flags/f", {
    type: "string",
    variants: { a: all, b: HOSTILE[1] },
    offVariant: "a",
    description: all,
    owner: name,
    tags: HOSTILE.map((text) => text.slice(0, 50)),
    comment: all,
  });
  await put("/projects/hostile/environments/production/flags/f", {
    enabled: true,
    comment: all,
    rules: [
      {
        id: "r",
        name,
        when: { all: [{ attribute: all.slice(0, 200), op: "in", values: HOSTILE }] },
        serve: { variant: "b" },
      },
    ],
  });
  await put("/projects/hostile/environments/production/flags/f/kill", { comment: all }, "POST");
  await put("/projects/hostile/environments/production/keys", { kind: "server", name }, "POST");
  const { id } = await (
    await server.admin("/projects/hostile/environments/production/keys", {
      method: "POST",
      body: { kind: "client", name },
    })
  ).json();
  // Only top-level attributes can be required, so no name may hold a dot.
  const attributes = HOSTILE.map((text) =>
    text
      .replaceAll(/\.(\w+)/g, "['$1']")
      .replaceAll(".", "")
      .slice(0, 200),
  );
  await put(`/projects/hostile/environments/production/keys/${id}/signing`, { require: "attributes", attributes });
  await put("/projects/hostile/environments/production/signing-keys", { name }, "POST");
  await put("/tokens", { name, role: "viewer" }, "POST");

  const { context, page } = await signedIn(browser, server);
  const errors = watchErrors(page);
  for (const path of ["flags", "flags/f", "playground", "history", "segments", "settings"]) {
    await page.goto(`${server.url}/p/hostile/${path}?q=${encodeURIComponent(path === "flags" ? "pwned" : "")}`);
    await page.getByText("globalThis.pwned").first().waitFor({ state: "attached" });
    // From the last on: what is opened takes its button out of the list.
    const buttons = page.getByRole("button", { name: /^(Edit|What changed)$/ });
    for (let index = (await buttons.count()) - 1; index >= 0; index--) {
      await buttons.nth(index).click();
      if (await page.getByRole("dialog").count()) await page.keyboard.press("Escape");
    }
  }
  await page.goto(`${server.url}/p/hostile/flags?q=${encodeURIComponent(`${all} nowhere`)}`);
  await page.getByRole("heading", { name: /^Nothing matches/ }).waitFor();
  expect(await page.evaluate("globalThis.pwned")).toBeUndefined();
  expect(errors).toEqual([]);
  await context.close();
});

test("an empty project teaches, and a key is shown exactly once", async () => {
  await server.admin("/projects/fresh", { method: "PUT", body: { name: "Fresh" } });
  const { context, page } = await signedIn(browser, server);
  await page.goto(`${server.url}/p/fresh/flags`);
  await page.getByRole("heading", { name: "No flags yet" }).waitFor();
  await page.goto(`${server.url}/p/fresh/settings`);
  await page.getByLabel("New key for").fill("Order service");
  await page.getByRole("button", { name: "Make the key" }).click();
  const secret = await page.locator(".secret").textContent();
  expect(secret).toMatch(/^bds_fresh_production_/);
  await page.reload();
  await page.getByText("Order service").waitFor();
  expect(await page.content()).not.toContain(secret);
  await context.close();
});

test("of 5,000 flags the search finds any, and scrolling to the end finds the last", async () => {
  await makeLargeProject(server);
  const { context, page } = await signedIn(browser, server);
  await page.goto(`${server.url}/p/demo/flags`);
  await page.getByLabel("Project").selectOption("large");
  await page.getByRole("link", { name: "flag-0000" }).waitFor();
  await page.keyboard.press("/");
  await page.keyboard.type("number 4999");
  await page.getByRole("link", { name: "flag-4999" }).waitFor();
  await page.getByRole("searchbox").fill("");
  await page.getByRole("link", { name: "flag-0000" }).focus();
  await page.keyboard.press("End");
  await page.getByRole("link", { name: "flag-4999" }).waitFor();
  await expect.poll(() => page.locator("tbody .flag-row").count()).toBeLessThan(80);
  await context.close();
});
