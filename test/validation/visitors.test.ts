import chromium from "@sparticuz/chromium";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";
import { HUMAN, openShop, type Shop, visitor } from "./shop.ts";

// The browser script on a page of another origin, under a strict policy, with several visitors and everything that can go
// wrong between it and the server.

const FLAGS = "/projects/shop/environments/production/flags";
const DOOR = '<h1>Shop</h1><button hidden data-fake-door="gift-cards">Gift cards</button>';
let server: Server;
let browser: Browser;
let shop: Shop;
const open: (() => Promise<void>)[] = [];

async function admin<T = unknown>(method: string, route: string, body?: unknown): Promise<T> {
  const response = await server.admin(route, body === undefined ? { method } : { method, body });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return (response.status === 204 ? null : await response.json()) as T;
}

beforeAll(async () => {
  server = await startServer();
  await admin("PUT", "/projects/shop", { environments: ["production"] });
  await admin("PUT", `${FLAGS}/gift-cards/test`, {
    settings: {
      kind: "fake-door",
      share: 100_000,
      wording: { message: "Not there yet, <b>sorry</b>.", thanks: "Thank you again" },
      bar: 0.03,
      targetPeople: 1_000,
      networkCap: 1_000,
    },
  });
  await admin("POST", `${FLAGS}/gift-cards/test/start`, {});
  await admin("PUT", "/projects/shop/flags/banner", {
    type: "boolean",
    variants: { on: true, off: false },
    offVariant: "off",
    visibility: "public",
  });
  await admin("PUT", "/projects/shop/flags/halves", {
    type: "string",
    variants: { a: "a", b: "b", off: "" },
    offVariant: "off",
    visibility: "public",
  });
  await admin("PUT", `${FLAGS}/halves`, {
    enabled: true,
    fallthrough: {
      split: [
        { variant: "a", weight: 50_000 },
        { variant: "b", weight: 50_000 },
      ],
    },
  });
  const { key } = await admin<{ key: string }>("POST", "/projects/shop/environments/production/keys", {
    kind: "client",
    name: "shop",
  });
  shop = await openShop(server, key);
  // Not the package's own arguments: they switch web security off, and with it what this proves.
  const args = ["--no-sandbox", "--disable-background-networking"];
  browser = await playwright.launch({ executablePath: await chromium.executablePath(), args });
});
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});
afterAll(async () => {
  await browser?.close();
  await shop?.[Symbol.asyncDispose]();
  await server?.stop();
});

async function visits(agent?: string) {
  const one = await visitor(browser, agent);
  open.push(() => one.context.close());
  return one;
}
const counts = async () => {
  type Side = { seen: number; clicked: number };
  type Results = { demand: { demand: Side; withSuspicious: Side } };
  const { demand } = await admin<Results>("GET", `${FLAGS}/gift-cards/results`);
  const { seen, clicked } = demand.demand;
  return { seen, clicked, all: demand.withSuspicious.seen };
};
/** What visits add to the counts, once they do. */
async function adds(expected: { seen: number; clicked: number; all: number }, work: () => Promise<unknown>) {
  const before = await counts();
  await work();
  await expect
    .poll(
      async () => {
        const now = await counts();
        return { seen: now.seen - before.seen, clicked: now.clicked - before.clicked, all: now.all - before.all };
      },
      { interval: 200 },
    )
    .toEqual(expected);
}
const door = (page: Page) => page.getByRole("button", { name: "Gift cards" });
const stored = (page: Page) => page.evaluate("[localStorage.length, sessionStorage.length]");

