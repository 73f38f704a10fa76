import { describe, expect, test } from "vitest";
import type { ProbeAnswer, ProbeSample } from "../../shared/schema/probe.ts";
import { judgeBill } from "./checks/bill.ts";
import { judgeCache } from "./checks/cache.ts";
import { judgeLooks } from "./checks/guard.ts";
import { judgeHost } from "./checks/host.ts";
import { judgeKv } from "./checks/kv.ts";
import { judgeRegions } from "./checks/regions.ts";
import { judgeSizes } from "./checks/sizes.ts";
import { judgeStore } from "./checks/store.ts";
import { judgeStreams } from "./checks/streams.ts";
import { judgeVersions } from "./checks/versions.ts";
import { table } from "./report.ts";
import { judgeChanges, latenessOf } from "./staleness.ts";
import { allChecks, verify } from "./verify.ts";

const answer = (more: Partial<ProbeAnswer> = {}): ProbeAnswer => ({
  colo: "FRA",
  isolate: "a",
  version: "v1",
  values: {},
  openStreams: 0,
  ...more,
});
const sample = (more: Partial<ProbeAnswer> | null = {}, at = 0, ms = 5): ProbeSample => ({
  at,
  ms,
  status: more === null ? 0 : 200,
  answer: more === null ? null : answer(more),
});
const said = (flag: boolean, at: number, isolate = "a") => sample({ values: { f: flag }, isolate }, at);

describe("changes", () => {
  const change = { flag: "f", committedAt: 1_000, sentAt: 1_500 };

  test("are late by the last stale answer of each isolate, counted from when it was asked for", () => {
    const samples = [
      said(true, 900),
      said(true, 1_400),
      said(false, 1_800),
      said(true, 2_600, "b"),
      said(false, 2_900, "b"),
    ];
    expect(latenessOf([change], [{ place: "weur", samples }])).toEqual([
      { who: "weur FRA a", flag: "f", ms: 400, turned: true },
      { who: "weur FRA b", flag: "f", ms: 1_600, turned: true },
    ]);
    // This machine's clock is not the store's.
    expect(
      latenessOf([change], [{ place: "here", samples: [said(true, 1_400), said(true, 1_700), said(false, 1_900)] }]),
    ).toEqual([{ who: "here FRA a", flag: "f", ms: 200, turned: true }]);
  });

  test.each<[what: string, samples: ProbeSample[], verdict: string, words: RegExp]>([
    ["in time", [said(true, 2_999), said(false, 3_001)], "met", /1999 ms \(worst: weur FRA a\)/],
    [
      "a millisecond late",
      [said(true, 3_001), said(false, 3_050)],
      "MISSED",
      /weur FRA a answered f stale after 2001 ms/,
    ],
    ["in time by one isolate only", [said(false, 1_100), said(true, 4_000, "b")], "MISSED", /weur FRA b/],
    ["never", [said(true, 1_100), said(true, 1_200)], "MISSED", /never seen changed/],
    ["seen by nobody", [said(true, 900)], "not reached", /no evaluation was seen/],
    ["amid failures", [said(false, 1_100), sample(null, 1_200)], "MISSED", /1 of 2 evaluations failed/],
  ])("that arrive %s", (_what, samples, verdict, words) => {
    const finding = judgeChanges([change], [{ place: "weur", samples }]);
    expect(finding).toMatchObject({ verdict, seen: expect.stringMatching(words) });
  });

  test("of which one was seen by nobody are a miss", () => {
    const changes = [change, { ...change, flag: "g", committedAt: 9_000 }];
    expect(judgeChanges(changes, [{ place: "weur", samples: [said(false, 1_100)] }])).toMatchObject({
      verdict: "MISSED",
      seen: expect.stringContaining("after the change of g"),
    });
  });

  test("of several sizes are missed when one is, and not reached when one was not", () => {
    const finding = (verdict: "met" | "MISSED" | "not reached") => ({ seen: "x", verdict });
    const of = (...verdicts: Parameters<typeof finding>[0][]) =>
      judgeSizes(verdicts.map((one, flags) => ({ flags, finding: finding(one) }))).verdict;
    expect([of("met", "met"), of("met", "MISSED", "not reached"), of("met", "not reached")]).toEqual([
      "met",
      "MISSED",
      "not reached",
    ]);
  });
});

