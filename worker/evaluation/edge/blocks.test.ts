import fc from "fast-check";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { evaluateAll, prepare } from "../../../shared/evaluation/run/evaluate.ts";
import { anyContext, anySnapshot, NOW } from "../../../shared/evaluation/testing/arbitraries.ts";
import { storedSlug } from "../../../shared/schema/names.ts";
import { type Snapshot, snapshot as snapshotSchema } from "../../../shared/schema/snapshot.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { blockKey, snapshotKey } from "../../kv/snapshot-store.ts";
import type { InBlocks } from "../../testing/fake-blocks.ts";
import { aKill, FakeIsolate, FakeSources, PROJECT } from "../../testing/fake-sources.ts";
import { served } from "../../testing/served.ts";
import { HeldBlock } from "./held-block.ts";
import type { Known, Loaded } from "./loaded.ts";
import { SNAPSHOTS_BYTES } from "./memory-budget.ts";
import { BOUND_MS, STALE_MS, WAIT_COLD_MS } from "./pointer-lane.ts";

/* The law: what an edge serves is a function of the hash that the pointer names. Patches are a hint. */

const PRODUCTION = storedSlug("production");
const flag = (variant: string, padding = "") => ({
  variants: { on: "on", off: "off", blue: "blue", padding },
  offVariant: "off",
  visibility: "public",
  seed: "s",
  state: { enabled: true, fallthrough: { variant } },
});
/** `checkout` amid flags enough for several blocks, with about this many characters each. */
const flagsWith = (variant: string, { count = 600, chars = 0, others = "on" } = {}) =>
  snapshotSchema.shape.flags.parse({
    ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`a${n}`, flag(others, "x".repeat(chars))])),
    checkout: flag(variant),
    ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`z${n}`, flag(others, "x".repeat(chars))])),
  });

let sources: FakeSources;
let isolate: FakeIsolate;
beforeEach(() => {
  sources = new FakeSources();
  isolate = new FakeIsolate(sources);
});

const now = async () => served((await isolate.asked()).got);
/** What is served once a refresh has had the time that it is promised. */
const later = async (ms = BOUND_MS) => {
  await sources.tick(STALE_MS);
  void isolate.ask();
  await sources.tick(ms);
  return now();
};
const loaded = async (one = isolate): Promise<Loaded> => {
  const { got } = await one.asked();
  if (typeof got !== "object") throw new Error(`the environment is ${got}`);
  return got;
};
const keyOf = (hash: string) => blockKey(PROJECT, PRODUCTION, hash);
const valueKey = ({ hash, manifest }: InBlocks) => snapshotKey(PROJECT, PRODUCTION, manifest.revision, hash);
const answers = (got: Known | undefined, contexts: readonly unknown[]) =>
  contexts.flatMap((context) =>
    (["client", "server"] as const).map((audience) => {
      if (typeof got !== "object") return got;
      const { flags, etag } = evaluateAll(got.compiled, prepare(got.compiled, context, NOW), audience);
      return { flags: String(flags), etag };
    }),
  );