test("several visitors see the door, one clicks: each counts once, and the one is thanked from then on", async () => {
  shop.serve(DOOR);
  const [first, second] = [await visits(), await visits()];
  await adds({ seen: 2, clicked: 1, all: 2 }, async () => {
    await Promise.all([first, second].map(({ page }) => page.goto(shop.origin)));
    await Promise.all([first, second].map(({ page }) => door(page).waitFor()));
    await first.page.waitForTimeout(1_600);
    await door(first.page).click();
    await first.page.getByText("Not there yet, <b>sorry</b>.").waitFor();
    expect(await door(first.page).isVisible()).toBe(false);
  });
  await adds({ seen: 0, clicked: 0, all: 0 }, async () => {
    await Promise.all([first.page.reload(), second.page.reload()]);
    await first.page.getByText("Thank you again").waitFor();
    await door(second.page).waitFor();
    await second.page.waitForTimeout(1_600);
  });
  expect([...first.errors, ...second.errors]).toEqual([]);
});

test("out of sight is not seen: a door below the fold counts when it was half visible for a second", async () => {
  shop.serve(`<div><canvas width="10" height="3000"></canvas></div>${DOOR}`);
  const { page } = await visits();
  await adds({ seen: 0, clicked: 0, all: 0 }, async () => {
    await page.goto(shop.origin);
    await door(page).waitFor();
    await page.waitForTimeout(1_800);
  });
  await adds({ seen: 1, clicked: 0, all: 1 }, () => door(page).scrollIntoViewIfNeeded());
});

test("a bot is told apart, and so is a script that clicks by itself", async () => {
  shop.serve(DOOR);
  const bot = await visits(HUMAN.replace("Chrome", "HeadlessChrome"));
  await adds({ seen: 0, clicked: 0, all: 1 }, async () => {
    await bot.page.goto(shop.origin);
    await door(bot.page).waitFor();
    await bot.page.waitForTimeout(1_300);
    await door(bot.page).click();
  });
  const scripted = await visits();
  await adds({ seen: 1, clicked: 0, all: 1 }, async () => {
    await scripted.page.goto(shop.origin);
    await door(scripted.page).waitFor();
    await scripted.page.waitForTimeout(1_600);
    await scripted.page.evaluate("document.querySelector('button').click()");
  });
});

test("signing in neither counts a person twice nor flips what they see", async () => {
  shop.serve(`${DOOR}<p hidden data-flag="halves=a">A</p><p hidden data-flag="halves=b">B</p>`);
  const { page } = await visits();
  const half = () =>
    page.evaluate("[...document.querySelectorAll('p')].filter((p) => !p.hidden).map((p) => p.textContent).join()");
  await adds({ seen: 1, clicked: 1, all: 1 }, async () => {
    await page.goto(shop.origin);
    await door(page).waitFor();
    await page.waitForTimeout(1_600);
    const before = await half();
    expect(["A", "B"]).toContain(before);
    for (const user of ["kim", "kim", "somebody-else"]) {
      await page.evaluate(`blastdoor.identify("${user}", { plan: "pro" })`);
      await page.waitForTimeout(300);
      expect(await half()).toBe(before);
    }
    await page.reload();
    await door(page).waitFor();
    expect(await half()).toBe(before);
    await page.evaluate('blastdoor.identify("kim")');
    await page.waitForTimeout(1_600);
    await door(page).click();
  });
});

test("with data-consent nothing is stored or sent before consent, and all is forgotten when it is taken back", async () => {
  shop.serve(DOOR, 'data-consent="required"');
  const { page } = await visits();
  const sent: string[] = [];
  page.on("request", (request) => {
    if (request.url().startsWith(server.url) && !request.url().endsWith("/blastdoor.js")) sent.push(request.url());
  });
  await page.goto(shop.origin);
  await page.evaluate('blastdoor.track("signup"); blastdoor.get("halves", "x")');
  await page.waitForTimeout(1_500);
  expect([sent, await stored(page), await door(page).isVisible()]).toEqual([[], [0, 0], false]);
  await page.evaluate("blastdoor.consent(true)");
  await door(page).waitFor();
  expect(sent.length).toBeGreaterThan(0);
  await page.evaluate("blastdoor.consent(false)");
  expect(await stored(page)).toEqual([0, 0]);
  sent.length = 0;
  await page.evaluate('blastdoor.track("signup")');
  // Longer than a door has to be looked at: it was in view when consent was taken back.
  await page.waitForTimeout(1_600);
  expect(sent).toEqual([]);
});

