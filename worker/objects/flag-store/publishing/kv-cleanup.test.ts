import { expect, test } from "vitest";
import { LIST_PREFIX } from "../../../kv/list-shards.ts";
import type { ProjectTables } from "../project-tables.ts";
import { KvCleanup } from "./kv-cleanup.ts";

/** Tables that hold these keys, and what becomes of them. */
function cleaning({
  retired = [] as string[],
  pending = [] as string[],
  tombstones = [] as string[],
  shown = 0,
  named = [] as string[],
  kvFails = false,
}) {
  const done: string[] = [];
  const call = async (what: string) => {
    if (kvFails) throw new Error("KV answers 500");
    done.push(what);
  };
  const publications = {
    pending: () => pending.map((environment) => ({ environment, revision: 1, attempts: 0 })),
    retired: () => retired,
    forget: (key: string) => !named.includes(key) && done.push(`forgotten ${key}`) > 0,
    body: (key: string) => `bytes of ${key}`,
    reprieve: (key: string) => done.push(`kept ${key}`),
  };
  const documents = { tombstones: () => tombstones, forgetTombstones: () => done.push("tombstones forgotten") };
  const cleanup = new KvCleanup({ publications, documents } as unknown as ProjectTables, {
    deleteKey: (key) => call(`deleted ${key}`),
    putKey: (key, body) => call(`put ${key}: ${body}`),
    removeBreakGlassKills: (ids) => call(`lifted ${ids.join(" ")}`).then(() => shown),
  });
  return { cleanup, done };
}
const SHARD = `${LIST_PREFIX}shop/vip/1-1/0`;

test("deletes what nothing names any more, and then forgets it", async () => {
  const { cleanup, done } = cleaning({ retired: ["snapshots/a", SHARD] });
  await cleanup.deleteRetired();
  expect(done).toEqual(["deleted snapshots/a", "forgotten snapshots/a", `deleted ${SHARD}`, `forgotten ${SHARD}`]);
});

test("writes a block again that a publication names since its deletion began", async () => {
  const { cleanup, done } = cleaning({ retired: ["blocks/a"], named: ["blocks/a"] });
  await cleanup.deleteRetired();
  expect(done).toEqual(["deleted blocks/a", "put blocks/a: bytes of blocks/a"]);
});

test("keeps shards while a publication waits, because edges may still read a snapshot that names them", async () => {
  const { cleanup, done } = cleaning({ retired: ["snapshots/a", SHARD], pending: ["production"] });
  await cleanup.deleteRetired();
  expect(done).toEqual(["deleted snapshots/a", "forgotten snapshots/a", `kept ${SHARD}`]);
});

test("does not keep them for a guard that waits for its orders", async () => {
  const { cleanup, done } = cleaning({ retired: [SHARD], pending: ["guard/production"] });
  await cleanup.deleteRetired();
  expect(done).toContain(`deleted ${SHARD}`);
});

test("forgets nothing that KV did not let go", async () => {
  const { cleanup, done } = cleaning({ retired: ["snapshots/a"], tombstones: ["bg_1"], kvFails: true });
  await cleanup.deleteRetired();
  await cleanup.forgetTombstones();
  expect(done).toEqual(["kept snapshots/a"]);
});

test("forgets tombstones after their kills are out of KV", async () => {
  const { cleanup, done } = cleaning({ tombstones: ["bg_1", "bg_2"] });
  await cleanup.forgetTombstones();
  expect(done).toEqual(["lifted bg_1 bg_2", "tombstones forgotten"]);
});

test("keeps tombstones while KV still shows their kills, because a press may repeat what it showed", async () => {
  const { cleanup, done } = cleaning({ tombstones: ["bg_1"], shown: 1 });
  await cleanup.forgetTombstones();
  expect(done).toEqual(["lifted bg_1"]);
});