describe("what an edge reads", () => {
  test("cold: the manifest and each block, six at a time at most", async () => {
    sources.kvMs = 20;
    const { manifest } = sources.publishBlocks({ flags: flagsWith("on", { count: 2_000 }) });
    expect(await now()).toBe("on");
    expect(manifest.blocks.length).toBeGreaterThan(12);
    expect(sources.count("kv")).toBe(1 + manifest.blocks.length);
    expect(sources.kvAtOnce).toBeLessThanOrEqual(6);
    expect(sources.count("storeBlock") + sources.count("storeSnapshot")).toBe(0);
  });

  test("warm: for an edit of one flag of 10,000 one value of 20 KB, of which one block is new", async () => {
    const size = { count: 5_000, chars: 800 };
    sources.publishBlocks({ flags: flagsWith("on", size) });
    const before = await loaded();
    const reads = sources.count("kv");
    sources.shipped = 0;
    sources.publishBlocks({ flags: flagsWith("blue", size) });
    expect(await later()).toBe("blue");
    expect(sources.count("kv") - reads).toBe(1);
    expect(sources.shipped).toBeLessThanOrEqual(20_000);
    const after = await loaded();
    expect(after.blocks.filter((block) => !before.blocks.includes(block))).toHaveLength(1);
    expect(after.keys).toBe(before.keys);
    expect(after.observed).toBe(before.observed);
  });

  test("warm: of an edit, only the blocks of one part are parsed and compiled", async () => {
    const { manifest } = sources.publishBlocks({ flags: flagsWith("on", { count: 6_000 }) });
    await now();
    using documents = vi.spyOn(HeldBlock.prototype, "documents");
    sources.publishBlocks({ flags: flagsWith("blue", { count: 6_000 }) });
    expect(await later()).toBe("blue");
    // Neighbouring blocks are compiled as one part, of 1,024 flags at most.
    expect(documents.mock.calls.length).toBeLessThanOrEqual(8);
    expect(manifest.blocks.length).toBeGreaterThan(24);
  });

  test("a crowd that finds the environment absent loads it once", async () => {
    sources.kvMs = 20;
    const { manifest } = sources.publishBlocks({ flags: flagsWith("on") });
    const requests = Array.from({ length: 50 }, () => isolate.ask());
    await sources.tick(WAIT_COLD_MS);
    expect(requests.map(({ got }) => served(got))).toEqual(requests.map(() => "on"));
    expect(sources.count("kv")).toBe(1 + manifest.blocks.length);
    expect(sources.count("store")).toBe(1);
  });
});

describe("a patch is a hint", () => {
  beforeEach(async () => {
    sources.publishBlocks({ flags: flagsWith("on") });
    expect(await now()).toBe("on");
  });
  /** Publishes a change, with another text where the patch was. */
  const patchedWith = (text: (right: string) => string) => {
    const next = sources.publishBlocks({ flags: flagsWith("blue") });
    sources.bodies.set(valueKey(next), `${next.head}\n${text(JSON.stringify(next.patch))}`);
  };
  const wrong =
    (change: (block: { from: string; to: string; put: unknown[]; remove: string[] }) => object) => (right: string) =>
      JSON.stringify({ blocks: JSON.parse(right).blocks.map(change) });

  test.each<[string, (right: string) => string]>([
    ["cut off", (right) => right.slice(0, right.length / 2)],
    ["empty", () => ""],
    ["null", () => "null"],
    ["no patch", () => '{"blocks":[{"from":1}]}'],
    ["of another block", wrong((block) => ({ ...block, from: "0".repeat(64) }))],
    ["to another block", wrong((block) => ({ ...block, to: "0".repeat(64) }))],
    ["with another value", (right) => right.replaceAll("blue", "blau")],
    ["without what changed", wrong((block) => ({ ...block, put: [] }))],
    ["that removes what stays", wrong((block) => ({ ...block, remove: ["flag/a0", "flag/a1", "flag/z1"] }))],
    ["that breaks lines", wrong((block) => ({ ...block, put: [["flag/checkout", "1\nflag/x\t2"]] }))],
    ["twice", wrong((block) => block)],
  ])("%s: what it does not give is read by its hash", async (_what, text) => {
    patchedWith(text);
    expect(await later()).toBe("blue");
    expect(answers((await isolate.asked()).got, [{}])).toEqual(
      answers((await new FakeIsolate(sources).asked()).got, [{}]),
    );
  });

  test("lost: the block that changed is read, and no other", async () => {
    const reads = sources.count("kv");
    sources.publishBlocks({ flags: flagsWith("blue") }, { patch: false });
    expect(await later()).toBe("blue");
    expect(sources.count("kv") - reads).toBe(2);
  });

  test("missed, with the versions between: what is held is used, and the rest is read", async () => {
    const reads = sources.count("kv");
    sources.publishBlocks({ flags: flagsWith("off") });
    sources.publishBlocks({ flags: flagsWith("blue") });
    expect(await later()).toBe("blue");
    expect(sources.count("kv") - reads).toBeLessThanOrEqual(2);
  });

  test("back to what was before: nothing but the value is read", async () => {
    sources.publishBlocks({ flags: flagsWith("blue") });
    expect(await later()).toBe("blue");
    const reads = sources.count("kv");
    sources.publishBlocks({ flags: flagsWith("on") });
    expect(await later()).toBe("on");
    expect(sources.count("kv") - reads).toBe(1);
  });
});

