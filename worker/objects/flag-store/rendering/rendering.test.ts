import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockText, type Entry, entriesOfSnapshot } from "../../../../shared/blocks/block.ts";
import { cut, fits } from "../../../../shared/blocks/partition.ts";
import { blockWeight } from "../../../../shared/blocks/weight.ts";
import type { Snapshot } from "../../../../shared/schema/snapshot.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { newName } from "../../../testing/names.ts";
import { accepted, aFlag, envelope, inStore, inTables, must, newProject } from "../../../testing/store.ts";
import type { Command } from "../commands.ts";
import { exportProject } from "../export-project.ts";
import { ProjectTables } from "../project-tables.ts";
import { RenderedBlocks } from "./rendered-blocks.ts";
import { Renderer } from "./renderer.ts";

/** All rendered entries of an environment, by block. */
const renderedBlocks = ({ rendered }: ProjectTables, environment: string): Entry[][] =>
  rendered.blocks(environment).map(({ first }) => rendered.entries(environment, first));

/** Renders what is still owed, as the alarm does. */
function finish(tables: ProjectTables): void {
  const renderer = new Renderer(tables);
  for (const environment of renderer.unfinished()) while (!renderer.renderSlice(environment));
}

/** The law: what is rendered is what a snapshot of the documents holds, and the sums are those of the entries. */
function expectLaw(tables: ProjectTables): void {
  for (const { key: environment } of tables.documents.list("environment")) {
    const snapshot = tables.snapshotNow(environment);
    const expected = entriesOfSnapshot(snapshot);
    const blocks = renderedBlocks(tables, environment);
    expect(blocks.flat()).toEqual(expected);
    for (const block of blocks) {
      expect(block.length).toBeGreaterThan(0);
      expect(fits(block)).toBe(true);
    }
    const { entries, chars, bytes } = tables.rendered.sums(environment);
    expect({ entries, chars }).toEqual({ entries: expected.length, chars: blockText(expected).length });
    const weight = blocks.reduce((sum, block) => sum + blockWeight(blockText(block)), 0);
    expect(tables.rendered.weight(environment)).toBe(weight);
    const { flags, segments, layers, holdouts, keys } = snapshot;
    const json = JSON.stringify({ flags, segments, layers, holdouts, keys });
    const kinds = [flags, segments, layers, holdouts, keys].filter((kind) => Object.keys(kind).length > 0).length;
    const empty = JSON.stringify({ flags: {}, segments: {}, layers: {}, holdouts: {}, keys: [] }).length;
    expect(bytes - kinds + empty).toBe(new TextEncoder().encode(json).length);
  }
}

const flag = fc.constantFrom("a", "b", "c");
const environment = fc.constantFrom("production", "staging");
const at = { environment, flag };
const record = <T extends string>(type: T, fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({ type: fc.constant(type), ...fields });
const stages = [{ audience: { share: 1_000 }, advance: "by-hand" }];
const staff = { attribute: "email", op: "ends_with", values: ["@shop.example"] };
const commands: fc.Arbitrary<object>[] = [
  record("putFlag", { flag, definition: fc.constantFrom(aFlag, { ...aFlag, description: "other" }) }),
  record("patchFlag", { flag, patch: fc.constantFrom({ visibility: "server-only" }, { owner: "é" }) }),
  record("archiveFlag", { flag }),
  record("patchState", {
    ...at,
    patch: fc.constantFrom(
      { enabled: true },
      { holdout: "h" },
      { layer: { layer: "l", from: 0, to: 10 } },
      { rules: [{ id: "r", when: { segment: "s" }, serve: { variant: "on" } }] },
      { prerequisites: [{ flag: "b", variants: ["on"] }] },
      { prerequisites: [], rules: [] },
    ),
  }),
  record("putSegment", {
    segment: fc.constant("s"),
    definition: fc.constantFrom({ included: ["x"] }, { included: [] }),
  }),
  record("deleteSegment", { segment: fc.constant("s") }),
  record("putLayer", { layer: fc.constant("l"), definition: fc.constantFrom({}, { by: "team" }) }),
  record("deleteLayer", { layer: fc.constant("l") }),
  record("putHoldout", { holdout: fc.constant("h"), definition: fc.constantFrom({ share: 1 }, { share: 2 }) }),
  record("createKey", {
    environment,
    id: fc.constantFrom("key_1", "key_2"),
    name: fc.constant("k"),
    kind: fc.constant("client"),
    hash: fc.constant("0".repeat(64)),
    hint: fc.constant("abcd"),
    origins: fc.constant([]),
  }),
  record("revokeKey", { environment, id: fc.constantFrom("key_1", "key_2") }),
  record("putPlan", {
    ...at,
    plan: fc.constant({ variant: "on", baseline: "off", stages }),
  }),
  record("startPlan", at),
  record("putGuard", {
    ...at,
    guard: fc.constant({ metrics: [{ name: "errors", kind: "error" }] }),
  }),
  record("kill", at),
  record("restore", at),
  record("putEnvironment", { environment: fc.constant("qa") }),
  record("deleteEnvironment", { environment: fc.constantFrom("qa", "staging") }),
  record("putTest", {
    ...at,
    settings: fc.constant({ kind: "dark-launch", segment: staff, staff }),
  }),
  record("revert", { revision: fc.integer({ min: 1, max: 30 }) }),
];

test("after any commands, the rendered entries are those of a snapshot of the documents", async () => {
  const carriedOut = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(...commands), { minLength: 20, maxLength: 40 }), async (sequence) => {
      const project = newName();
      await must(project, { type: "putProject", environments: ["production", "staging"] });
      for (const key of ["a", "b", "c"]) await must(project, { type: "putFlag", flag: key, definition: aFlag });
      await inStore(project, {}, async (store, { storage }) => {
        for (const command of sequence) {
          const reply = await store.execute(envelope(project, command as Command));
          if (reply.ok) carriedOut.add((command as Command).type);
          const tables = new ProjectTables(storage.sql);
          finish(tables);
          expectLaw(tables);
        }
      });
    }),
    { numRuns: 6 },
  );
  // Each of these has been carried out at least once: a law about refused commands says nothing.
  for (const type of ["patchFlag", "patchState", "putSegment", "putLayer", "createKey", "putPlan", "putGuard", "kill"])
    expect([...carriedOut], type).toContain(type);
}, 120_000);

