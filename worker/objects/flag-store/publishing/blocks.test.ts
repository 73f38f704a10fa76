import { beforeAll, describe, expect, test } from "vitest";
import { documentsOf, joinBlocks } from "../../../../shared/blocks/block.ts";
import { manifestPatch, patchedText, splitPublished } from "../../../../shared/blocks/block-patch.ts";
import { BLOCKS_READER, WHOLE_READER } from "../../../../shared/limits.ts";
import { manifest } from "../../../../shared/schema/manifest.ts";
import { snapshot as snapshotSchema } from "../../../../shared/schema/snapshot.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { env } from "../../../testing/bindings.ts";
import {
  accepted,
  aFlag,
  brokenKv,
  envelope,
  inStore,
  inTables,
  must,
  newProject,
  storeOf,
} from "../../../testing/store.ts";
import { BLOCK_STEPS, type Checkpoints, NO_CHECKPOINTS, WRITE_STEPS } from "../../kernel/checkpoint.ts";
import type { Command } from "../commands.ts";
import { FlagStore } from "../flag-store.ts";
import { ProjectTables } from "../project-tables.ts";

const FLAGS = 60;
const flagName = (index: number): string => `flag-${String(index).padStart(3, "0")}`;
const definition = { ...aFlag, variants: { on: "x".repeat(1_000), off: "off" } };
const turn = (index: number, enabled: boolean): Command =>
  ({ type: "patchState", environment: "production", flag: flagName(index), patch: { enabled } }) as unknown as Command;

/** A project too large to be published whole. */
async function largeProject(flags = FLAGS): Promise<string> {
  const project = await newProject();
  for (let index = 0; index < flags; index++)
    await must(project, { type: "putFlag", flag: flagName(index), definition });
  return project;
}
const named = async (project: string) => (await storeOf(project).pointer())?.environments.production;
const keysInKv = async (prefix: string): Promise<string[]> =>
  (await env.SNAPSHOTS.list({ prefix })).keys.map(({ name }) => name);
const blockIn = (project: string, hash: string) => env.SNAPSHOTS.get(`blocks/${project}/production/${hash}`);

/** What an edge finds that knows nothing but the pointer, out of KV alone. */
async function published(project: string) {
  const out = await named(project);
  const text = await env.SNAPSHOTS.get(`snapshots/${project}/production/${out?.revision}-${out?.hash}`);
  const { head, patch } = splitPublished(text ?? "");
  expect(sha256(head)).toBe(out?.hash);
  const list = manifest.parse(JSON.parse(head));
  const texts = await Promise.all(
    list.blocks.map(async (hash) => {
      const block = await blockIn(project, hash);
      expect(sha256(block ?? ""), "a block in KV has the hash that it is named by").toBe(hash);
      return block as string;
    }),
  );
  return { text, list, texts, patch: patch === null ? null : manifestPatch.parse(JSON.parse(patch)) };
}
/** The snapshot that the blocks make together. */
const joined = ({ list, texts }: Awaited<ReturnType<typeof published>>) =>
  snapshotSchema.parse(joinBlocks({ ...list, minReader: WHOLE_READER }, texts.map(documentsOf)));
const snapshotNow = (project: string) =>
  inTables(project, (sql) => JSON.parse(JSON.stringify(new ProjectTables(sql).snapshotNow("production"))));

describe("a large environment", () => {
  let project: string;
  beforeAll(async () => {
    project = await largeProject();
  });

  test("is published as a manifest whose blocks, joined, are the snapshot of its documents", async () => {
    const out = await published(project);
    expect(out.list.minReader).toBe(BLOCKS_READER);
    expect(out.list.chars).toBe(out.texts.join("").length);
    expect(joined(out)).toEqual(await snapshotNow(project));
  });

  test("ships one edit as the changed entry: the patch leads from the block that was out to the one that is", async () => {
    const before = await published(project);
    await must(project, turn(7, true));
    const after = await published(project);
    const [patch, ...others] = after.patch?.blocks ?? [];
    expect(others).toEqual([]);
    expect(patch?.put.map(([name]) => name)).toEqual([`flag/${flagName(7)}`]);
    expect(patch?.remove).toEqual([]);
    const text = before.texts[before.list.blocks.indexOf(patch?.from ?? "")] ?? "";
    expect(sha256(patchedText(text, patch ?? { put: [], remove: [] }) ?? "")).toBe(patch?.to);
    const unchanged = after.list.blocks.filter((hash) => before.list.blocks.includes(hash));
    expect(unchanged.length).toBe(after.list.blocks.length - 1);
    expect(joined(after)).toEqual(await snapshotNow(project));
  });

  test("ships a kill without any block, and the pointer alone carries it", async () => {
    const before = await published(project);
    await must(project, { type: "kill", environment: "production", flag: flagName(3) });
    expect((await named(project))?.kills).toMatchObject([{ flag: flagName(3) }]);
    await expect.poll(async () => (await published(project)).list.kills).toMatchObject([{ flag: flagName(3) }]);
    const after = await published(project);
    expect(after.list.blocks).toEqual(before.list.blocks);
    expect(after.patch).toEqual({ blocks: [] });
  });

  test("is served by the store as well: its manifest with the patch, and each block by its hash", async () => {
    const { text, list, texts } = await published(project);
    expect(await storeOf(project).snapshot("production", (await named(project))?.hash ?? "")).toBe(text);
    expect(await storeOf(project).block("production", list.blocks[0] ?? "")).toBe(texts[0]);
    expect(await storeOf(project).block("production", "0".repeat(64))).toBeNull();
    expect(await storeOf(project).block("elsewhere", list.blocks[0] ?? "")).toBeNull();
  });

  test("that becomes small is published whole again, and in blocks when it grows", async () => {
    const growing = await largeProject(14);
    const large = await published(growing);
    for (let index = 4; index < 14; index++) await must(growing, { type: "archiveFlag", flag: flagName(index) });
    const out = await named(growing);
    const whole = await env.SNAPSHOTS.get(`snapshots/${growing}/production/${out?.revision}-${out?.hash}`);
    expect(JSON.parse(whole ?? "")).toEqual(await snapshotNow(growing));
    expect(JSON.parse(whole ?? "").minReader).toBe(WHOLE_READER);
    for (let index = 24; index < 34; index++)
      await must(growing, { type: "putFlag", flag: flagName(index), definition });
    const again = await published(growing);
    expect(joined(again)).toEqual(await snapshotNow(growing));
    expect(again.list.blocks.length).toBe(large.list.blocks.length);
  });
});

