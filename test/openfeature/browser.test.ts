import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import chromium from "@sparticuz/chromium";
import { build } from "esbuild";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root, type Server, startServer } from "../process/server.ts";
import { type Demo, demo } from "./demo.ts";

// The stock web provider in a real browser, on a page of another origin: preflight, exposed headers, event stream.

let server: Server;
let shop: Demo;
let browser: Browser;
let site: HttpServer;
let origin: string;

const PAGE_SCRIPT = `
  import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
  import { OpenFeature, ProviderEvents } from "@openfeature/web-sdk";
  const { url, key, ...context } = Object.fromEntries(new URLSearchParams(location.search));
  const flags = OpenFeature.getClient();
  const show = () => {
    document.body.dataset.banner = flags.getStringValue("banner-text", "default");
    document.body.dataset.hidden = flags.getBooleanDetails("payments-queue", false).errorCode ?? "seen";
    document.body.dataset.search = flags.getBooleanDetails("search-v2", false).errorCode ?? "seen";
  };
  OpenFeature.addHandler(ProviderEvents.ConfigurationChanged, show);
  await OpenFeature.setContext(context);
  await OpenFeature.setProviderAndWait(
    new OFREPWebProvider({ baseUrl: url, headers: [["Authorization", "Bearer " + key]], pollInterval: 0, cacheMode: "disabled" }),
  ).catch((error) => { document.body.dataset.error = String(error); });
  show();
`;

beforeAll(async () => {
  server = await startServer({ env: { SEED: "" } });
  shop = await demo(server);
  const stdin = { contents: PAGE_SCRIPT, resolveDir: root };
  const bundled = await build({ stdin, bundle: true, format: "esm", write: false, logLevel: "silent" });
  const script = bundled.outputFiles[0]?.text ?? "";
  site = createServer((request, response) => {
    const isScript = request.url?.startsWith("/page.js");
    response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html");
    response.end(
      isScript ? script : '<!doctype html><title>Shop</title><body><script type="module" src="/page.js"></script>',
    );
  }).listen(0, "127.0.0.1");
  await once(site, "listening");
  origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  // Not the package's own arguments: they switch web security off, and with it what this proves.
  const args = ["--no-sandbox", "--disable-background-networking"];
  browser = await playwright.launch({ executablePath: await chromium.executablePath(), args });
});
afterAll(async () => {
  await browser?.close();
  site?.closeAllConnections();
  site?.close();
  await server?.stop();
});

async function visit(key: string, context: Record<string, string>): Promise<Page> {
  const page = await browser.newPage();
  await page.goto(`${origin}/?${new URLSearchParams({ url: server.url, key, ...context })}`);
  await page.waitForFunction("document.body.dataset.banner !== undefined");
  return page;
}
const shown = (page: Page, what: string) => page.evaluate(`document.body.dataset.${what}`);

test("a page of an allowed origin reads its flags, and follows a change and a kill without polling", async () => {
  const page = await visit(await shop.key("client", [origin]), { targetingKey: "u1", country: "FR" });
  expect(await shown(page, "error")).toBeUndefined();
  expect(await shown(page, "banner")).toBe("Free shipping from 40 €");
  await shop.patch("banner-text", { fallthrough: { variant: "outage" } });
  await page.waitForFunction("document.body.dataset.banner.startsWith('Payments are slow')");
  await shop.post("banner-text/kill", {});
  await page.waitForFunction("document.body.dataset.banner === 'Free shipping from 40 €'");
});

test("hidden flags do not exist for a visitor; a targeted one does for staff", async () => {
  const key = await shop.key("client");
  const visitor = await visit(key, { targetingKey: "u2" });
  expect(await shown(visitor, "hidden")).toBe("FLAG_NOT_FOUND");
  expect(await shown(visitor, "search")).toBe("FLAG_NOT_FOUND");
  const staff = await visit(key, { targetingKey: "kim", email: "kim@shop.example" });
  expect(await shown(staff, "hidden")).toBe("FLAG_NOT_FOUND");
  expect(await shown(staff, "search")).toBe("seen");
});

test("a page of another origin is left with its defaults", async () => {
  const page = await visit(await shop.key("client", ["https://shop.example"]), { targetingKey: "u3" });
  expect(await shown(page, "banner")).toBe("default");
  expect(await shown(page, "error")).toBeDefined();
});
