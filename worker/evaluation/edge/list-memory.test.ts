import { describe, expect, test } from "vitest";
import { parsePath } from "../../../shared/evaluation/attribute.ts";
import { sipHash, sipKey } from "../../../shared/hashing/sip-hash.ts";
import { storedKeyName } from "../../../shared/schema/names.ts";
import { divide, type SegmentList, sortHashes } from "../../../shared/segments/segment-list.ts";
import { PROJECT } from "../../testing/fake-sources.ts";
import { ListMemory, type ShardSources } from "./list-memory.ts";

const KEY = "000102030405060708090a0b0c0d0e0f";
const SHARDS = 4;
const PATIENT_MS = 1_000;

/** A list's bytes by their KV keys, and the list. */
function listOf(segment: string, keys: string[], version = "1-1", by = "targetingKey") {
  const words = sortHashes(
    new Uint32Array(keys.flatMap((key) => [sipHash(sipKey(KEY), key).low, sipHash(sipKey(KEY), key).high])),
  );
  const parts = divide(words, SHARDS);
  const source = {
    version,
    key: KEY,
    count: keys.length,
    shards: parts.map((part) => (part.length > 0 ? version : "")),
  };
  const list: SegmentList = { segment: storedKeyName(segment), by: parsePath(by), source };
  const kv = new Map(parts.map((part, shard) => [`lists/shop/${segment}/${version}/${shard}`, part.slice().buffer]));
  return { list, kv };
}

const users = Array.from({ length: 200 }, (_, index) => `u${index}`);
const vip = listOf("vip", users);

interface Told {
  reads: string[];
  waitedMs: number;
  events: string[];
}

function memoryOf(over: Partial<ShardSources> = {}): { memory: ListMemory; told: Told; clock: { now: number } } {
  const told: Told = { reads: [], waitedMs: 0, events: [] };
  const clock = { now: 1_000_000 };
  const memory = new ListMemory({
    now: () => clock.now,
    wait: (ms) => {
      told.waitedMs += ms;
      return new Promise((done) => setTimeout(done, ms));
    },
    kvShard: async (key) => {
      told.reads.push(key);
      return vip.kv.get(key) ?? null;
    },
    storeShard: async () => null,
    report: ({ event }) => void told.events.push(event),
    ...over,
  });
  return { memory, told, clock };
}

const ignore = () => {};
const ask = (memory: ListMemory, targetingKey: unknown, lists = [vip.list], deadline = PATIENT_MS) =>
  memory.memberships(PROJECT, lists, { targetingKey }, ignore, deadline);

describe("a membership", () => {
  test("is that of the list, for those who are in it and those who are not", async () => {
    const { memory } = memoryOf();
    for (const user of users) expect((await ask(memory, user)).get("vip")).toBe(true);
    for (const user of users) expect((await ask(memory, `not-${user}`)).get("vip")).toBe(false);
  });

  test("reads each shard once; what is in memory answers without waiting", async () => {
    const { memory, told } = memoryOf();
    for (const user of users) await ask(memory, user);
    expect(told.reads).toHaveLength(SHARDS);
    expect(ask(memory, "u1")).not.toBeInstanceOf(Promise);
  });

  test("of a person without the attribute is not looked up, nor is a shard that nobody is in", () => {
    const { memory, told } = memoryOf();
    expect(ask(memory, undefined)).toEqual(new Map());
    expect(memory.memberships(PROJECT, [vip.list], null, ignore, PATIENT_MS)).toEqual(new Map());
    expect(ask(memory, "u1", [listOf("none", []).list])).toEqual(new Map([["none", false]]));
    expect(ask(memory, "x".repeat(5_000))).toEqual(new Map([["vip", false]]));
    expect(told.reads).toEqual([]);
  });

  test("that cannot be had in time is left open, and the read goes on for those who come later", async () => {
    const kept: Promise<unknown>[] = [];
    let answer = () => {};
    const { memory, told } = memoryOf({
      kvShard: (key) =>
        new Promise((resolve) => {
          answer = () => resolve(vip.kv.get(key) ?? null);
        }),
    });
    const keep = (work: Promise<unknown>) => void kept.push(work);
    expect(await memory.memberships(PROJECT, [vip.list], { targetingKey: "u1" }, keep, 20)).toEqual(new Map());
    expect(told.waitedMs).toBe(20);
    answer();
    await Promise.all(kept);
    expect(ask(memory, "u1")).toEqual(new Map([["vip", true]]));
  });

  test("is asked of the store where KV has none, nonsense or trouble", async () => {
    const troubles: ShardSources["kvShard"][] = [
      async () => null,
      async () => new ArrayBuffer(13),
      async () => {
        throw new Error("KV is down");
      },
    ];
    for (const kvShard of troubles) {
      const storeShard: ShardSources["storeShard"] = async (project, segment, shard, version) =>
        vip.kv.get(`lists/${project}/${segment}/${version}/${shard}`) ?? null;
      const { memory } = memoryOf({ kvShard, storeShard });
      expect((await ask(memory, "u1")).get("vip")).toBe(true);
      expect((await ask(memory, "nobody")).get("vip")).toBe(false);
    }
  });
});