test.each<[url: string, more: object, verdict: string]>([
  ["https://flags.example/", {}, "met"],
  ["http://flags.example/", {}, "MISSED"],
  ["https://blastdoor.me.workers.dev/", {}, "MISSED"],
  [
    "https://flags.example/",
    { status: 302, location: "https://me.cloudflareaccess.com/cdn-cgi/access/login" },
    "MISSED",
  ],
  ["https://flags.example/", { status: 200, ours: false }, "MISSED"],
  ["http://127.0.0.1:8787/", {}, "not reached"],
])("host: %s %j is %s", (url, more, verdict) => {
  expect(judgeHost({ url, status: 200, location: "", ours: true, ...more }).verdict).toBe(verdict);
});

test("regions: one whose probe is not answered is missed, one without a probe is not", () => {
  const of = (samples: ProbeSample[] | null) => ({
    region: "weur" as const,
    report: samples && { version: null, samples },
    why: "503",
  });
  expect(judgeRegions([of([sample()]), of(null)])).toMatchObject({
    verdict: "met",
    seen: expect.stringContaining("no probe"),
  });
  expect(judgeRegions([of([sample()]), of([sample(null)])]).verdict).toBe("MISSED");
  expect(judgeRegions([of(null)]).verdict).toBe("not reached");
});

test.each<[edges: (string | null)[], objects: (string | null)[], verdict: string]>([
  [["a", "a"], ["a"], "met"],
  [["a", "b"], ["a"], "MISSED"],
  [["a", "a"], ["a", "b"], "MISSED"],
  [[null], [null], "not reached"],
  [[], [], "MISSED"],
])("versions: edges %j and objects %j are %s", (edges, objects, verdict) => {
  expect(judgeVersions(edges, objects).verdict).toBe(verdict);
});

test.each<[what: string, more: object, verdict: string]>([
  ["found and gone", {}, "met"],
  ["not found", { foundSoon: false }, "MISSED"],
  ["found too long", { foundLater: true, laterMs: 2_500 }, "MISSED"],
  ["found while Cloudflare rounds", { foundLater: true, laterMs: 1_900 }, "met"],
  ["looked for too late", { foundSoon: false, soonMs: 1_500 }, "not reached"],
])("cache: an entry that is %s", (_what, more, verdict) => {
  const one = { colo: "FRA", soonMs: 50, foundSoon: true, laterMs: 2_200, foundLater: false, ...more };
  expect(judgeCache([one]).verdict).toBe(verdict);
});

test("cache: one miss among several is none of the data centre", () => {
  const one = { colo: "FRA", soonMs: 50, foundSoon: true, laterMs: 2_200, foundLater: false };
  expect(judgeCache([one, { ...one, foundSoon: false }])).toMatchObject({
    verdict: "met",
    seen: expect.stringMatching(/^1 of 2/),
  });
});

describe("store", () => {
  const reads = (answered: number, refused = 0, failed = 0, longestMs = 20) =>
    sample({ pointer: { answered, refused, failed, longestMs } });
  const seen = { single: [reads(1)], load: [reads(4_000, 100)], loadMs: 5_000, killMs: 100 };

  test.each<[what: string, more: object, verdict: string]>([
    ["turns away above its limit", {}, "met"],
    ["is never brought to its limit", { load: [reads(100)] }, "not reached"],
    ["turns away far below it", { load: [reads(100, 10)] }, "MISSED"],
    ["is slow to answer", { single: [reads(1, 0, 0, 1_200)] }, "MISSED"],
    ["lets a kill wait", { killMs: 2_500 }, "MISSED"],
    ["fails", { load: [reads(4_000, 0, 200)] }, "MISSED"],
    ["says nothing", { single: [sample(null)] }, "not reached"],
  ])("that %s", (_what, more, verdict) => {
    expect(judgeStore({ ...seen, ...more }).verdict).toBe(verdict);
  });
});

