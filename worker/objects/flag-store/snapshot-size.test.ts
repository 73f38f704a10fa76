import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../shared/limits.ts";
import { envelope, inTables, must, newProject, storeOf } from "../../testing/store.ts";
import type { Command } from "./commands.ts";
import { ProjectTables } from "./project-tables.ts";

/** 750,000 bytes of JSON in one flag: characters of three bytes. */
const large = {
  type: "string",
  variants: Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`v${index}`, "一".repeat(50_000)])),
  offVariant: "v0",
} as const;
const FLAG_BYTES = 5 * 150_000;
const FIT = Math.floor(LIMITS.snapshotBytes / FLAG_BYTES);

const documentCount = (project: string) =>
  inTables(project, (sql) => sql.exec<{ n: number }>("SELECT count(*) AS n FROM document").one().n);

test("a snapshot beyond the limit is refused when it is saved, with its size; kills and smaller states are not", {
  timeout: 120_000,
}, async () => {
  const project = await newProject();
  const put = (flag: string, definition: object): Command =>
    ({ type: "putFlag", flag, definition }) as unknown as Command;
  for (let index = 0; index < FIT; index++) await must(project, put(`large-${index}`, large));
  const before = await documentCount(project);
  const { revision } = await must(project, { type: "putProject", name: "Another name" });

  const refused = await storeOf(project).execute(envelope(project, put("one-too-many", large)));
  expect(refused).toMatchObject({
    ok: false,
    rejection: { code: "limit-exceeded", limit: "snapshotBytes", max: LIMITS.snapshotBytes },
  });
  const actual = !refused.ok && refused.rejection.code === "limit-exceeded" ? refused.rejection.actual : 0;
  expect(actual).toBeGreaterThan((FIT + 1) * FLAG_BYTES);
  expect(actual).toBeLessThan((FIT + 1) * FLAG_BYTES + 100_000);
  expect(await documentCount(project)).toBe(before);
  expect(await storeOf(project).getFlag("one-too-many")).toBeNull();

  // Should it be that large all the same, one can still stop flags and make them smaller.
  await inTables(project, (sql) => {
    const columns = "version, body, created_at, updated_at, revision";
    sql.exec(`INSERT INTO document (entity, environment, key, ${columns})
      SELECT entity, environment, 'copy', ${columns} FROM document WHERE key = 'large-0'`);
  });
  const killed = await must(project, { type: "kill", environment: "production", flag: "large-1" });
  const small = { ...large, variants: Object.fromEntries(Object.keys(large.variants).map((name) => [name, "x"])) };
  const shrunk = await must(project, put("large-1", small));
  expect([killed.revision, shrunk.revision]).toEqual([revision + 1, revision + 2]);
});

describe("an environment that takes more of an edge's memory than there is", () => {
  /** 64 KiB of text that is taken for 10 MB: each member reads like a pattern. */
  const list = Array.from({ length: 6_500 }, () => "matches");
  const heavy = (variants: number) => ({
    type: "json",
    variants: Object.fromEntries(Array.from({ length: variants }, (_, index) => [`v${index}`, list])),
    offVariant: "v0",
  });
  const put = (flag: string, variants: number): Command =>
    ({ type: "putFlag", flag, definition: heavy(variants) }) as unknown as Command;

  test("is refused when it is saved, with the flag that makes it so; kills and lighter states are not", async () => {
    const project = await newProject();
    await must(project, put("heavy-0", 5));
    const before = await documentCount(project);
    const refused = await storeOf(project).execute(envelope(project, put("heavy-1", 5)));
    expect(refused).toMatchObject({
      ok: false,
      rejection: {
        ...{ code: "limit-exceeded", limit: "snapshotWeight", max: LIMITS.snapshotWeight, by: 'the flag "heavy-1"' },
        actual: expect.any(Number),
      },
    });
    expect(await documentCount(project)).toBe(before);
    const bytes = await inTables(project, (sql) => new ProjectTables(sql).rendered.sums("production").bytes);
    expect(bytes).toBeLessThan(LIMITS.snapshotBytes);
    await must(project, put("heavy-1", 1));

    // As an earlier version has stored it.
    await inTables(project, (sql) => sql.exec("UPDATE rendered_block SET weight = weight + ?", LIMITS.snapshotWeight));
    await must(project, { type: "kill", environment: "production", flag: "heavy-1" });
    await must(project, put("heavy-0", 4));
    const grown = await storeOf(project).execute(envelope(project, put("heavy-0", 5)));
    expect(grown).toMatchObject({ ok: false, rejection: { limit: "snapshotWeight", by: 'the flag "heavy-0"' } });
  });

  test("is refused by what an import would come to, not by a guess of what it may", async () => {
    const project = await newProject();
    const keys = Array.from({ length: 20 }, (_, n) => `import-${n}`);
    const state = { enabled: true, fallthrough: { variant: "v0" } };
    const light = { variants: { v0: ["x"] } };
    const document = (heavies: number) => ({
      ...{ format: "blastdoor-export-1", project, environments: {} },
      flags: Object.fromEntries(keys.map((key, n) => [key, { ...heavy(1), ...(n >= heavies && light) }])),
      states: { production: Object.fromEntries(keys.map((key) => [key, state])) },
    });
    const bring = (heavies: number): Command => ({ type: "import", document: document(heavies) }) as unknown as Command;
    const refused = await storeOf(project).execute(envelope(project, bring(8)));
    expect(refused.ok ? refused.ok : refused).toMatchObject({
      rejection: { code: "limit-exceeded", limit: "snapshotWeight" },
    });
    await must(project, bring(4));
  });
});

