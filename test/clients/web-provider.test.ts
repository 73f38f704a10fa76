import { readFileSync } from "node:fs";
import path from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import { firstValuesScript, readFirstValues } from "../../client/browser/server.ts";
import { launch } from "../dashboard/browser.ts";
import { demo } from "../openfeature/demo.ts";
import { root, type Server, startServer } from "../process/server.ts";
import { PATIENCE_MS } from "../promises.ts";
import { BULK, type Gate, openGate } from "./gate.ts";
import { type BannerShop, makeBanner, REPEATED_MS, situation } from "./shop.ts";
import { openSite, PROVIDER_PAGE, REACT_PAGE, type Site, STARTED_PAGE } from "./site.ts";

// The stock web provider in a real browser, on a page of another origin under a strict content security policy.

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
  server = await startServer({ env: { SEED: "" } });
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
  context = await browser.newContext();
  errors = [];
  context.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) errors.push(message.text());
  });
  await site.serve("<body>", PROVIDER_PAGE);
});
afterEach(async () => {
  await context.close();
  gate.clear();
  await shop.restore();
  expect(errors).toEqual([]);
});

const USER = { targetingKey: "u1" };

async function visit(query: Record<string, string> = USER): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${site.origin}/?${new URLSearchParams({ url: gate.url, key: shop.client, ...query })}`);
  return page;
}
/** Asked from outside: a page under this policy may not evaluate text, as `waitForFunction` does. */
const shows = (page: Page, banner: string, timeout = PATIENCE_MS) =>
  expect.poll(() => page.evaluate("document.body.dataset.banner"), { timeout }).toBe(banner);
const streaming = () => expect.poll(() => gate.streams()).toBe(1);
const become = (page: Page, user: object) => page.evaluate(`become(${JSON.stringify(user)})`);

situation("web provider", "opened after a kill, as the README has it", async () => {
  const shop = await demo(server);
  const key = await shop.key("client");
  const blocks = readFileSync(path.join(root, "README.md"), "utf8").matchAll(/```js\n(.*?)```/gs);
  const [snippet = ""] = [...blocks].map(([, code = ""]) => code).filter((code) => code.includes("OFREPWebProvider"));
  const [url, placeholder] = ["http://127.0.0.1:8787", "bdc_demo_production_…"];
  expect(snippet).toContain(url);
  expect(snippet).toContain(placeholder);
  await site.serve("<body>", snippet.replace(url, gate.url).replace(placeholder, key));
  await context.addInitScript(`
    window.titles = [];
    const { set, get } = Object.getOwnPropertyDescriptor(Document.prototype, "title");
    Object.defineProperty(document, "title", { get, set(title) { titles.push(title); set.call(document, title); } });
  `);
  const visits = async (title: string) => {
    const page = await context.newPage();
    await page.goto(site.origin);
    await expect.poll(() => page.evaluate("titles")).toContain(title);
    return page.evaluate("titles");
  };
  expect(await visits("Summer sale: up to 50 % off")).toHaveLength(1);
  await shop.post("banner-text/kill", {});
  expect(await visits("Free shipping from 40 €")).toEqual(["Free shipping from 40 €"]);
});

situation("web provider", "open at a kill", async () => {
  const page = await visit();
  await shows(page, "basic");
  await streaming();
  await shop.kill();
  await shows(page, "off");
});

for (const proxy of ["compressing", "buffering"] as const)
  situation("web provider", `behind a ${proxy} proxy`, async () => {
    gate.proxy = proxy;
    const page = await visit();
    await shows(page, "basic");
    await streaming();
    await shop.kill();
    await shows(page, "off");
  });

situation("web provider", "context changed many times in a row", async () => {
  // A late answer of a former context makes the provider drop the stream of the last one: then it polls.
  const page = await visit({ ...USER, pollInterval: "1000" });
  await shows(page, "basic");
  let nth = 0;
  // Each answer comes later than the one to the next question.
  gate.fate = (path) => (path === BULK ? { lateMs: Math.max(0, 600 - 100 * nth++) } : null);
  await page.evaluate(`Promise.all(Array.from({ length: 9 }, (_, nth) =>
    become({ targetingKey: "u1", plan: nth % 2 === 0 ? "pro" : "free" })))`);
  await shows(page, "pro");
  gate.clear();
  await shop.kill();
  await shows(page, "off");
  expect(gate.streams()).toBe(0);
});

situation("web provider", "signed in, then out", async () => {
  const page = await visit();
  await shows(page, "basic");
  await become(page, { ...USER, plan: "pro" });
  await shows(page, "pro");
  await become(page, USER);
  await shows(page, "basic");
  await become(page, { targetingKey: "kim", plan: "pro" });
  await shows(page, "pro");
  await shop.kill();
  await shows(page, "off");
});

situation("web provider", "opened offline", async () => {
  gate.fate = () => "lost";
  const page = await visit();
  await shows(page, "default");
  gate.clear();
  await become(page, { ...USER, plan: "pro" });
  await shows(page, "pro");
  await shop.kill();
  await shows(page, "off");
});

situation("web provider", "its stream ends or breaks", async () => {
  const page = await visit();
  await shows(page, "basic");
  await streaming();
  gate.cut();
  await expect.poll(() => page.evaluate("statusNow()")).toBe("STALE");
  await shop.kill();
  await shows(page, "off");
});

for (const status of [503, 429])
  situation("web provider", `its question after a kill is answered ${status}`, async () => {
    const page = await visit();
    await shows(page, "basic");
    await streaming();
    let refused = 0;
    gate.fate = (path) => (path === BULK && refused++ < 1 ? { status, headers: { "Retry-After": "1" } } : null);
    await shop.kill();
    await shows(page, "off", REPEATED_MS);
    expect(refused).toBeGreaterThan(1);
  });

situation("web provider", "streams are refused", async () => {
  gate.fate = (path) => (path.includes("/streams/") ? { status: 503 } : null);
  const page = await visit({ ...USER, pollInterval: "500" });
  await shows(page, "basic");
  await expect.poll(() => gate.asked.some((path) => path.includes("/streams/"))).toBe(true);
  await shop.kill();
  await shows(page, "off");
  expect(gate.asked.filter((path) => path.includes("/streams/"))).toHaveLength(1);
});

situation("web provider", "left, and come back to", async () => {
  const page = await visit();
  await shows(page, "basic");
  await page.goto(`${site.origin}/elsewhere`);
  await shop.kill();
  await page.goBack();
  await shows(page, "off");
});

situation("web provider", "in the seventh tab over HTTP/1.1", async () => {
  const tabs: Page[] = [];
  for (let tab = 0; tab < 6; tab++) {
    const page = await visit();
    await shows(page, "basic");
    tabs.push(page);
  }
  await expect.poll(() => gate.streams()).toBe(6);
  gate.asked.length = 0;
  const seventh = await visit();
  // The browser has no connection left to ask with.
  await seventh.waitForTimeout(2_000);
  expect([gate.asked, await seventh.evaluate("document.body.dataset.banner")]).toEqual([[], "default"]);
  await tabs[0]?.close();
  await shows(seventh, "basic");
});

situation("web provider", "storage is forbidden", async () => {
  await context.addInitScript(
    'for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get() { throw new Error("no") } })',
  );
  const page = await visit();
  await shows(page, "basic");
  await shop.kill();
  await shows(page, "off");
});

for (const [days, name] of [
  [2, "two days fast"],
  [-2, "two days slow"],
] as const)
  situation("web provider", `the browser's clock is ${name}`, async () => {
    const page = await context.newPage();
    await page.clock.setSystemTime(Date.now() + days * 86_400_000);
    await page.goto(`${site.origin}/?${new URLSearchParams({ url: gate.url, key: shop.client, ...USER })}`);
    await shows(page, "basic");
    await streaming();
    await shop.kill();
    await shows(page, "off");
  });

