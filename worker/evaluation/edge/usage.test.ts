import { expect, test } from "vitest";
import { storedSlug } from "../../../shared/schema/names.ts";
import { type UsageReport, usageCounts } from "../../../shared/schema/usage.ts";
import { Usage } from "./usage.ts";
import { UseCounts } from "./use-counts.ts";

let names = 0;
const shop = { project: storedSlug("shop"), environment: storedSlug("production") };

const served = { kind: "server", keyId: "key_1", shape: "one", ageMs: 100 } as const;

function isolate({ failing = false, everyMs = 60_000 } = {}) {
  const told: UsageReport[] = [];
  const counted: Pick<UsageReport, "reporter" | "counts">[] = [];
  const work: Promise<unknown>[] = [];
  const state = { failing };
  const usage = new Usage({
    name: () => `isolate-${++names}`,
    wait: () => Promise.resolve(),
    report: async (_project, _environment, report) => {
      if (state.failing) throw new Error("busy");
      const { reporter, counts, ...rest } = report;
      told.push(rest);
      counted.push({ reporter, counts });
      return { everyMs };
    },
  });
  const note = (flag: string | null, now: number, context: Record<string, unknown> | null = null) =>
    usage.note(shop, flag, context, served, now, (one) => work.push(one));
  return { usage, note, told, counted, state, settled: () => Promise.all(work), calls: () => work.length };
}

test("a minute's requests are told at once, not each by itself", async () => {
  const { note, told, settled, calls } = isolate();
  for (let request = 0; request < 1_000; request++) note(`flag-${request % 3}`, 1_000 + request);
  await settled();
  expect(calls()).toBe(1);
  expect(told).toEqual([{ flags: ["flag-0", "flag-1", "flag-2"], bulk: false, attributes: [] }]);
});

test("what came after a report is told with the next, after a minute", async () => {
  const { note, told, settled } = isolate();
  note("a", 0);
  await settled();
  note("b", 30_000);
  note(null, 61_000);
  await settled();
  expect(told.slice(1)).toEqual([{ flags: ["b"], bulk: true, attributes: [] }]);
});

test("a store that is busy is told again later; nothing fails", async () => {
  const { note, told, state, settled } = isolate({ failing: true });
  note("a", 0);
  await settled();
  state.failing = false;
  note("b", 61_000);
  await settled();
  expect(told).toEqual([{ flags: ["a", "b"], bulk: false, attributes: [] }]);
});

test("a clock set back does not silence an isolate", async () => {
  const { note, told, settled } = isolate();
  note("a", 10_000_000);
  await settled();
  note("b", 1_000);
  await settled();
  expect(told.length).toBe(2);
});

test("attributes are learnt from a sample of contexts, and only from those that are given", async () => {
  const { note, told, settled } = isolate();
  note("a", 0, { targetingKey: "kim", plan: "gold" });
  for (let request = 1; request < 64; request++) note("a", request, { [`rare-${request}`]: "x" });
  await settled();
  expect(told[0]?.attributes).toEqual([
    { name: "targetingKey", values: [] },
    { name: "plan", values: ["gold"] },
  ]);
});

test("counts are totals under one name, so that a report that was lost is made good by the next", async () => {
  const { note, counted, state, settled } = isolate();
  note("a", 0);
  await settled();
  state.failing = true;
  note("a", 61_000);
  await settled();
  state.failing = false;
  note("b", 122_000);
  await settled();
  const asked = counted.map(({ counts }) => counts?.["evaluations.server.one"]);
  expect(asked).toEqual([1, 3]);
  expect(new Set(counted.map(({ reporter }) => reporter)).size).toBe(1);
});

test("an isolate that was silent for a day counts anew under another name", async () => {
  const { note, counted, settled } = isolate();
  note("a", 0);
  await settled();
  note("a", 86_400_001);
  await settled();
  note("a", 86_500_000);
  await settled();
  expect(counted.map(({ counts }) => counts?.["evaluations.server.one"])).toEqual([1, undefined, 1]);
  expect(new Set(counted.map(({ reporter }) => reporter)).size).toBe(2);
});

test("a store that hears from many asks for fewer reports, but not for none", async () => {
  const { note, settled, calls } = isolate({ everyMs: 300_000 });
  note("a", 0);
  await settled();
  note("a", 299_000);
  expect(calls()).toBe(1);
  note("a", 301_000);
  expect(calls()).toBe(2);
  const absurd = isolate({ everyMs: Number.MAX_SAFE_INTEGER });
  absurd.note("a", 0);
  await absurd.settled();
  absurd.note("a", 601_000);
  expect(absurd.calls()).toBe(2);
});

test("an evaluation through a binding counts as a server's, under no key", () => {
  const counts = new UseCounts();
  counts.served({ kind: "server", keyId: null, shape: "one", ageMs: 7 });
  expect(usageCounts.parse(counts.totals())).toEqual({ "evaluations.server.one": 1, "age.0": 1, age_ms: 7 });
});
