import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { firstValuesScript, readFirstValues } from "../../client/browser/server.ts";
import { launch } from "../dashboard/browser.ts";
import { type Server, startServer } from "../process/server.ts";
import { PATIENCE_MS } from "../promises.ts";
import { HUMAN } from "../validation/shop.ts";
import { BULK, type Gate, openGate } from "./gate.ts";
import { type BannerShop, makeBanner, REPEATED_MS, situation } from "./shop.ts";
import { openSite, type Site } from "./site.ts";

// The browser script in a real browser, on a page of another origin under a strict content security policy.

let server: Server;
let gate: Gate;
let site: Site;
let browser: Browser;
let context: BrowserContext;
let shop: BannerShop;
let errors: string[];

async function admin(method: string, route: string, body?: unknown): Promise<unknown> {
  const response = await server.admin(route, body === undefined ? { method } : { method, body });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? null : response.json();
}

beforeAll(async () => {
  server = await startServer();
  gate = await openGate(server.url);
  site = await openSite(gate.url);
  shop = await makeBanner(admin, "shop");
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  await site?.[Symbol.asyncDispose]();
  await gate?.[Symbol.asyncDispose]();
  await server?.stop();
});
beforeEach(async () => {
  context = await browser.newContext({ userAgent: HUMAN });
  errors = [];
  context.on("weberror", (error) => errors.push(String(error.error())));
  context.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) errors.push(message.text());
  });
  await serve();
});
afterEach(async () => {
  await context.close();
  gate.clear();
  await shop.restore();
  expect(errors).toEqual([]);
});

const serve = (attributes = "") =>
  site.serve(`<script src="${gate.url}/blastdoor.js" data-key="${shop.client}" ${attributes}></script><body>`);

async function visit(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(site.origin);
  return page;
}
const banner = (page: Page) => page.evaluate<string>('blastdoor.get("banner", "default")');
const shows = (page: Page, value: string, timeout = PATIENCE_MS) =>
  expect.poll(() => banner(page), { timeout }).toBe(value);
const ready = (page: Page) => page.evaluate("blastdoor.ready");
const streaming = () => expect.poll(() => gate.streams()).toBe(1);

situation("blastdoor.js", "opened after a kill", async () => {
  await shop.kill();
  const page = await visit();
  await shows(page, "off");
});

situation("blastdoor.js", "opened again after a kill, over an hour later", async () => {
  const page = await visit();
  await shows(page, "basic");
  await page.evaluate(`{
    const kept = JSON.parse(localStorage.blastdoor);
    localStorage.blastdoor = JSON.stringify({ ...kept, at: kept.at - 3_600_001 });
  }`);
  await shop.kill();
  gate.fate = (path) => (path === BULK ? "lost" : null);
  await page.reload();
  await ready(page);
  expect(await banner(page)).toBe("default");
  gate.clear();
  await page.reload();
  await shows(page, "off");
});

situation("blastdoor.js", "open at a kill", async () => {
  const page = await visit();
  await shows(page, "basic");
  await streaming();
  await shop.kill();
  await shows(page, "off");
});

for (const proxy of ["compressing", "buffering"] as const)
  situation("blastdoor.js", `behind a ${proxy} proxy`, async () => {
    gate.proxy = proxy;
    const page = await visit();
    await shows(page, "basic");
    await streaming();
    await shop.kill();
    await shows(page, "off");
  });

situation("blastdoor.js", "context changed many times in a row", async () => {
  const page = await visit();
  await shows(page, "basic");
  let nth = 0;
  gate.fate = (path) => (path === BULK ? { lateMs: Math.max(0, 600 - 100 * nth++) } : null);
  await page.evaluate(
    `for (let nth = 0; nth < 9; nth++) blastdoor.identify("u" + nth, { plan: nth % 2 ? "free" : "pro" })`,
  );
  await shows(page, "pro");
  // Until the answer to the first question is there as well.
  await page.waitForTimeout(1_000);
  expect(await banner(page)).toBe("pro");
  gate.clear();
  await shop.kill();
  await shows(page, "off");
});