test("kv: nulls and failures beyond a twentieth are a miss", () => {
  const of = (found: number, nulls: number, failed = 0) =>
    judgeKv([
      ...Array.from({ length: found }, () => sample({ kv: "found" })),
      ...Array.from({ length: nulls }, () => sample({ kv: "null" })),
      ...Array.from({ length: failed }, () => sample({ kv: "failed" })),
    ]).verdict;
  expect([of(19, 1), of(18, 2), of(18, 0, 2), of(0, 0)]).toEqual(["met", "MISSED", "MISSED", "not reached"]);
});

test.each<[what: string, more: object, verdict: string]>([
  ["all gone", {}, "met"],
  ["one left", { after: 1 }, "MISSED"],
  ["some refused", { opened: 49 }, "MISSED"],
  ["none opened", { opened: 0 }, "MISSED"],
  ["in isolates that were not met", { during: 0 }, "not reached"],
])("streams: %s", (_what, more, verdict) => {
  expect(judgeStreams({ asked: 50, opened: 50, during: 30, after: 0, afterMs: 300, ...more }).verdict).toBe(verdict);
});

test.each<[what: string, noticedAt: number[], verdict: string]>([
  ["every other second", [0, 2_000, 4_000, 6_000], "met"],
  ["with a pause", [0, 6_500, 8_000], "MISSED"],
  ["once, and never again", [0], "MISSED"],
  ["not at all", [], "MISSED"],
])("guard: looks %s", (_what, noticedAt, verdict) => {
  expect(judgeLooks({ noticedAt, endedAt: 8_000, beacons: 100, accepted: 5 }).verdict).toBe(verdict);
});

test("guard: without a server's event there is nothing to look at", () => {
  expect(judgeLooks({ noticedAt: [0], endedAt: 1, beacons: 100, accepted: 0 }).verdict).toBe("not reached");
});

test.each<[requests: number, objectRequests: number, rowsWritten: number, verdict: string]>([
  [1_000_000, 100_000, 200_000, "met"],
  [1_000_000, 100_000, 2_000_000, "MISSED"],
  [1_000_000, 3_000_000, 200_000, "MISSED"],
  [10, 1_000, 100, "met"],
  [10, 1_000, 5_000_000, "MISSED"],
])("bill: %d requests, %d of objects and %d rows a day", (requests, objectRequests, rowsWritten, verdict) => {
  expect(judgeBill({ requests, objectRequests, rowsWritten }).verdict).toBe(verdict);
});

describe("the command", () => {
  const outside = (noted: string[]) => ({
    fetch: () => Promise.reject(new Error("nothing is to be asked")),
    env: { ADMIN_TOKEN: "x" },
    signal: new AbortController().signal,
    print: () => {},
    note: (line: string) => noted.push(line),
  });

  test.each<[args: string[], words: string]>([
    [[], "Say where it runs"],
    [["flags.example"], "Say where it runs"],
    [["file:///etc/passwd"], "Say where it runs"],
    [["https://flags.example", "https://other.example"], "One address at a time"],
    [["https://admin:secret@flags.example"], "neither a name nor a query"],
    [["https://flags.example", "--only", "kills,cats"], 'no check "cats"'],
    [["https://flags.example", "--fast"], "--fast"],
  ])("ends with 2 for %j, before it asks anybody", async (args, words) => {
    const noted: string[] = [];
    expect(await verify(args, outside(noted))).toBe(2);
    expect(noted.join("\n")).toContain(words);
  });

  test("ends with 2 without ADMIN_TOKEN", async () => {
    const noted: string[] = [];
    expect(await verify(["https://flags.example"], { ...outside(noted), env: {} })).toBe(2);
    expect(noted.join("\n")).toContain("Set ADMIN_TOKEN");
  });

  test("has a check for each file, each with a name of its own and a promise", async () => {
    const checks = await allChecks();
    expect(new Set(checks.map(({ name }) => name)).size).toBe(checks.length);
    expect(checks.every(({ promised }) => promised.length > 10)).toBe(true);
    expect(checks.map(({ name }) => name)).toContain("kills");
  });

  test("prints one table, whose lines stay narrow", () => {
    const row = { name: "kills", promised: "word ".repeat(40), seen: "x".repeat(300), verdict: "MISSED" as const };
    const lines = table([row]).split("\n");
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(130);
    expect(lines.filter((line) => line.endsWith("MISSED"))).toHaveLength(1);
  });
});
