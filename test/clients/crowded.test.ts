import { setTimeout as sleep } from "node:timers/promises";
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { launch } from "../dashboard/browser.ts";
import { PATIENCE_MS } from "../promises.ts";
import { type Fleet, type Isolate, startFleet } from "../propagation/fleet.ts";
import { NodeEventSource } from "./event-source.ts";
import { BULK, type Gate, openGate } from "./gate.ts";
import { type BannerShop, makeBanner, situation } from "./shop.ts";
import { openSite, PROVIDER_PAGE, type Site } from "./site.ts";

// More pages than an isolate has streams for, each with the stock web provider; and a Worker below a path of its host.

const PAGES = 601;
const STREAMS = 300;
/** A page that finds no room comes again within this time (ms): see NO_ROOM_MS of change-notices.ts. */
const COMES_AGAIN_MS = 28_000;

let fleet: Fleet;
let full: Isolate;
let mounted: Isolate;
let gate: Gate;
let site: Site;
let browser: Browser;
let shop: BannerShop;
let second: string;

beforeAll(async () => {
  fleet = await startFleet({
    centres: [
      { colo: "FRA", isolates: 1, bindings: { STREAMS_PER_ISOLATE: String(STREAMS) } },
      { colo: "SYD", isolates: 1, bindings: { BASE_PATH: "/flags" } },
    ],
  });
  [full, mounted] = fleet.isolates as [Isolate, Isolate];
  gate = await openGate(full.url.href);
  site = await openSite(gate.url);
  await site.serve("<body>", PROVIDER_PAGE);
  shop = await makeBanner((method, route, body) => fleet.admin(method, route, body), "crowd");
  const keys = "/projects/crowd/environments/production/keys";
  ({ key: second } = await fleet.admin<{ key: string }>("POST", keys, { kind: "client", name: "second" }));
  browser = await launch();
  Object.assign(globalThis, { EventSource: NodeEventSource });
});
afterAll(async () => {
  await browser?.close();
  await site?.[Symbol.asyncDispose]();
  await gate?.[Symbol.asyncDispose]();
  await fleet?.[Symbol.asyncDispose]();
});

const shows = (page: Page, banner: string) =>
  expect
    .poll(() => page.evaluate("document.body.dataset.banner"), { timeout: COMES_AGAIN_MS + PATIENCE_MS })
    .toBe(banner);
const asks = (part: string) => gate.asked.filter((path) => path.includes(part)).length;

async function aPage(nth: number): Promise<OFREPWebProvider> {
  // One key alone does not get all streams.
  const headers: [string, string][] = [["Authorization", `Bearer ${nth % 2 ? shop.client : second}`]];
  const page = new OFREPWebProvider({ baseUrl: gate.url, headers, cacheMode: "disabled", pollInterval: 0 });
  await page.initialize({ targetingKey: `u${nth}` });
  return page;
}
const shownBy = (page: OFREPWebProvider) => (page.flagCache.banner as { value?: unknown } | undefined)?.value;

situation("web provider", "no room for its stream", async () => {
  const pages: OFREPWebProvider[] = [];
  for (let nth = 0; nth < PAGES; nth += 20)
    pages.push(...(await Promise.all(Array.from({ length: Math.min(20, PAGES - nth) }, (_, at) => aPage(nth + at)))));
  const real = await browser.newPage();
  await real.goto(`${site.origin}/?${new URLSearchParams({ url: gate.url, key: shop.client, targetingKey: "real" })}`);
  await shows(real, "basic");
  await expect.poll(async () => (await full.observed()).openStreams).toBe(STREAMS);

  // Longer than it takes those to come back whose stream went to a newcomer.
  await sleep(5_000);
  gate.asked.length = 0;
  await sleep(10_000);
  const waiting = PAGES + 1 - STREAMS;
  console.log(`${waiting} pages without a stream: ${asks("/streams/")} streams, ${asks(BULK)} evaluations in 10 s`);
  expect(asks("/streams/")).toBeLessThanOrEqual(waiting);
  expect(asks(BULK)).toBe(0);

  await shop.kill();
  const timeout = COMES_AGAIN_MS + PATIENCE_MS;
  await shows(real, "off");
  await expect.poll(() => pages.filter((page) => shownBy(page) !== "off").length, { timeout }).toBe(0);
  for (const page of pages) await page.onClose?.();
  await real.close();
  await shop.restore();
});

situation("web provider", "the Worker is mounted below a path", async () => {
  const below = await openGate(mounted.url.href);
  const own = await openSite(below.url);
  try {
    await own.serve("<body>", PROVIDER_PAGE);
    const page = await browser.newPage();
    const query = { url: `${below.url}/flags`, key: shop.client, targetingKey: "u1" };
    await page.goto(`${own.origin}/?${new URLSearchParams(query)}`);
    await shows(page, "basic");
    await expect.poll(() => below.asked.some((path) => path.startsWith("/flags/ofrep/v1/streams/"))).toBe(true);
    await shop.kill();
    await shows(page, "off");
    await page.close();
  } finally {
    await own[Symbol.asyncDispose]();
    await below[Symbol.asyncDispose]();
    await shop.restore();
  }
});