describe("blocks that nothing names any more", () => {
  const later = (project: string) =>
    inStore(project, {}, async (store, { storage }) => {
      storage.sql.exec("UPDATE retired SET delete_at = 0");
      await store.alarm();
    });

  test("leave KV and the store after their hour, and those that are named stay", async () => {
    const project = await largeProject(20);
    const before = await published(project);
    await must(project, turn(7, true));
    await later(project);
    const after = await published(project);
    const keys = await keysInKv(`blocks/${project}/production/`);
    expect(keys.sort()).toEqual(after.list.blocks.map((hash) => `blocks/${project}/production/${hash}`).sort());
    expect(before.list.blocks.some((hash) => !after.list.blocks.includes(hash))).toBe(true);
    const kept = await inTables(project, (sql) =>
      sql.exec("SELECT DISTINCT kv_key FROM snapshot_part WHERE kv_key LIKE 'blocks/%'").toArray(),
    );
    expect(kept.length).toBe(after.list.blocks.length);
  });

  test("are written again when an edit brings them back, also when KV has let them go meanwhile", async () => {
    const project = await largeProject(20);
    await must(project, turn(7, true));
    const first = await published(project);
    await must(project, turn(7, false));
    // The clean-up of the block that is now retired deletes it in KV, and the edit back comes before it is done.
    const deleted: string[] = [];
    let back: Promise<unknown> | null = null;
    await inStore(project, {}, async (_store, state) => {
      state.storage.sql.exec("UPDATE retired SET delete_at = 0 WHERE kv_key LIKE 'blocks/%'");
      const kv = new Proxy(env.SNAPSHOTS, {
        get: (target, name) => {
          if (name !== "delete") return Reflect.get(target, name).bind(target);
          return async (key: string) => {
            deleted.push(key);
            back ??= store.execute(envelope(project, turn(7, true)));
            await back;
            await target.delete(key);
          };
        },
      });
      const store: FlagStore = new FlagStore(state, { ...env, SNAPSHOTS: kv });
      await store.alarm();
    });
    expect(deleted.length).toBeGreaterThan(0);
    const again = await published(project);
    expect(again.list.blocks).toEqual(first.list.blocks);
    expect(joined(again)).toEqual(await snapshotNow(project));
  });
});

test("an outage of KV piles up no copies: what attempts leave behind goes with the next one", async () => {
  const project = await largeProject(40);
  const failing = brokenKv(() => Promise.reject(new Error("KV answers 500")));
  const bytes = () =>
    inTables(
      project,
      (sql) => sql.exec<{ n: number }>("SELECT coalesce(sum(octet_length(body)), 0) AS n FROM snapshot_part").one().n,
    );
  const before = await bytes();
  // 400 attempts of a block of 50 KB each.
  await inStore(project, { SNAPSHOTS: failing }, async (store, { storage }) => {
    for (let attempt = 0; attempt < 400; attempt++) {
      accepted(await store.execute(envelope(project, turn(attempt % 40, attempt % 80 < 40))));
      storage.sql.exec("UPDATE outbox SET attempts = 0, due_at = 0");
    }
    await storage.deleteAlarm();
  });
  expect(await bytes()).toBeLessThan(before + 6 * 2 ** 20);
  await inStore(project, {}, async (store, { storage }) => {
    storage.sql.exec("UPDATE outbox SET due_at = 0");
    await store.alarm();
  });
  expect(joined(await published(project))).toEqual(await snapshotNow(project));
}, 120_000);

test.each([...WRITE_STEPS, ...BLOCK_STEPS])(
  "a process that dies at %s leaves nothing behind that the alarm does not mend",
  async (deadly) => {
    const project = await largeProject(20);
    const document = { type: "putEnvironment", environment: "staging" } as const;
    await inStore(project, {}, async (_store, state) => {
      const dies: Checkpoints = {
        ...NO_CHECKPOINTS,
        reach: (step) => (step === deadly ? new Promise<never>(() => {}) : Promise.resolve()),
      };
      const store = new FlagStore(state, env, dies);
      // It never comes back from the step; what it has written by then stands.
      for (const command of [turn(3, true), document])
        await Promise.race([store.execute(envelope(project, command)), new Promise((r) => setTimeout(r, 300))]);
      await state.storage.deleteAlarm();
    });
    await inStore(project, {}, async (store, { storage }) => {
      storage.sql.exec("UPDATE outbox SET due_at = 0, attempts = 0");
      await store.alarm();
    });
    const { revision, ...out } = joined(await published(project));
    // What came after the publication concerns another environment.
    const { revision: newest, ...now } = await snapshotNow(project);
    expect(out).toEqual(now);
    expect([newest - 1, newest]).toContain(revision);
    expect(await inTables(project, (sql) => sql.exec("SELECT * FROM outbox").toArray())).toEqual([]);
  },
);