describe.each(["null", "error", "corrupt", "hang"] as const)("KV answers with %s for blocks", (fault) => {
  let before: InBlocks;
  beforeEach(async () => {
    before = sources.publishBlocks({ flags: flagsWith("on") });
    expect(await now()).toBe("on");
    sources.publishBlocks({ flags: flagsWith("blue", { others: "off" }) }, { patch: false });
    sources.faults.kv = fault;
  });

  test("a warm isolate takes them from the store", async () => {
    expect(await later(10_000)).toBe("blue");
    expect(sources.count("storeBlock")).toBeGreaterThan(0);
  });

  test("and the store has none: the last known good stays whole, and the change comes when they are there", async () => {
    sources.faults.storeBlock = fault;
    expect(await later(10_000)).toBe("on");
    expect((await loaded()).hash).toBe(before.hash);
    sources.faults.kv = null;
    sources.faults.storeBlock = null;
    expect(await later(10_000)).toBe("blue");
  });
});

describe("never a part", () => {
  test("one block of many cannot be had: nothing of the version is served", async () => {
    sources.publishBlocks({ flags: flagsWith("on") });
    await now();
    const next = sources.publishBlocks({ flags: flagsWith("blue", { others: "off" }) }, { patch: false });
    sources.bodies.delete(keyOf(next.manifest.blocks.at(-1) as string));
    sources.faults.storeBlock = "null";
    for (let round = 0; round < 5; round++) expect(await later()).toBe("on");
    expect(served((await isolate.asked()).got, "a0")).toBe("on");
    // What came is not read again.
    const reads = sources.count("kv");
    await later();
    expect(sources.count("kv") - reads).toBeLessThanOrEqual(2 * 4);
  });

  test.each([
    ["of another environment", (one: InBlocks) => ({ ...one.manifest, environment: "staging" })],
    ["of another project", (one: InBlocks) => ({ ...one.manifest, project: "other" })],
    ["of another revision", (one: InBlocks) => ({ ...one.manifest, revision: 99 })],
    ["for a later reader", (one: InBlocks) => ({ ...one.manifest, minReader: 99 })],
    ["whose blocks are no hashes", (one: InBlocks) => ({ ...one.manifest, blocks: ["../".padEnd(64, "x")] })],
    ["without a length", (one: InBlocks) => ({ ...one.manifest, chars: undefined })],
  ])("a manifest %s is left out", async (_which, change) => {
    const one = sources.publishBlocks({ flags: flagsWith("on") });
    expect(await now()).toBe("on");
    sources.revision++;
    sources.place(
      JSON.stringify({
        ...(change(one) as object),
        ...(_which.includes("revision") ? {} : { revision: sources.revision }),
      }),
    );
    expect(await later()).toBe("on");
    expect(sources.reports).toContain("snapshot-refused");
  });

  test("a field of a later version does no harm", async () => {
    const one = sources.publishBlocks({ flags: flagsWith("on") });
    sources.revision++;
    sources.place(JSON.stringify({ ...one.manifest, revision: sources.revision, later: true }));
    expect(await now()).toBe("on");
  });
});