test("a change reaches the open page by its stream, and a returning visitor sees it before any answer", async () => {
  shop.serve('<p hidden data-flag="banner">Sale</p><p data-flag="!banner">No sale</p>');
  const { page } = await visits();
  await page.goto(shop.origin);
  await page.waitForFunction("blastdoor.ready.then(() => true)");
  await page.getByText("No sale").waitFor();
  await admin("PUT", `${FLAGS}/banner`, { enabled: true, fallthrough: { variant: "on" } });
  await page.getByText("Sale", { exact: true }).waitFor();
  expect(await page.getByText("No sale").isVisible()).toBe(false);
  await page.route(`${server.url}/ofrep/**`, () => {});
  await page.reload();
  expect(await page.getByText("Sale", { exact: true }).isVisible()).toBe(true);
});

test("a preview link shows its variant and its door for as long as the tab is open, and is in no statistic", async () => {
  const preview = async (flag: string, variant = "on") =>
    (await admin<{ token: string }>("POST", `${FLAGS}/${flag}/previews`, { variant })).token;
  const settings = {
    kind: "fake-door",
    share: 100_000,
    wording: { message: "Soon", thanks: "Thanks" },
    bar: 0.03,
    targetPeople: 1_000,
  };
  await admin("PUT", `${FLAGS}/wishlists/test`, { settings });
  shop.serve(
    `<p hidden data-flag="halves=a">A</p><p hidden data-flag="halves=b">B</p>
     <button hidden data-fake-door="wishlists">Wish lists</button>`,
  );
  const { page, context, errors } = await visits();
  const reported: string[] = [];
  context.on("request", (request) => {
    if (request.url().endsWith("/v1/events")) reported.push(request.postData() ?? "");
  });
  const halves = (on: Page) =>
    on.evaluate<string>(
      "[...document.querySelectorAll('p')].filter((p) => !p.hidden).map((p) => p.textContent).join()",
    );
  const ready = (on: Page) => on.evaluate("blastdoor.ready");
  const before = async (on: Page) => {
    await on.goto(shop.origin);
    await ready(on);
    return halves(on);
  };
  const own = await before(page);
  await expect.poll(() => reported.length).toBe(1);
  const [other, variant] = own === "A" ? ["B", "b"] : ["A", "a"];
  await page.goto(`${shop.origin}/?from=mail&blastdoorPreview=${await preview("halves", variant)}`);
  await ready(page);
  expect(await halves(page)).toBe(other);
  await page.evaluate('blastdoor.get("halves", ""); blastdoor.track("order", 40)');
  // Longer than events wait for company.
  await page.waitForTimeout(800);
  // On to the next page, whose address says nothing of it; and another tab, which has heard of nothing.
  expect(await before(page)).toBe(other);
  const tab = await context.newPage();
  expect(await before(tab)).toBe(own);
  expect(await tab.getByRole("button", { name: "Wish lists" }).isVisible()).toBe(false);

  await page.goto(`${shop.origin}/?blastdoorPreview=${await preview("wishlists")}`);
  const wishes = page.getByRole("button", { name: "Wish lists" });
  await wishes.waitFor();
  await page.waitForTimeout(1_300);
  await wishes.click();
  await page.getByText("Soon").waitFor();
  type Results = { demand: { withSuspicious: object } };
  const { demand } = await admin<Results>("GET", `${FLAGS}/wishlists/results`);
  expect(demand.withSuspicious).toMatchObject({ seen: 0, clicked: 0 });
  await expect.poll(() => reported.length).toBe(2);
  for (const batch of reported) {
    expect(batch).toContain(`"variant":"${own.toLowerCase()}"`);
    for (const unsaid of [`"variant":"${variant}"`, "order"]) expect(batch).not.toContain(unsaid);
  }
  expect(errors).toEqual([]);
});

