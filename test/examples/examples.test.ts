import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { launch } from "../dashboard/browser.ts";
import { root, type Server, startServer } from "../process/server.ts";
import { built } from "./build.ts";
import { startProgram } from "./program.ts";
import { type ExampleShop, GREETING, makeShop } from "./shop.ts";

// Each program in examples/, started as its reader would; the Worker is in worker.test.ts.

let server: Server;
let shop: ExampleShop;
let browser: Browser;
let context: BrowserContext;
let site: HttpServer;
let files: Record<string, string> = {};
let blocked: string[];

const example = (file: string) => readFileSync(path.join(root, "examples", file), "utf8");
const origin = () => `http://127.0.0.1:${(site.address() as AddressInfo).port}`;

beforeAll(async () => {
  server = await startServer();
  shop = await makeShop(async (method, route, body) => {
    const response = await server.admin(route, { method, body });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : response.json();
  });
  site = createServer((request, response) => {
    const name = new URL(request.url ?? "/", "http://site").pathname;
    response.setHeader("Content-Type", name.endsWith(".js") ? "text/javascript" : "text/html");
    response.writeHead(name in files ? 200 : 404).end(files[name]);
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
  site?.closeAllConnections();
  site?.close();
  await server?.stop();
});
beforeEach(async () => {
  context = await browser.newContext();
  blocked = [];
  context.on("console", (message) => {
    if (/Content Security Policy/.test(message.text())) blocked.push(message.text());
  });
});
afterEach(async () => {
  await context.close();
  await shop.restore();
  expect(blocked).toEqual([]);
});

const text = (page: Page, selector: string) => expect.poll(() => page.textContent(selector).catch(() => null));
/** The buttons that a visitor sees. */
const buttons = (page: Page) =>
  expect.poll(() =>
    page.evaluate(
      "[...document.querySelectorAll('button')].filter((one) => !one.hidden).map((one) => one.textContent)",
    ),
  );

test("html: the page shows its variant, and a kill reaches it while it is open", async () => {
  const page = await context.newPage();
  const html = example("html/index.html");
  for (const placeholder of ["http://127.0.0.1:8787", "bdc_shop_production_…"]) expect(html).toContain(placeholder);
  files = {
    "/": html.replace("http://127.0.0.1:8787", server.url).replace("bdc_shop_production_…", shop.client),
    "/page.js": example("html/page.js"),
  };
  await page.goto(origin());
  await text(page, "h1").toBe(GREETING);
  await buttons(page).toEqual(["Pay in one step"]);
  await shop.kill();
  await buttons(page).toEqual(["Check out"]);
});

test("react: StrictMode, a change of context and a kill", async () => {
  const code = await built("react/main.tsx", {
    platform: "browser",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"development"' },
  });
  files = {
    "/": `<!doctype html><html lang="en" data-url="${server.url}" data-key="${shop.client}"><title>Shop</title><div id="root"></div><script type="module" src="/main.js"></script>`,
    "/main.js": code,
  };
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.goto(origin());
  await text(page, "h1").toBe(GREETING);
  await buttons(page).toEqual(["Check out", "Go for gold"]);
  await page.click("text=Go for gold");
  await buttons(page).toEqual(["Pay in one step", "Go for gold"]);
  await shop.kill();
  await buttons(page).toEqual(["Check out", "Go for gold"]);
  expect(faults).toEqual([]);
});

test("node-server: evaluates in its process, and hears of a kill", async () => {
  const env = { BLASTDOOR_URL: server.url, BLASTDOOR_KEY: await shop.rulesKey() };
  await using program = await startProgram("node-server/server.ts", env);
  const ask = async (plan: string) => (await fetch(`${program.url}/?visitor=u1&plan=${plan}`)).json();
  await expect.poll(() => ask("gold")).toEqual({ isNew: true, greeting: GREETING });
  expect(await ask("free")).toEqual({ isNew: false, greeting: GREETING });
  await shop.kill();
  await expect.poll(() => ask("gold")).toMatchObject({ isNew: false });
});

test("server-rendered: the page has its values without a request, and the first poll is answered 304", async () => {
  const env = { BLASTDOOR_URL: server.url, BLASTDOOR_KEY: shop.client };
  await using program = await startProgram("server-rendered/server.ts", env);
  const page = await context.newPage();
  const polls: number[] = [];
  page.on("response", (response) => {
    if (response.request().method() === "POST" && response.url().endsWith("/evaluate/flags"))
      polls.push(response.status());
  });
  await page.addInitScript(`
    window.seen = new Set();
    new MutationObserver(() => {
      for (const one of document.querySelectorAll("button")) if (!one.hidden) seen.add(one.textContent);
    }).observe(document, { childList: true, subtree: true, attributes: true });
  `);
  await page.goto(program.url);
  await text(page, "h1").toBe(GREETING);
  await expect.poll(() => polls).toEqual([304]);
  expect(await page.evaluate("[...seen]")).toEqual(["Pay in one step"]);
  expect(await page.evaluate("blastdoor.get('new-checkout', null)")).toBe(true);
  const visitor = await page.evaluate("JSON.parse(localStorage.blastdoor).id");
  expect((await context.cookies()).find(({ name }) => name === "visitor")?.value).toBe(visitor);
  await shop.kill();
  await buttons(page).toEqual(["Check out"]);
});

test("server-rendered: without an answer the page has its defaults", async () => {
  await using program = await startProgram("server-rendered/server.ts", {
    BLASTDOOR_URL: "http://127.0.0.1:9",
    BLASTDOOR_KEY: shop.client,
  });
  const page = await (await fetch(program.url)).text();
  expect(page).toContain("<h1>Welcome</h1>");
  expect(page).not.toContain("blastdoor-values");
});