describe("order", () => {
  test("a version that is overtaken while its blocks come is dropped, and what came of it is used", async () => {
    sources.publishBlocks({ flags: flagsWith("on") });
    await now();
    sources.kvMs = 300;
    const between = sources.publishBlocks({ flags: flagsWith("off", { others: "off" }) }, { patch: false });
    await sources.tick(STALE_MS);
    void isolate.ask();
    await sources.tick(400);
    sources.publishBlocks({ flags: flagsWith("blue", { others: "off" }) }, { patch: false });
    const seen = new Set<string>();
    for (let ms = 0; ms < 5_000; ms += 50) {
      const { got } = isolate.ask();
      await sources.tick(50);
      if (typeof got === "object") seen.add(got.hash);
    }
    expect(await now()).toBe("blue");
    expect(seen).not.toContain(between.hash);
    expect(sources.count("kv")).toBeLessThan(4 + 3 * between.manifest.blocks.length);
  });

  test("a request that dies in the middle of a load holds nobody up: another takes over what has come", async () => {
    const { manifest } = sources.publishBlocks({ flags: flagsWith("on", { count: 2_000 }) });
    const { wait } = sources.sources;
    // The first request never runs again after its first six blocks.
    sources.kvMs = 10;
    void isolate.ask();
    await sources.tick(15);
    sources.sources.wait = (ms) => (ms === 10 ? new Promise(() => {}) : wait(ms));
    await sources.tick(100);
    sources.sources.wait = wait;
    const request = isolate.ask();
    await sources.tick(WAIT_COLD_MS);
    expect(served(request.got)).toBe("on");
    expect(sources.count("kv")).toBeLessThan(3 + 2 * manifest.blocks.length);
  });

  test("a kill does not wait for a version that takes long to load", async () => {
    sources.publishBlocks({ flags: flagsWith("on") });
    await now();
    sources.kvMs = 3_000;
    sources.faults.storeSnapshot = "null";
    sources.faults.storeBlock = "null";
    sources.publishBlocks({ flags: flagsWith("blue", { others: "off" }) }, { patch: false });
    await sources.tick(STALE_MS);
    void isolate.ask();
    await sources.tick(500);
    sources.setKills([aKill("k1")]);
    for (let ms = 0; ms < BOUND_MS; ms += 100) {
      void isolate.ask();
      await sources.tick(100);
    }
    expect(await now()).toBe("off");
    expect((await loaded()).revision).toBe(1);
    await sources.tick(20_000);
    sources.kvMs = 0;
    expect(await later()).toBe("off");
    sources.setKills([]);
    expect(await later()).toBe("blue");
  });

  test("a store rebuilt from a backup is followed in blocks too", async () => {
    sources.publishBlocks({ flags: flagsWith("on") });
    sources.publishBlocks({ flags: flagsWith("off") });
    expect(await now()).toBe("off");
    sources.epoch = 2;
    sources.revision = 0;
    sources.publishBlocks({ flags: flagsWith("blue") });
    expect(await later()).toBe("blue");
  });

  test("an environment grows into blocks, and shrinks back", async () => {
    sources.publish({ checkout: { variant: "on" } });
    expect(await now()).toBe("on");
    sources.publishBlocks({ flags: flagsWith("blue") });
    expect(await later()).toBe("blue");
    sources.publish({ checkout: { variant: "off" } });
    expect(await later()).toBe("off");
  });
});