describe("values of conditions beyond the limit of an environment", () => {
  const max = LIMITS.valuesPerEnvironment;
  const each = LIMITS.valuesPerCondition;
  const RULES = 20;
  const PER_FLAG = each * RULES;
  const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  const state = (first: number, rules = RULES) => ({
    enabled: false,
    rules: Array.from({ length: rules }, (_, rule) => ({
      id: `r${rule}`,
      when: { attribute: "plan", op: "in", values: Array.from({ length: each }, (_, n) => first + n) },
      serve: { variant: "on" },
    })),
    fallthrough: { variant: "off" },
  });
  const put = (flag: string, environment: string, rules?: number): Command =>
    ({ type: "putState", environment, flag, state: state(0, rules) }) as unknown as Command;
  const rejected = async (project: string, command: Command) => {
    const reply = await storeOf(project).execute(envelope(project, command));
    return reply.ok ? null : reply.rejection;
  };

  test("are refused when they are saved; what older versions stored stays, loads and may shrink", {
    timeout: 120_000,
  }, async () => {
    const project = await newProject();
    const flags = Array.from({ length: max / PER_FLAG + 1 }, (_, index) => `flag-${index}`);
    for (const flag of flags) await must(project, { type: "putFlag", flag, definition } as unknown as Command);
    for (const flag of flags.slice(0, -1)) await must(project, put(flag, "production"));
    const last = flags.at(-1) as string;
    await must(project, put(last, "production", 0));
    const refused = { code: "limit-exceeded", limit: "valuesPerEnvironment", max, actual: max + each };
    expect(await rejected(project, put(last, "production", 1))).toEqual(refused);
    const when = { attribute: "plan", op: "equals", values: ["one"] };
    const segment = { type: "putSegment", segment: "extra", definition: { by: "targetingKey", when } };
    expect(await rejected(project, segment as unknown as Command)).toMatchObject({ ...refused, actual: max + 1 });
    // As stored before there was a limit.
    await inTables(project, (sql) => {
      sql.exec(
        `UPDATE document SET body = (SELECT body FROM document WHERE entity = 'state' AND environment = 'production' AND key = ?)
         WHERE entity = 'state' AND environment = 'production' AND key = ?`,
        "flag-0",
        last,
      );
      // Nor were there rendered entries, whose sums are kept.
      sql.exec("INSERT OR REPLACE INTO render_sweep (environment, after) VALUES ('production', '')");
    });
    await must(project, { type: "kill", environment: "production", flag: "flag-1" });
    await must(project, put("flag-1", "production", 1));
    expect(await rejected(project, put("flag-1", "production", 2))).toMatchObject({ code: "limit-exceeded" });
    await must(project, put(last, "production", 1));
    await must(project, put("flag-1", "production", 2));
  });
});