describe("one request and another", () => {
  test("share a read: the second waits on its own timer, and its fate does not hang on the first", async () => {
    let answer: (bytes: ArrayBuffer | null) => void = () => {};
    const { memory, told } = memoryOf({
      kvShard: (key) => {
        told.reads.push(key);
        return new Promise((resolve) => {
          answer = () => resolve(vip.kv.get(key) ?? null);
        });
      },
    });
    const [first, second] = [ask(memory, "u1"), ask(memory, "u1")];
    answer(null);
    expect([(await first).get("vip"), (await second).get("vip")]).toEqual([true, true]);
    expect(told.reads).toHaveLength(1);
  });

  test("a read that never comes back holds nobody longer than the deadline, and is tried again after its lease", async () => {
    const { memory, told, clock } = memoryOf({
      kvShard: (key) => {
        told.reads.push(key);
        return new Promise(() => {});
      },
    });
    for (let time = 0; time < 3; time++) expect(await ask(memory, "u1", [vip.list], 20)).toEqual(new Map());
    expect(told.reads).toHaveLength(1);
    clock.now += 1_001;
    await ask(memory, "u1", [vip.list], 20);
    expect(told.reads).toHaveLength(2);
    clock.now -= 500_000;
    await ask(memory, "u1", [vip.list], 20);
    expect(told.reads).toHaveLength(3);
  });

  test("a shard that cannot be had is asked for once a lease, and nobody waits for it meanwhile", async () => {
    const { memory, told, clock } = memoryOf({
      kvShard: async (key) => {
        told.reads.push(key);
        return null;
      },
    });
    await ask(memory, "u1");
    const { waitedMs } = told;
    for (let time = 0; time < 20; time++) expect(await ask(memory, "u1")).toEqual(new Map());
    expect(told.waitedMs).toBe(waitedMs);
    expect(told.reads).toHaveLength(1);
    clock.now += 1_001;
    await ask(memory, "u1");
    expect(told.reads).toHaveLength(2);
  });
});

test("memory stays within its bound, and what was used last stays", async () => {
  const shard = (high: number) => {
    const words = new Uint32Array(2 * 131_072);
    for (let at = 0; at < words.length; at += 2) words[at + 1] = high;
    return words.buffer;
  };
  const prefix = (key: string) => Number(key.split("/").at(-1));
  const { memory, told } = memoryOf({
    kvShard: async (key) => {
      told.reads.push(key);
      return shard(prefix(key) * 2 ** 30);
    },
  });
  const lists = Array.from({ length: 30 }, (_, index) => ({
    ...vip.list,
    segment: storedKeyName(`s${index}`),
    source: { ...vip.list.source, shards: ["1-1", "1-1", "1-1", "1-1"] },
  }));
  for (const list of lists) {
    await ask(memory, "u1", [list]);
    await ask(memory, "u1", [lists[0] as SegmentList]);
    expect(memory.bytes).toBeLessThanOrEqual(16 * 1024 * 1024);
  }
  expect(told.reads.filter((key) => key.includes("/s0/"))).toHaveLength(1);
  await ask(memory, "u1", [lists[1] as SegmentList]);
  expect(told.reads.filter((key) => key.includes("/s1/"))).toHaveLength(2);
});
