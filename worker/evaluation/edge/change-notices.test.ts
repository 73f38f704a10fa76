import { beforeEach, describe, expect, test } from "vitest";
import { HEARTBEAT_MS, JITTER_MS, LIFE_MS, type NoticesDeps, tellChanges } from "./change-notices.ts";
import type { Loaded } from "./loaded.ts";

/** What the isolate knows, the result of the stream's context, and what was written when. */
let known: Loaded | "missing" | "unreachable";
let result: string;
let looks: number;
let evaluations: number;
let written: { at: number; text: string }[];
let gone: boolean;
let welcome: boolean;
let alters: boolean;
let time: number;
/** What happens at a time (ms). */
let plan: Map<number, () => void>;
let random: number;

const loaded = (hash: string, killsChanged = 0) => ({ hash, killsChanged }) as Loaded;
const notices = () => written.filter(({ text }) => text.includes("data:"));
const told = () => notices().map(({ text }) => /"etag":"([^"]*)"/.exec(text)?.[1]);

beforeEach(() => {
  known = loaded("first");
  result = "a";
  looks = evaluations = time = 0;
  written = [];
  gone = false;
  welcome = true;
  alters = true;
  plan = new Map();
  random = 0.5;
});

const deps: NoticesDeps = {
  now: () => time,
  wait: async (ms) => {
    const until = time + ms;
    for (const [at, happen] of [...plan].sort(([a], [b]) => a - b)) {
      if (at > until) break;
      time = Math.max(time, at);
      plan.delete(at);
      happen();
    }
    time = until;
  },
  random: () => random,
  look: async () => {
    looks++;
    return known;
  },
  isWelcome: () => welcome,
  mayAlter: () => alters,
  resultOf: async () => {
    evaluations++;
    return result;
  },
  write: (text) => written.push({ at: time, text }),
  isGone: () => gone,
};
const at = (ms: number, happen: () => void) => plan.set(ms, happen);
const change = (to: string, hash: string) => () => {
  result = to;
  known = loaded(hash);
};
const leaveAt = (ms: number) => at(ms, () => (gone = true));

describe("a change", () => {
  test("is told within a step and the jitter, with the result's ETag as id", async () => {
    at(2_000, change("b", "second"));
    leaveAt(5_000);
    await tellChanges(deps, "a");
    expect(notices()).toHaveLength(1);
    expect(notices()[0]?.text).toBe('id: b\ndata: {"type":"refetchEvaluation","etag":"b"}\n\n');
    expect((notices()[0]?.at ?? 0) - 2_000).toBeLessThanOrEqual(500 + JITTER_MS);
  });

  test("of kills alone is told as well", async () => {
    at(2_000, () => {
      result = "b";
      known = loaded("first", 1);
    });
    leaveAt(5_000);
    await tellChanges(deps, "a");
    expect(told()).toEqual(["b"]);
  });

  test("that leaves this context's result as it was is passed over in silence", async () => {
    at(2_000, change("a", "second"));
    leaveAt(5_000);
    await tellChanges(deps, "a");
    expect(notices()).toEqual([]);
    // It was looked at all the same.
    expect(evaluations).toBe(2);
  });

  test("is evaluated once, not at every step", async () => {
    at(2_000, change("b", "second"));
    leaveAt(8_000);
    await tellChanges(deps, "a");
    expect(looks).toBeGreaterThan(15);
    expect(evaluations).toBe(3);
  });

  test("that was missed between two streams is told at once: the client says what it has (Last-Event-ID)", async () => {
    result = "b";
    leaveAt(1_000);
    await tellChanges(deps, "a");
    expect(told()).toEqual(["b"]);
  });
});

describe("changes close to each other", () => {
  beforeEach(() => {
    random = 0.99;
  });

  test("are told together, the last one", async () => {
    at(2_000, change("b", "second"));
    at(2_200, change("c", "third"));
    leaveAt(6_000);
    await tellChanges(deps, "a");
    expect(told()).toEqual(["c"]);
  });

  test("of which the second takes back the first are not told at all", async () => {
    at(2_000, change("b", "second"));
    at(2_200, change("a", "third"));
    leaveAt(6_000);
    await tellChanges(deps, "a");
    expect(told()).toEqual([]);
  });
});

describe("a stream", () => {
  test("writes something at least every 15 s, so that a silent close is noticed", async () => {
    leaveAt(120_000);
    await tellChanges(deps, "a");
    const gaps = written.slice(1).map(({ at }, index) => at - (written[index]?.at ?? 0));
    expect(gaps.length).toBeGreaterThan(8);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(15_000);
    expect(notices()).toEqual([]);
  });

  test.each([
    [0, LIFE_MS.least],
    [0.999, LIFE_MS.most],
  ])("ends after four to six minutes (drawn: %d) and has said when to come back", async (draw, life) => {
    random = draw;
    await tellChanges(deps, "a");
    expect(Math.abs(time - life)).toBeLessThan(1_000);
    expect(written[0]?.text).toMatch(/^retry: [1-3]\d{3}\n/);
    // Within what an invocation may ask for, should every look be a subrequest.
    expect(looks).toBeLessThan(10_000);
  });

  test("stops with its client, writing nothing more", async () => {
    at(2_000, change("b", "second"));
    leaveAt(2_100);
    await tellChanges(deps, "a");
    expect(notices()).toEqual([]);
    expect(time).toBeLessThan(3_000);
  });

  test.each([
    ["its key is revoked", () => (welcome = false)],
    ["its project is gone", () => (known = "missing")],
  ])("ends when %s", async (_what, happen) => {
    at(2_000, happen);
    await tellChanges(deps, "a");
    expect(time).toBeLessThan(3_000);
  });

  test("outlives a time in which nothing can be learnt, and tells afterwards", async () => {
    at(1_000, () => (known = "unreachable"));
    at(30_000, change("b", "second"));
    leaveAt(32_000);
    await tellChanges(deps, "a");
    expect(told()).toEqual(["b"]);
    expect(written.filter(({ text }) => text === ": still here\n\n").length).toBeGreaterThan(1);
  });

  test("evaluates once between changes where time alters nothing, and still says that it is there", async () => {
    alters = false;
    leaveAt(6 * HEARTBEAT_MS);
    await tellChanges(deps, "a");
    expect(evaluations).toBe(1);
    expect(written.filter(({ text }) => text === ": still here\n\n").length).toBeGreaterThan(4);
  });

  test("tells a change later that could not be looked at once more", async () => {
    alters = false;
    at(2_000, change("b", "second"));
    at(2_550, () => (known = "unreachable"));
    at(4_000, () => (known = loaded("second")));
    leaveAt(6_000);
    await tellChanges(deps, "a");
    expect(told()).toEqual(["b"]);
  });

  test("evaluates again at the heartbeat's pace, since a rule may expire by time alone", async () => {
    at(3_000, () => (result = "b"));
    leaveAt(HEARTBEAT_MS + 3_000);
    await tellChanges(deps, "a");
    expect(told()).toEqual(["b"]);
  });
});
