import { beforeEach, describe, expect, test } from "vitest";
import {
  comeBackLater,
  HEARTBEAT_MS,
  JITTER_MS,
  LIFE_MS,
  type NoticesDeps,
  REPEATS_MS,
  tellChanges,
} from "./change-notices.ts";
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
  test("is told within a step and the jitter, with the result's ETag", async () => {
    at(2_000, change("b", "second"));
    leaveAt(5_000);
    await tellChanges(deps, "a");
    expect(notices()).toHaveLength(1);
    expect(notices()[0]?.text).toBe('id: b~\ndata: {"type":"refetchEvaluation","etag":"b"}\n\n');
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

describe("a client whose refetch fails, which it does not repeat", () => {
  test("is told of a change again, and only the last time that it was told counts", async () => {
    at(2_000, change("b", "second"));
    leaveAt(120_000);
    await tellChanges(deps, "a");
    expect(told()).toEqual(["b", "b", "b", "b"]);
    expect(notices().map(({ text }) => /^id: (\S+)/.exec(text)?.[1])).toEqual(["b~", "b~", "b~", "b"]);
    const [first = 0, ...again] = notices().map(({ at }) => at);
    expect(again.every((at, nth) => Math.abs(at - first - (REPEATS_MS[nth] ?? 0)) <= 500)).toBe(true);
  });

  test("is told of the latest change alone, so often from then on", async () => {
    at(2_000, change("b", "second"));
    at(10_000, change("c", "third"));
    leaveAt(120_000);
    await tellChanges(deps, "a");
    expect(told()).toEqual(["b", "b", "c", "c", "c", "c"]);
  });

  test("and whose stream then breaks is told on the next one", async () => {
    result = "b";
    leaveAt(1_000);
    await tellChanges(deps, "b~");
    expect(told()).toEqual(["b"]);
    written = [];
    time = 0;
    gone = false;
    leaveAt(1_000);
    await tellChanges(deps, "b");
    expect(told()).toEqual([]);
  });
});

describe("a client for which there is no room", () => {
  test("hears when to come back: before the 30 s after which a stock provider evaluates each time", () => {
    for (const random of [0, 0.5, 0.999]) {
      const wait = Number(/^retry: (\d+)\n/.exec(comeBackLater("a", "a", random))?.[1]);
      expect(wait).toBeGreaterThanOrEqual(20_000);
      expect(wait).toBeLessThan(29_000);
    }
  });

  test("is told of a result that it does not have, twice, and of nothing else", () => {
    const toldOf = (text: string) => /^id: (\S+)\ndata: .*"etag":"(\w+)"/m.exec(text)?.slice(1) ?? null;
    expect(toldOf(comeBackLater("a", "a", 0))).toBeNull();
    expect(toldOf(comeBackLater("a", null, 0))).toBeNull();
    expect(toldOf(comeBackLater("a", "b", 0))).toEqual(["b~", "b"]);
    expect(toldOf(comeBackLater("b~", "b", 0))).toEqual(["b", "b"]);
    expect(toldOf(comeBackLater("b", "b", 0))).toBeNull();
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