for (const [cacheMode, first] of [
  ["disabled", "default"],
  ["network-first", "basic"],
  ["local-cache-first", "basic"],
] as const)
  situation("web provider", `opened offline after an earlier visit, cacheMode ${cacheMode}`, async () => {
    const earlier = await visit({ ...USER, cacheMode });
    await shows(earlier, "basic");
    await earlier.close();
    await shop.kill();
    gate.fate = () => "lost";
    const page = await visit({ ...USER, cacheMode });
    await shows(page, first);
  });

const questions = () => gate.asked.filter((path) => path === BULK).length;

/** A page whose server has asked for `USER` and handed the answer over. */
async function started(): Promise<Page> {
  const page = await visit();
  expect(questions()).toBe(0);
  return page;
}
async function handOver(): Promise<void> {
  const values = await readFirstValues({ baseUrl: server.url, key: shop.client, id: USER.targetingKey });
  expect(values?.flags.banner).toMatchObject({ value: "basic" });
  await site.serve(`<body>${firstValuesScript(values)}`, STARTED_PAGE);
}

situation("web provider", "started from its server's values", async () => {
  await handOver();
  const page = await started();
  await shows(page, "basic");
  await streaming();
  expect(questions()).toBe(0);
  await shop.kill();
  await shows(page, "off");
});

situation("web provider", "started from its server's values, killed since", async () => {
  await handOver();
  await shop.kill();
  const page = await started();
  await shows(page, "off");
});

situation("web provider", "started from its server's values, offline", async () => {
  await handOver();
  gate.fate = () => "lost";
  await shows(await visit(), "basic");
});

situation("web provider", "started from another user's values", async () => {
  await handOver();
  await shows(await visit({ targetingKey: "kim", plan: "pro" }), "pro");
  expect(questions()).toBe(1);
});

const react = async (): Promise<Page> => {
  await site.serve("<body>", REACT_PAGE);
  return visit();
};
const renders = (page: Page) => page.evaluate("[...renders]");

situation("React SDK", "open at a kill", async () => {
  const page = await react();
  await shows(page, "basic");
  await streaming();
  expect(await renders(page)).toEqual(["default", "basic"]);
  await shop.kill();
  await shows(page, "off");
  expect(await renders(page)).toEqual(["default", "basic", "off"]);
});

situation("React SDK", "signed in, then out", async () => {
  const page = await react();
  await shows(page, "basic");
  await become(page, { ...USER, plan: "pro" });
  await shows(page, "pro");
  await become(page, USER);
  await shows(page, "basic");
  await shop.kill();
  await shows(page, "off");
});

situation("React SDK", "opened offline", async () => {
  gate.fate = () => "lost";
  const page = await react();
  await shows(page, "default");
  gate.clear();
  await become(page, { ...USER, plan: "pro" });
  await shows(page, "pro");
});

situation("React SDK", "its question after a kill is answered 503", async () => {
  const page = await react();
  await shows(page, "basic");
  await streaming();
  let refused = 0;
  gate.fate = (path) => (path === BULK && refused++ < 1 ? { status: 503 } : null);
  await shop.kill();
  await shows(page, "off", REPEATED_MS);
});