describe("the copy of last resort", () => {
  const outage = () => {
    for (const source of ["store", "kv", "storeSnapshot", "storeBlock"] as const) sources.faults[source] = "error";
    sources.faults.last = null;
    isolate = new FakeIsolate(sources);
  };
  /** Refreshes until all is in the cache. */
  const copied = async () => {
    for (let round = 0; round < 8; round++) await later(100);
  };

  test("is served by a cold isolate without store and KV", async () => {
    sources.publishBlocks({
      flags: flagsWith("on"),
      keys: [{ id: "k", hash: "0".repeat(64), kind: "server", origins: [] }],
    });
    await now();
    await copied();
    const [before] = answers((await isolate.asked()).got, [{}]);
    outage();
    expect(await now()).toBe("on");
    expect(answers((await isolate.asked()).got, [{}])[0]).toEqual(before);
    expect((await loaded()).keys.has("k")).toBe(true);
    expect(sources.reports).toContain("last-resort");
  });

  test.each([
    ["missing", (hash: string) => sources.lastBlocks.delete(hash)],
    ["damaged", (hash: string) => sources.lastBlocks.set(hash, "flag/a0\t{}\n")],
  ])("with a %s block is none", async (_what, damage) => {
    const { manifest } = sources.publishBlocks({ flags: flagsWith("on") });
    await now();
    await copied();
    damage(manifest.blocks[1] as string);
    outage();
    expect(await now()).toBe("unreachable");
  });

  test("is written block by block, a few with each refresh, and its manifest when all are there", async () => {
    const first = sources.publishBlocks({ flags: flagsWith("on", { count: 2_000 }) });
    expect(await now()).toBe("on");
    await sources.settle();
    expect(sources.count("keepLastBlock")).toBeLessThan(first.manifest.blocks.length);
    expect(sources.last).toBeNull();
    await copied();
    expect(sources.last).toMatchObject({ blocks: first.manifest.blocks });
    expect(sources.count("keepLastBlock")).toBe(first.manifest.blocks.length);
    const second = sources.publishBlocks({ flags: flagsWith("blue", { count: 2_000 }) });
    await copied();
    expect(sources.last).toMatchObject({ blocks: second.manifest.blocks });
    expect(sources.count("keepLastBlock")).toBe(first.manifest.blocks.length + 1);
  });

  test("stays the last whole one when the cache takes no more", async () => {
    const first = sources.publishBlocks({ flags: flagsWith("on") });
    await now();
    await copied();
    sources.sources.keepLastBlock = () => new Promise(() => {});
    sources.publishBlocks({ flags: flagsWith("blue") });
    expect(await later()).toBe("blue");
    await copied();
    expect(sources.last).toMatchObject({ blocks: first.manifest.blocks });
  });
});

