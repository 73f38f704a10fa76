import { beforeAll, describe, expect, test } from "vitest";
import { DARK_STAGES, type DarkStage } from "../../shared/demand/test-kinds.ts";
import { SYNTHETIC_HEADER, signSynthetic } from "../crypto/synthetic.ts";
import { sent, withTest } from "../testing/demand.ts";
import { type Answer, done, evaluate, fetched } from "../testing/http.ts";

const HIDDEN = "search-by-photo";
const UNKNOWN = "search-by-sound";
const INSIDE = "203.0.113.9";
const OUTSIDE = "198.51.100.9";
const stranger = { targetingKey: "competitor" };

let shop: Awaited<ReturnType<typeof withTest>>;
let syntheticKey: string;
let before: Answer;
beforeAll(async () => {
  // Another dark launch stands there from the start, so that conditions on the edge are no news.
  shop = await withTest("another", { kind: "dark-launch", segment: fromOffice, staff });
  before = await bulk(stranger);
  await done("PUT", `${shop.state}/${HIDDEN}/test`, { settings: { kind: "dark-launch", segment: fromOffice, staff } });
  syntheticKey = (await done("GET", `${shop.at}/environments/production/synthetic-key`)).key;
});

const fromOffice = { attribute: "edge.ip", op: "in_cidr" as const, values: ["203.0.113.0/24"] };
const staff = { attribute: "email", op: "ends_with" as const, values: ["@shop.example"] };
const from = (ip: string, more: Record<string, string> = {}) => ({ "CF-Connecting-IP": ip, ...more });
const bulk = (context: object, headers: Record<string, string> = from(OUTSIDE)) =>
  evaluate(shop.client, { context, headers });
const single = (flag: string, context: object, headers: Record<string, string> = from(OUTSIDE)) =>
  evaluate(shop.client, { flag, context, headers });
const toStage = (stage: DarkStage) => done("POST", `${shop.state}/${HIDDEN}/test/stage`, { stage });
const edit = () =>
  done("PATCH", `${shop.at}/flags/${HIDDEN}`, {
    description: `edited ${Math.random()}`,
    tags: [`t${Math.random()}`.slice(0, 20)],
  });

/** Everything of an answer that its reader can see, with the name that they asked for themselves taken out. */
const shown = ({ status, headers, text }: Answer, flag = "") => ({
  status,
  headers: [...headers].sort(),
  body: flag ? text.replaceAll(flag, "*") : text,
});

describe.each(DARK_STAGES)("at the stage %s", (stage) => {
  beforeAll(async () => {
    await toStage(stage);
  });

  test("a stranger's answers are those of an unknown flag, byte for byte, also while it is edited", async () => {
    const context = { ...stranger, email: "spy@rival.example" };
    for (let round = 0; round < 3; round++) {
      const [hidden, unknown] = await Promise.all([single(HIDDEN, context), single(UNKNOWN, context)]);
      expect(shown(hidden, HIDDEN)).toEqual(shown(unknown, UNKNOWN));
      expect(hidden.status).toBe(404);
      expect(shown(await bulk(stranger))).toEqual(shown(before));
      const again = await bulk(stranger, from(OUTSIDE, { "If-None-Match": before.headers.get("ETag") ?? "" }));
      expect(again.status).toBe(304);
      await edit();
    }
  });

  test("other routes know it as little", async () => {
    for (const path of [(flag: string) => `/v1/doors/${flag}/open`, (flag: string) => `/v1/ask/${flag}`]) {
      const ask = (flag: string) =>
        sent(path(flag), { key: shop.client, context: stranger, id: crypto.randomUUID(), input: 1 }, { ip: OUTSIDE });
      expect(shown(await ask(HIDDEN), HIDDEN)).toEqual(shown(await ask(UNKNOWN), UNKNOWN));
    }
    const told = (flag: string) => sent("/v1/pages", { key: shop.client, flags: [flag] });
    expect(shown(await told(HIDDEN))).toEqual(shown(await told(UNKNOWN)));
    const time = Date.now();
    const counted = (flag: string, batchId: string) =>
      fetched("/v1/events", {
        method: "POST",
        headers: { "Content-Type": "text/plain" },
        body: JSON.stringify({
          key: shop.client,
          batchId,
          sentAt: time,
          events: [{ id: batchId, type: "exposure", unit: stranger, time, flag, variant: "on" }],
        }),
      });
    const hidden = await counted(HIDDEN, `${stage}-hidden`);
    expect(shown(hidden)).toEqual(shown(await counted(UNKNOWN, `${stage}-unknown`)));
  });

  test("each group sees it from its own stage on", async () => {
    const reached = (from: DarkStage) => (DARK_STAGES.indexOf(stage) >= DARK_STAGES.indexOf(from) ? 200 : 404);
    const signed = from(OUTSIDE, { [SYNTHETIC_HEADER]: signSynthetic(syntheticKey, Date.now()) });
    expect((await single(HIDDEN, stranger, signed)).status).toBe(reached("synthetic"));
    expect((await single(HIDDEN, stranger, from(INSIDE))).status).toBe(reached("segment"));
    expect((await single(HIDDEN, { ...stranger, email: "kim@shop.example" })).status).toBe(reached("staff"));
  });
});