test("also after one command that changes hundreds of flags, and after the environments that it fills", async () => {
  const project = await newProject();
  const flags = Array.from({ length: 300 }, (_, index) => `flag-${index}`);
  const document = await inTables(project, (sql) => {
    const { documents } = new ProjectTables(sql);
    const exported = exportProject(documents, project, 1, 0);
    const all = (of: Record<string, unknown> = {}) => Object.fromEntries(flags.map((key) => [key, of.checkout]));
    return { ...exported, flags: all(exported.flags), states: { production: all(exported.states.production) } };
  });
  await must(project, { type: "import", document } as unknown as Command);
  await must(project, { type: "putEnvironment", environment: "staging" });
  await inTables(project, (sql) => {
    const tables = new ProjectTables(sql);
    finish(tables);
    expect(tables.rendered.sums("production").entries).toBe(301);
    expectLaw(tables);
  });
});

test("a draft is what the documents make, and parses none of them once they are rendered", async () => {
  const project = await newProject();
  for (let index = 0; index < 30; index++)
    await must(project, { type: "putFlag", flag: `flag-${index}`, definition: aFlag });
  await must(project, { type: "kill", environment: "production", flag: "flag-3" });
  await inStore(project, {}, async (store) => {
    const tables = (store as unknown as { tables: ProjectTables }).tables;
    const read = () => {
      const before = tables.charsRead;
      const draft = store.draft("production");
      return { draft, chars: tables.charsRead - before };
    };
    finish(tables);
    const rendered = read();
    await must(project, { type: "putSegment", segment: "s", definition: {} });
    tables.sql.exec(
      "INSERT INTO render_owed (environment, name, bytes, tested) VALUES ('production', 'segment/s', 0, 0)",
    );
    const owed = read();
    expect(owed.chars).toBeGreaterThan(30 * 100);
    expect(rendered.chars).toBeLessThan(owed.chars / 5);
    const { revision: _, segments: __, ...same } = owed.draft as Snapshot;
    expect(rendered.draft).toMatchObject(same);
    finish(tables);
    const { sealKey: ___, ...whole } = tables.snapshotNow("production");
    expect(store.draft("production")).toEqual(whole);
  });
});