test("a made-up preview link, or one that is over, leaves nothing out: what happens in its tab counts as ever", async () => {
  shop.serve('<p hidden data-flag="halves=a">A</p><p hidden data-flag="halves=b">B</p>');
  for (const link of ["/?blastdoorPreview=x", "/?blastdoorPreview=x,y&from=mail"]) {
    const { page } = await visits();
    const reported: { type: string; flag?: string; metric?: string }[] = [];
    page.on("request", (request) => {
      if (request.url().endsWith("/v1/events")) reported.push(...request.postDataJSON().events);
    });
    await page.goto(`${shop.origin}${link}`);
    await page.evaluate('blastdoor.ready.then(() => blastdoor.track("order", 40))');
    // On to the next page of the tab, whose address says nothing of it.
    await expect.poll(() => reported.length).toBe(2);
    await page.goto(shop.origin);
    await page.evaluate('blastdoor.ready.then(() => blastdoor.track("order", 50))');
    await expect.poll(() => reported.length).toBe(3);
    expect(reported.map(({ type, flag, metric }) => [type, flag ?? metric]).sort()).toEqual([
      ["conversion", "order"],
      ["conversion", "order"],
      ["exposure", "halves"],
    ]);
  }
});

test("automatic exposures and conversions are sent once a session, in one batch, as the events route wants them", async () => {
  shop.serve('<p hidden data-flag="halves=a">A</p>');
  const { page } = await visits();
  const batches: { events: { type: string; flag?: string; metric?: string; unit: object }[] }[] = [];
  const answers: Promise<{ accepted: number; rejected: unknown[] }>[] = [];
  page.on("request", (request) => {
    if (request.url().endsWith("/v1/events")) batches.push(request.postDataJSON());
  });
  page.on("response", (response) => {
    if (response.url().endsWith("/v1/events")) answers.push(response.json());
  });
  await page.goto(shop.origin);
  await page.evaluate("blastdoor.ready");
  await page.evaluate('blastdoor.get("halves", ""); blastdoor.track("order", 40)');
  await expect.poll(() => answers.length).toBe(1);
  expect(batches[0]?.events.map(({ type, flag, metric }) => [type, flag ?? metric])).toEqual([
    ["exposure", "halves"],
    ["conversion", "order"],
  ]);
  expect(await answers[0]).toMatchObject({ accepted: 2, rejected: [] });
  await page.reload();
  await page.evaluate("blastdoor.ready");
  await page.evaluate('blastdoor.get("halves", "")');
  await page.waitForTimeout(1_000);
  expect(batches).toHaveLength(1);
});

test.each([
  ["the script is blocked", (page: Page) => page.route("**/blastdoor.js", (route) => route.abort())],
  ["every request is refused", (page: Page) => page.route(`${server.url}/{ofrep,v1}/**`, (route) => route.abort())],
  ["nothing answers", (page: Page) => page.route(`${server.url}/{ofrep,v1}/**`, () => {})],
  [
    "the server fails",
    (page: Page) => page.route(`${server.url}/{ofrep,v1}/**`, (route) => route.fulfill({ status: 500 })),
  ],
  [
    "the server talks nonsense",
    (page: Page) =>
      page.route(`${server.url}/{ofrep,v1}/**`, (route) =>
        route.fulfill({ status: 200, headers: { "Access-Control-Allow-Origin": "*" }, body: '{"flags":7}' }),
      ),
  ],
  [
    "storage is forbidden",
    (page: Page) =>
      page.addInitScript(
        'for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, { get() { throw new Error("no") } })',
      ),
  ],
])("the page stays as it was written, and works, when %s", async (what, breaks) => {
  shop.serve(`<a href="#there" id="own">Own link</a><p data-flag="!nowhere">As written</p>${DOOR}`);
  const { page, errors } = await visits();
  await breaks(page);
  await page.goto(shop.origin);
  await page.waitForTimeout(1_200);
  expect(await page.getByText("As written").isVisible()).toBe(true);
  // Where only storage is missing, all else works.
  expect(await door(page).isVisible()).toBe(what === "storage is forbidden");
  await page.getByText("Own link").click();
  expect(page.url()).toContain("#there");
  expect(errors).toEqual([]);
});