test("the last stage lets in its share of all people, and of those nobody but them", async () => {
  await toStage("percent");
  await done("PUT", `${shop.state}/${HIDDEN}/test`, {
    settings: { kind: "dark-launch", segment: fromOffice, staff, percent: 20_000 },
  });
  const people = Array.from({ length: 200 }, (_, index) => ({ targetingKey: `visitor-${index}` }));
  const seen = await Promise.all(people.map(async (person) => (await single(HIDDEN, person)).status === 200));
  const inBulk = await Promise.all(people.map(async (person) => (await bulk(person)).text.includes(HIDDEN)));
  expect(inBulk).toEqual(seen);
  const share = seen.filter(Boolean).length / people.length;
  expect(share).toBeGreaterThan(0.1);
  expect(share).toBeLessThan(0.3);
});

test("a signature that is old, of another environment or made up lets nobody in", async () => {
  await toStage("synthetic");
  const now = Date.now();
  const other = (await done("GET", `${shop.at}/environments/staging/synthetic-key`)).key;
  for (const header of [
    signSynthetic(syntheticKey, now - 61_000),
    signSynthetic(syntheticKey, now + 61_000),
    signSynthetic(other, now),
    signSynthetic(syntheticKey, now).replace(/.$/, (last) => (last === "0" ? "1" : "0")),
    "true",
  ])
    expect((await single(HIDDEN, stranger, from(OUTSIDE, { [SYNTHETIC_HEADER]: header }))).status).toBe(404);
  const claimed = { ...stranger, edge: { synthetic: true, ip: INSIDE } };
  expect((await single(HIDDEN, claimed)).status).toBe(404);
});

test("a stranger's stream stays silent while the hidden flag is edited and goes through its stages", async () => {
  await toStage("off");
  const { eventStreams } = (await bulk(stranger)).json;
  const reading = new AbortController();
  let heard = "";
  const listening = (async () => {
    const { exports } = await import("cloudflare:workers");
    const worker = (exports as unknown as { default: Fetcher }).default;
    const url = `http://blastdoor.test${eventStreams[0].endpoint.requestUri}`;
    const response = await worker.fetch(url, { headers: from(OUTSIDE) });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    reading.signal.addEventListener("abort", () => void reader.cancel());
    for (;;) {
      const { done: over, value } = await reader.read();
      if (over) return;
      heard += new TextDecoder().decode(value);
    }
  })();
  for (const stage of DARK_STAGES.slice(1)) {
    await toStage(stage);
    await edit();
    await scheduler.wait(900);
  }
  expect(heard).not.toContain("data:");
  // The same stream speaks of what its reader may see.
  await done("PATCH", `${shop.state}/public`, { fallthrough: { variant: "on" } });
  await expect.poll(() => heard).toContain("refetchEvaluation");
  reading.abort();
  await listening.catch(() => {});
});
