import { once } from "node:events";
import { createServer, type Server as HttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import chromium from "@sparticuz/chromium";
import { build } from "esbuild";
import { SignJWT } from "jose";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../process/server.ts";
import { openSignedShop, type SignedShop } from "../signed-contexts/shop.ts";
import { openShop, visitor } from "../validation/shop.ts";

// Pages of another origin in a real browser: what their visitor forges changes nothing, what the shop signs does.

let shop: SignedShop;
let browser: Browser;
/** A client key that takes the attribute `plan` only signed, and one that takes nothing unsigned. */
let guarded: string;
let strict: string;

beforeAll(async () => {
  shop = await openSignedShop();
  guarded = await shop.clientKey({ require: "attributes", attributes: ["plan"] });
  strict = await shop.clientKey({ require: "context" });
  // Not the package's own arguments: they switch web security off, and with it what this proves.
  const args = ["--no-sandbox", "--disable-background-networking"];
  browser = await playwright.launch({ executablePath: await chromium.executablePath(), args });
});
afterAll(async () => {
  await browser?.close();
  await shop?.[Symbol.asyncDispose]();
});

const signed = (context: object, until: string | Date = "15 minutes", user = "ann") =>
  new SignJWT({ context })
    .setProtectedHeader({ alg: "HS256", kid: shop.signer.id })
    .setAudience(shop.signer.audience)
    .setSubject(user)
    .setExpirationTime(until)
    .sign(new TextEncoder().encode(shop.signer.secret));
const anHourAgo = () => new Date(Date.now() - 3_600_000);

describe("the stock web provider", () => {
  let site: HttpServer;
  let origin: string;
  const PAGE_SCRIPT = `
    import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
    import { OpenFeature } from "@openfeature/web-sdk";
    const { url, key, ...context } = Object.fromEntries(new URLSearchParams(location.search));
    const flags = OpenFeature.getClient();
    const show = () => { document.body.dataset.price = flags.getBooleanValue("gold-price", false) ? "gold" : "normal"; };
    await OpenFeature.setContext(context);
    await OpenFeature.setProviderAndWait(
      new OFREPWebProvider({ baseUrl: url, headers: [["Authorization", "Bearer " + key]], pollInterval: 0, cacheMode: "disabled" }),
    ).catch((error) => { document.body.dataset.error = String(error); });
    window.become = async (context) => { await OpenFeature.setContext(context); show(); };
    show();
  `;

  beforeAll(async () => {
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
  });
  afterAll(() => {
    site?.closeAllConnections();
    site?.close();
  });

  async function visit(key: string, context: Record<string, string>): Promise<Page> {
    const page = await browser.newPage();
    await page.goto(`${origin}/?${new URLSearchParams({ url: shop.server.url, key, targetingKey: "u1", ...context })}`);
    await page.waitForFunction("document.body.dataset.price !== undefined");
    return page;
  }
  const shown = (page: Page, what: string) => page.evaluate(`document.body.dataset.${what}`);

  test("a forged attribute changes nothing, a signed one does", async () => {
    const forged = await visit(guarded, { plan: "gold" });
    expect([await shown(forged, "price"), await shown(forged, "error")]).toEqual(["normal", undefined]);
    const honest = await visit(guarded, { plan: "free", blastdoorContext: await signed({ plan: "gold" }) });
    expect([await shown(honest, "price"), await shown(honest, "error")]).toEqual(["gold", undefined]);
    const beside = await visit(guarded, { plan: "gold", blastdoorContext: await signed({ plan: "free" }) });
    expect([await shown(beside, "price"), await shown(beside, "error")]).toEqual(["normal", undefined]);
  });

  test("a key that takes nothing unsigned serves nobody else, and a page that then brings a signature", async () => {
    const page = await visit(strict, { plan: "gold" });
    expect([await shown(page, "price"), await shown(page, "error")]).toEqual(["normal", expect.any(String)]);
    const token = await signed({ targetingKey: "u1", plan: "gold" });
    const honest = await visit(strict, { blastdoorContext: token });
    expect([await shown(honest, "price"), await shown(honest, "error")]).toEqual(["gold", undefined]);
    const free = await signed({ targetingKey: "u1", plan: "free" });
    await honest.evaluate(`become({ targetingKey: "u1", plan: "gold", blastdoorContext: "${free}" })`);
    expect(await shown(honest, "price")).toBe("normal");
  });
});

describe("/blastdoor.js", () => {
  const PRICE = '<p hidden data-flag="gold-price">Gold</p>';
  interface Batch {
    signedContext?: string;
    events: { type: string; metric?: string; flag?: string }[];
  }

  /** A page, its batches of events with how many of each counted, and how often it asked for flags. */
  async function open(key: string, context: object) {
    const site = await openShop(shop.server, key);
    const one = await visitor(browser);
    const batches: [token: string | undefined, events: string[], accepted: number][] = [];
    const answers: number[] = [];
    one.page.on("response", async (response) => {
      const path = new URL(response.url()).pathname;
      const request = response.request();
      if (request.method() !== "POST") return;
      if (path.startsWith("/ofrep/")) answers.push(response.status());
      if (path !== "/v1/events") return;
      const { signedContext, events }: Batch = JSON.parse(request.postData() ?? "");
      const { accepted = 0 } = response.ok() ? await response.json() : {};
      batches.push([signedContext, events.map(({ type, metric, flag }) => `${type} ${metric ?? flag}`), accepted]);
    });
    const show = async (shownContext: object) => {
      site.serve(PRICE, `data-context='${JSON.stringify(shownContext)}'`);
      await one.page.goto(site.origin);
      await one.page.evaluate("blastdoor.ready");
    };
    await show(context);
    const price = () => one.page.getByText("Gold").isVisible();
    const close = async () => {
      await one.context.close();
      await site[Symbol.asyncDispose]();
    };
    return { ...one, batches, answers, show, price, close };
  }

  test("a forged attribute changes nothing, a signed one does, and its events carry the signature", async () => {
    const forged = await open(guarded, { plan: "gold" });
    expect(await forged.price()).toBe(false);
    await expect.poll(() => forged.batches).toEqual([[undefined, ["exposure gold-price"], 1]]);
    await forged.close();
    const token = await signed({ targetingKey: "browser-of-ann", plan: "gold" });
    const honest = await open(strict, { plan: "free", blastdoorContext: token });
    expect(await honest.price()).toBe(true);
    await expect.poll(() => honest.batches).toEqual([[token, ["exposure gold-price"], 1]]);
    expect(honest.errors).toEqual([]);
    await honest.close();
  });

  test("what happened before somebody else signed in goes with the signature of that time", async () => {
    const ann = await signed({ targetingKey: "b1", plan: "free" });
    const bob = await signed({ targetingKey: "b1", plan: "gold" }, "15 minutes", "bob");
    const page = await open(strict, { blastdoorContext: ann });
    await expect.poll(() => page.batches.length).toBe(1);
    await page.page.evaluate(`
      blastdoor.track("viewed");
      blastdoor.identify("bob", { blastdoorContext: "${bob}" });
      blastdoor.track("bought");
    `);
    await expect.poll(() => page.price()).toBe(true);
    await expect.poll(() => page.batches.flatMap(([, events]) => events).length).toBe(4);
    const tokens = Object.fromEntries(page.batches.flatMap(([token, events]) => events.map((event) => [event, token])));
    expect(tokens).toMatchObject({ "conversion viewed": ann, "conversion bought": bob });
    await page.close();
  });

  test("with a signature that has expired it keeps the last values and asks no more, until it is given a new one", async () => {
    const page = await open(strict, { blastdoorContext: await signed({ targetingKey: "b2", plan: "gold" }) });
    expect(await page.price()).toBe(true);
    page.answers.length = 0;
    await page.show({ blastdoorContext: await signed({ targetingKey: "b2", plan: "free" }, anHourAgo()) });
    expect([await page.price(), page.answers]).toEqual([true, [400]]);
    // Each is a reason to ask again, but for the refusal.
    for (let turn = 0; turn < 3; turn++)
      await page.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await page.page.evaluate(
      `blastdoor.identify("ann", { blastdoorContext: "${await signed({ targetingKey: "b2", plan: "free" })}" })`,
    );
    await expect.poll(() => page.price()).toBe(false);
    expect(page.answers).toEqual([400, 200]);
    await page.close();
  });
});
