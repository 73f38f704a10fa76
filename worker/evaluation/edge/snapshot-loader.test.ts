import { beforeEach, describe, expect, test } from "vitest";
import { LIMITS, READER_VERSION } from "../../../shared/limits.ts";
import { FakeIsolate, FakeSources } from "../../testing/fake-sources.ts";
import { served } from "../../testing/served.ts";
import { STALE_MS, supersedes, WAIT_COLD_MS } from "./pointer-lane.ts";

const serving = (variant: string) => ({ checkout: { variant } });
let sources: FakeSources;
let isolate: FakeIsolate;
const now = async () => served((await isolate.asked()).got);
const later = async () => {
  await sources.tick(STALE_MS);
  await now();
  await sources.tick(1_000);
  return now();
};

beforeEach(async () => {
  sources = new FakeSources();
  sources.publish(serving("on"));
  isolate = new FakeIsolate(sources);
  expect(await now()).toBe("on");
  sources.publish(serving("blue"));
});

describe.each(["null", "error", "corrupt", "hang"] as const)("KV answers with %s", (fault) => {
  test("a warm isolate takes the change from the store", async () => {
    sources.faults.kv = fault;
    expect(await later()).toBe("blue");
  });

  test("a cold isolate is answered from the store, within its two seconds", async () => {
    sources.faults.kv = fault;
    isolate = new FakeIsolate(sources);
    const request = await isolate.asked();
    expect(served(request.got)).toBe("blue");
    expect(request.heldMs).toBeLessThan(WAIT_COLD_MS);
  });

  test("and the store has no bytes either: memory is kept", async () => {
    sources.faults.kv = fault;
    sources.faults.storeSnapshot = fault;
    expect(await later()).toBe("on");
  });
});

describe("a snapshot that cannot be trusted is left out, and the last known good stays", () => {
  test.each([
    ["of another environment", { environment: "staging" }],
    ["of another project", { project: "other" }],
    ["of another revision than named", { revision: 99 }],
    ["that asks for a newer reader", { minReader: READER_VERSION + 1 }],
  ])("%s", async (_which, over) => {
    sources.publish(serving("blue"), { over });
    expect(await later()).toBe("on");
    expect(sources.reports).toContain("snapshot-refused");
  });

  test.each([
    ["cut off", '{"minReader":1,"project":"shop"'],
    ["empty", ""],
    ["not an object", "[]"],
    ["null", "null"],
    ["without flags", '{"minReader":1,"project":"shop","environment":"production","revision":3,"epoch":1}'],
  ])("%s", async (_which, body) => {
    sources.revision++;
    sources.place(body);
    expect(await later()).toBe("on");
  });

  test("and it is taken again as soon as a good one is out", async () => {
    sources.revision++;
    sources.place("{");
    expect(await later()).toBe("on");
    sources.publish(serving("blue"));
    expect(await later()).toBe("blue");
  });
});

describe("without store and KV", () => {
  beforeEach(() => {
    for (const source of ["store", "kv", "storeSnapshot"] as const) sources.faults[source] = "error";
  });

  test("a warm isolate serves its memory for as long as it takes", async () => {
    await sources.tick(30 * 86_400_000);
    expect(await now()).toBe("on");
  });

  test("a cold one serves the copy that an earlier isolate left", async () => {
    sources.faults.last = null;
    isolate = new FakeIsolate(sources);
    expect(await now()).toBe("on");
    expect(sources.reports).toContain("last-resort");
  });

  test("a cold one without a copy knows nothing, and says so", async () => {
    isolate = new FakeIsolate(sources);
    expect(await now()).toBe("unreachable");
  });

  test.each(["error", "hang"] as const)(
    "a cold one whose last copy answers with %s is not held for good",
    async (fault) => {
      sources.faults.last = fault;
      isolate = new FakeIsolate(sources);
      expect(await now()).toBe("unreachable");
    },
  );

  test("it follows the store again once that is back, from the copy too", async () => {
    sources.faults.last = null;
    isolate = new FakeIsolate(sources);
    expect(await now()).toBe("on");
    for (const source of ["store", "kv"] as const) sources.faults[source] = null;
    expect(await later()).toBe("blue");
  });
});