describe("a store without rendered entries, as an earlier version has left it", () => {
  const emptied = (sql: SqlStorage) => {
    for (const table of ["derived", "document_count", "document_mention", "rendered_entry", "rendered_block"])
      sql.exec(`DELETE FROM ${table}`);
  };

  test("renders them in slices, and goes on after it died between two", async () => {
    const project = await newProject();
    for (let index = 0; index < 40; index++)
      await must(project, { type: "putFlag", flag: `flag-${index}`, definition: aFlag });
    await inTables(project, emptied);
    // Each store dies after its first slice; what it did is kept.
    let lives = 0;
    for (let done = false; !done && lives < 100; lives++)
      done = await inStore(project, {}, async (_store, { storage }) => {
        await storage.deleteAlarm();
        const tables = new ProjectTables(storage.sql);
        return storage.transactionSync(() => new Renderer(tables).renderSlice("production"));
      });
    expect(lives).toBeGreaterThan(3);
    await inTables(project, (sql) => expectLaw(new ProjectTables(sql)));
  });

  test("weighs those that the version before rendered, in slices, beside changes", async () => {
    const project = await newProject();
    for (let index = 0; index < 90; index++)
      await must(project, { type: "putFlag", flag: `flag-${index}`, definition: aFlag });
    await inTables(project, (sql) => {
      for (const table of ["rendered_entry", "rendered_block"]) sql.exec(`UPDATE ${table} SET weight = 0, wide = 0`);
      sql.exec("DELETE FROM derived WHERE name = 'weights'");
    });
    await inStore(project, {}, async (store, { storage }) => {
      await storage.deleteAlarm();
      const renderer = new Renderer(new ProjectTables(storage.sql));
      expect(renderer.isWeighed).toBe(false);
      expect(renderer.weighSlice()).toBe(false);
      for (const [flag, owner] of [
        ["flag-1", "é 字"],
        ["flag-89", "字"],
      ])
        accepted(await store.execute(envelope(project, { type: "patchFlag", flag, patch: { owner } } as Command)));
      while (!renderer.weighSlice());
      expect(renderer.isWeighed).toBe(true);
    });
    await inTables(project, (sql) => expectLaw(new ProjectTables(sql)));
  });

  test("publishes a change that comes meanwhile, with everything in it", async () => {
    const project = await newProject();
    for (let index = 0; index < 40; index++)
      await must(project, { type: "putFlag", flag: `flag-${index}`, definition: aFlag });
    await inTables(project, emptied);
    await inStore(project, {}, async (store, { storage }) => {
      accepted(
        await store.execute(
          envelope(project, {
            type: "patchState",
            environment: "production",
            flag: "flag-7",
            patch: { enabled: true },
          }),
        ),
      );
      const tables = new ProjectTables(storage.sql);
      expectLaw(tables);
      expect(tables.publications.pending()).toEqual([]);
      expect(tables.publications.published("production")[0]?.revision).toBe(tables.auditLog.latestRevision);
    });
  });
});

describe("blocks", () => {
  const name = (index: number) => `flag/f${String(index).padStart(5, "0")}`;
  const entry = (chars: number) => ({ json: `"${"x".repeat(chars)}"`, tested: 0 });
  const change = fc.record({
    index: fc.nat({ max: 900 }),
    /** How many neighbours change alike. */
    run: fc.integer({ min: 1, max: 300 }),
    chars: fc.constantFrom(null, 10, 1_000, 5_000),
  });

  test("keep every entry in its order, within bounds, whatever comes and goes; sparse ones join", async () => {
    const project = await newProject();
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
        await inTables(project, (sql) => {
          const blocks = new RenderedBlocks(sql);
          blocks.forget("law");
          const expected = new Map<string, string>();
          for (const { index, run, chars } of changes)
            for (let at = index; at < index + run; at++) {
              const put = chars === null ? null : entry(chars);
              if (put) expected.set(name(at), put.json);
              else expected.delete(name(at));
              blocks.put("law", name(at), put);
              if (at % 16 === 0) blocks.settle("law");
            }
          blocks.settle("law");
          const stored = blocks.blocks("law");
          const entries = stored.map(({ first }) => blocks.entries("law", first));
          expect(entries.flat()).toEqual([...expected].sort(([a], [b]) => (a < b ? -1 : 1)));
          for (const [index, block] of entries.entries()) {
            expect(block.length).toBeGreaterThan(0);
            expect(fits(block)).toBe(true);
            expect(stored[index]?.entries).toBe(block.length);
            expect(stored[index]?.chars).toBe(blockText(block).length);
          }
          // No more than a few times as many blocks as a fresh cut makes.
          expect(entries.length).toBeLessThanOrEqual(4 * cut(entries.flat()).length + 2);
        });
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  test("have the hash of their text, which stays while nothing in them changes", async () => {
    const project = await newProject();
    await inTables(project, (sql) => {
      const blocks = new RenderedBlocks(sql);
      for (let index = 0; index < 600; index++) blocks.put("law", name(index), entry(100));
      blocks.settle("law");
      const texts = blocks.blocks("law").map(({ first }) => blocks.makeText("law", first));
      expect(texts.length).toBeGreaterThan(2);
      for (const { hash, text } of texts) expect(hash).toBe(sha256(text));
      blocks.put("law", name(0), entry(100));
      expect(blocks.blocks("law").filter(({ stale }) => stale)).toEqual([]);
      blocks.put("law", name(0), entry(101));
      blocks.settle("law");
      expect(blocks.blocks("law").map(({ stale }) => stale)).toEqual([true, ...texts.slice(1).map(() => false)]);
    });
  });
});