describe("room", () => {
  /** What a version takes, as an isolate with room for it says. */
  const bytesOf = async () => (await loaded(new FakeIsolate(sources))).bytes;

  test("a version that no isolate can hold is refused before its blocks are read; kills go on", async () => {
    const one = sources.publishBlocks({ flags: flagsWith("on") });
    expect(await now()).toBe("on");
    const reads = sources.count("kv");
    const next = sources.publishBlocks({ flags: flagsWith("blue") }, { patch: false });
    sources.place(JSON.stringify({ ...next.manifest, chars: 10 * SNAPSHOTS_BYTES }));
    expect(await later()).toBe("on");
    expect(sources.reports).toContain("snapshot-too-large");
    expect((await loaded()).hash).toBe(one.hash);
    await later(60_000);
    expect(sources.count("kv") - reads).toBe(1);
    sources.setKills([aKill("k1")]);
    expect(await later()).toBe("off");
    sources.setKills([]);
    sources.publishBlocks({ flags: flagsWith("blue") });
    expect(await later()).toBe("blue");
  });

  test("so is one that turns out to be too large when its blocks are there, which are not read again", async () => {
    sources.publishBlocks({ flags: flagsWith("on") });
    isolate = new FakeIsolate(sources, 2 * (await bytesOf()));
    expect(await now()).toBe("on");
    const next = sources.publishBlocks({ flags: flagsWith("blue", { count: 1_800 }) }, { patch: false });
    expect(await later()).toBe("on");
    expect(sources.reports).toContain("snapshot-too-large");
    const reads = sources.count("kv");
    await later(60_000);
    expect(sources.count("kv")).toBe(reads);
    expect((await loaded()).hash).not.toBe(next.hash);
  });

  test("two versions that do not fit together follow each other, and nobody gets a part of either", async () => {
    sources.publishBlocks({ flags: flagsWith("on") });
    isolate = new FakeIsolate(sources, 1.5 * (await bytesOf()));
    expect(await now()).toBe("on");
    sources.publishBlocks({ flags: flagsWith("blue", { others: "off" }) }, { patch: false });
    await sources.tick(STALE_MS);
    sources.kvMs = 200;
    const got: unknown[] = [];
    for (let ms = 0; ms < 3_000; ms += 10) {
      const request = isolate.ask();
      await sources.tick(10);
      if (request.got) got.push(`${served(request.got)} ${served(request.got, "a0")}`);
    }
    expect(new Set(got)).toEqual(new Set(["on on", "blue off"]));
    expect(await now()).toBe("blue");
    expect(sources.reports).not.toContain("snapshot-too-large");
  });

  test("the next version's blocks cannot be had: the one in place does not give way", async () => {
    sources.publishBlocks({ flags: flagsWith("on") });
    isolate = new FakeIsolate(sources, 1.5 * (await bytesOf()));
    expect(await now()).toBe("on");
    sources.publishBlocks({ flags: flagsWith("blue", { others: "off" }) }, { patch: false });
    sources.faults.kv = "null";
    sources.faults.storeBlock = "null";
    for (let round = 0; round < 3; round++) expect(await later()).toBe("on");
  });

  test("blocks that cannot be read do not make the one in place give way either", async () => {
    sources.publishBlocks({ flags: flagsWith("on") });
    isolate = new FakeIsolate(sources, 1.5 * (await bytesOf()));
    expect(await now()).toBe("on");
    const damaged = Array.from(
      { length: 2_400 },
      (_, n) => `flag/a${String(n).padStart(5, "0")}\t{"offVariant":"\n`,
    ).join("");
    const hash = sha256(damaged);
    const next = sources.publishBlocks({ flags: flagsWith("blue", { others: "off" }) }, { patch: false });
    sources.bodies.set(keyOf(hash), damaged);
    sources.place(JSON.stringify({ ...next.manifest, blocks: [hash], chars: damaged.length }));
    for (let round = 0; round < 3; round++) expect(await later()).toBe("on");
    expect(sources.reports).toContain("snapshot-unreadable");
  });
});

describe("patched is the same as loaded fresh", () => {
  const filler = (others: string) => flagsWith("on", { count: 300, others });
  const step = fc.record({
    snapshot: anySnapshot,
    others: fc.constantFrom("on", "off"),
    fault: fc.constantFrom("none", "lost", "garbled", "of before", "unseen", "blocks from the store"),
  });

  test("byte for byte in answers and ETags, whatever becomes of the patches", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { minLength: 2, maxLength: 5 }),
        fc.array(anyContext, { minLength: 1, maxLength: 3 }),
        async (steps, contexts) => {
          sources = new FakeSources();
          isolate = new FakeIsolate(sources);
          let patch = "";
          for (const { snapshot, others, fault } of steps) {
            const { flags, segments, layers, holdouts, kills } = snapshot;
            const documents: Partial<Snapshot> = { flags: { ...filler(others), ...flags }, segments, layers, holdouts };
            const next = sources.publishBlocks(documents, { kills, patch: fault !== "lost" });
            if (fault === "garbled" || fault === "of before")
              sources.bodies.set(valueKey(next), `${next.head}\n${fault === "garbled" ? "[" : patch}`);
            patch = JSON.stringify(next.patch);
            if (fault === "unseen") continue;
            if (fault === "blocks from the store")
              for (const hash of next.texts.keys()) sources.bodies.delete(keyOf(hash));
            await later();
            const warm = (await isolate.asked()).got;
            const fresh = (await new FakeIsolate(sources).asked()).got;
            expect((warm as Loaded).hash).toBe(next.hash);
            expect(answers(warm, contexts)).toEqual(answers(fresh, contexts));
          }
        },
      ),
      { numRuns: 25 },
    );
  });
});