describe("a cache that does not work", () => {
  test.each(["error", "hang", "null"] as const)("(%s) costs nothing but the store's time", async (fault) => {
    sources.faults.cache = fault;
    expect(await later()).toBe("blue");
  });

  test("whose writes hang holds no kill up", async () => {
    sources.sources.keepPointer = () => new Promise(() => {});
    sources.sources.keepLastSnapshot = () => new Promise(() => {});
    expect(await later()).toBe("blue");
  });
});

describe("order", () => {
  test("supersedes: never a lower (epoch, revision), nor an earlier publication of the same", () => {
    const at = (epoch: number, revision: number, published: number) => ({
      ...sources.pointer(),
      epoch,
      revision,
      environments: { production: { revision: published, hash: "0".repeat(64), kills: [], tombstones: [] } },
    });
    const current = at(2, 10, 9);
    for (const lower of [at(1, 99, 99), at(2, 9, 9), at(2, 10, 8)]) expect(supersedes(lower, current)).toBe(false);
    for (const higher of [at(2, 10, 9), at(2, 10, 10), at(2, 11, 3), at(3, 1, 1)])
      expect(supersedes(higher, current)).toBe(true);
    expect(supersedes(at(1, 0, 0), undefined)).toBe(true);
  });

  test("a snapshot that arrives late does not replace the newer one that overtook it", async () => {
    const { kvSnapshot } = sources.sources;
    const slowly = () => sources.sources.wait(5_000).then(() => null);
    sources.sources.storeSnapshot = slowly;
    let first = true;
    sources.sources.kvSnapshot = async (key) => {
      if (first) {
        first = false;
        await slowly();
      }
      return kvSnapshot(key);
    };
    await sources.tick(STALE_MS);
    expect(await now()).toBe("on");
    sources.publish(serving("off"));
    await sources.tick(2 * STALE_MS);
    expect(await later()).toBe("off");
    // Nothing but the late bytes can change memory from here on.
    sources.faults.store = "error";
    await sources.tick(10_000);
    expect(await now()).toBe("off");
    expect((await isolate.asked()).got).toMatchObject({ revision: sources.revision });
  });

  test("a store rebuilt from a backup is followed: its epoch is higher although its revision is lower", async () => {
    expect(await later()).toBe("blue");
    sources.epoch = 2;
    sources.revision = 0;
    sources.publish(serving("off"));
    expect(await later()).toBe("off");
    sources.epoch = 1;
    sources.revision = 50;
    sources.publish(serving("blue"));
    expect(await later()).toBe("off");
  });

  test("a deleted environment and a deleted project are forgotten", async () => {
    sources.exists = false;
    expect(await later()).toBe("missing");
    sources.exists = true;
    await sources.tick(2_001);
    expect(await now()).toBe("blue");
  });
});

test("patterns that an earlier version stored beyond today's limits are reported with each snapshot, and not run", async () => {
  const when = { attribute: "email", op: "matches", values: ["(?:(?:.?){1,30}){1,30}A0-0"] };
  const rules = [{ id: "r", when, serve: { variant: "blue" } }];
  sources.publish({ checkout: { variant: "on", rules } as { variant: string } });
  expect(await later()).toBe("on");
  expect(sources.reports).toContain("patterns-over-limit");
});

test("more values than an environment may have today load, answer, and are reported with each snapshot", async () => {
  const values = Array.from({ length: LIMITS.valuesPerCondition }, (_, n) => n);
  const rules = Array.from({ length: LIMITS.rulesPerFlag }, (_, n) => ({
    id: `r${n}`,
    when: { attribute: "plan", op: "in", values },
    serve: { variant: "blue" },
  }));
  const flag = { variant: "on", rules } as { variant: string };
  const flags = LIMITS.valuesPerEnvironment / (values.length * rules.length);
  sources.publish({ checkout: flag, ...Object.fromEntries(Array.from({ length: flags }, (_, n) => [`f${n}`, flag])) });
  expect(await later()).toBe("on");
  expect(sources.reports).toContain("values-over-limit");
});