situation("blastdoor.js", "signed in, then out", async () => {
  const page = await visit();
  await shows(page, "basic");
  await page.evaluate('blastdoor.identify("ann", { plan: "pro" })');
  await shows(page, "pro");
  await page.evaluate('blastdoor.identify("ann", { country: "DE" })');
  await page.waitForTimeout(500);
  expect(await banner(page)).toBe("pro");
  await page.evaluate('blastdoor.identify("bob")');
  await shows(page, "basic");
  await page.evaluate('blastdoor.identify("ann", { plan: "pro" })');
  await shows(page, "pro");
  await page.evaluate("blastdoor.identify()");
  await shows(page, "basic");
});

situation("blastdoor.js", "another user signs in on a page that was written for one", async () => {
  await serve(`data-context='{"userId":"ann","plan":"pro"}'`);
  const page = await visit();
  await shows(page, "pro");
  await page.evaluate('blastdoor.identify("bob")');
  await shows(page, "basic");
});

situation("blastdoor.js", "the first question for another user fails", async () => {
  const page = await visit();
  await page.clock.install();
  await shows(page, "basic");
  let refused = 0;
  gate.fate = (path) => (path === BULK && refused++ < 1 ? { status: 503 } : null);
  await page.evaluate('blastdoor.identify("ann", { plan: "pro" })');
  await expect.poll(() => refused).toBe(1);
  await page.clock.fastForward(61_000);
  await shows(page, "pro");
});

situation("blastdoor.js", "opened offline", async () => {
  gate.fate = (path) => (path === BULK ? "lost" : null);
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(site.origin);
  await ready(page);
  expect(await banner(page)).toBe("default");
  gate.clear();
  await page.clock.fastForward(61_000);
  await shows(page, "basic");
  await shop.kill();
  await shows(page, "off");
});

situation("blastdoor.js", "its stream ends or breaks", async () => {
  const page = await visit();
  await shows(page, "basic");
  await streaming();
  gate.cut();
  await shop.kill();
  await shows(page, "off");
});

for (const status of [503, 429])
  situation("blastdoor.js", `its question after a kill is answered ${status}`, async () => {
    const page = await visit();
    await shows(page, "basic");
    await streaming();
    let refused = 0;
    gate.fate = (path) => (path === BULK && refused++ < 1 ? { status } : null);
    await shop.kill();
    await shows(page, "off", REPEATED_MS);
    expect(refused).toBeGreaterThan(1);
  });

situation("blastdoor.js", "left, and come back to", async () => {
  const page = await visit();
  await shows(page, "basic");
  await page.goto(`${site.origin}/elsewhere`);
  await shop.kill();
  await page.goBack();
  await shows(page, "off");
});

for (const kept of [
  "{}",
  "null",
  "7",
  '"x"',
  "[]",
  "{",
  '{"id":7,"flags":7}',
  '{"id":"x","at":9e15,"flags":{"banner":null},"stream":7}',
])
  situation("blastdoor.js", `what it has stored is ${kept}`, async () => {
    const page = await visit();
    await page.evaluate(`localStorage.blastdoor = sessionStorage.blastdoor = ${JSON.stringify(kept)}`);
    gate.asked.length = 0;
    await page.reload();
    await shows(page, "basic");
    expect(await page.evaluate("typeof JSON.parse(localStorage.blastdoor).id")).toBe("string");
    await streaming();
    await shop.kill();
    await shows(page, "off");
  });

situation("blastdoor.js", "storage is forbidden", async () => {
  await context.addInitScript(
    'for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get() { throw new Error("no") } })',
  );
  const page = await visit();
  await shows(page, "basic");
  await shop.kill();
  await shows(page, "off");
});

/** Ids of the events that the server has taken. */
async function taken(page: Page): Promise<Set<string>> {
  const ids = new Set<string>();
  page.on("response", async (response) => {
    if (!response.url().endsWith("/v1/events") || !response.ok()) return;
    for (const { id } of JSON.parse(response.request().postData() ?? "").events) ids.add(id);
  });
  return ids;
}

situation("blastdoor.js", "400 conversions in one tick", async () => {
  const page = await context.newPage();
  const ids = await taken(page);
  await page.goto(site.origin);
  await ready(page);
  await page.evaluate(
    'for (let nth = 0; nth < 400; nth++) blastdoor.track("a-metric-with-a-name-that-is-rather-long", nth)',
  );
  await expect.poll(() => ids.size).toBe(400);
});

for (const [fate, what] of [
  [{ status: 503 }, "answered 503"],
  [{ status: 429 }, "answered 429"],
  ["lost", "lost"],
] as const)
  situation("blastdoor.js", `its events are ${what}`, async () => {
    const page = await context.newPage();
    const ids = await taken(page);
    await page.goto(site.origin);
    await ready(page);
    let refused = 0;
    gate.fate = (path) => (path === "/v1/events" && refused++ < 2 ? fate : null);
    await page.evaluate('blastdoor.track("order", 40)');
    await expect.poll(() => ids.size).toBe(1);
    expect(refused).toBe(3);
  });

/** A page whose server has asked for this visitor and handed the answer over. */
async function handOver(context?: Record<string, unknown>): Promise<void> {
  const values = await readFirstValues({
    baseUrl: server.url,
    key: shop.client,
    id: "ann",
    ...(context && { context }),
  });
  const attributes = context === undefined ? "" : `data-context='${JSON.stringify(context)}'`;
  const script = `<script src="${gate.url}/blastdoor.js" data-key="${shop.client}" ${attributes}></script>`;
  await site.serve(`${firstValuesScript(values)}${script}<body>`);
}
/** How the script's questions for flags were answered. */
function answersOf(page: Page): number[] {
  const answers: number[] = [];
  page.on("response", (response) => {
    if (new URL(response.url()).pathname === BULK && response.request().method() === "POST")
      answers.push(response.status());
  });
  return answers;
}

situation("blastdoor.js", "started from its server's values", async () => {
  await handOver({ plan: "pro", country: "DE" });
  gate.fate = (path) => (path === BULK ? { lateMs: 500 } : null);
  const page = await context.newPage();
  const answers = answersOf(page);
  await page.goto(site.origin);
  expect(await banner(page)).toBe("pro");
  await expect.poll(() => answers).toEqual([304]);
  expect(await page.evaluate("JSON.parse(localStorage.blastdoor).id")).toBe("ann");
  await streaming();
  await shop.kill();
  await shows(page, "off");
});

situation("blastdoor.js", "started from its server's values, killed since", async () => {
  await handOver();
  await shop.kill();
  await shows(await visit(), "off");
});

situation("blastdoor.js", "started from its server's values, over an hour old", async () => {
  await handOver();
  await shop.kill();
  gate.fate = (path) => (path === BULK ? "lost" : null);
  const page = await context.newPage();
  await page.clock.setSystemTime(Date.now() + 3_700_000);
  await page.goto(site.origin);
  await ready(page);
  expect(await banner(page)).toBe("default");
});

/** What a browser does to a page that it hides, freezes and, as from its back/forward cache, brings back. */
situation("blastdoor.js", "frozen by the browser, and thawed", async () => {
  const page = await visit();
  await shows(page, "basic");
  await streaming();
  const lifecycle = await context.newCDPSession(page);
  await page.evaluate("Object.defineProperty(document, 'hidden', { configurable: true, get: () => true })");
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await expect.poll(() => gate.streams()).toBe(0);
  await lifecycle.send("Page.setWebLifecycleState", { state: "frozen" });
  gate.asked.length = 0;
  await shop.kill();
  await lifecycle.send("Page.setWebLifecycleState", { state: "active" });
  expect(gate.asked).toEqual([]);
  await page.evaluate("delete document.hidden, document.dispatchEvent(new Event('visibilitychange'))");
  await shows(page, "off");
  await streaming();
});
