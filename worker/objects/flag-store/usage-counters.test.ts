import { expect, test } from "vitest";
import { COUNTS } from "../../../shared/cost/counts.ts";
import { countingSql } from "../../testing/rows.ts";
import { inTables, newProject, storeOf } from "../../testing/store.ts";
import { UsageCounters } from "./usage-counters.ts";

const NOW = Date.parse("2026-11-25T12:00:00Z");
const ONE = "evaluations.server.one";

/** Reports to counters of their own, and what they came to. */
const counted = async (work: (counters: UsageCounters) => void) =>
  inTables(await newProject(), (sql) => {
    const counters = new UsageCounters(sql);
    work(counters);
    return { total: counters.totals().get("production")?.get(ONE) ?? 0, month: counters.month("2026-11").evaluations };
  });

test("totals of several isolates add up; what one says again, or late, counts once", async () => {
  const sums = await counted((counters) => {
    counters.take("production", "a", { [ONE]: 5 }, NOW);
    counters.take("production", "b", { [ONE]: 2 }, NOW);
    counters.take("production", "a", { [ONE]: 9 }, NOW);
    counters.take("production", "a", { [ONE]: 9 }, NOW);
    // Overtaken by the one before.
    counters.take("production", "a", { [ONE]: 7 }, NOW);
    counters.take("production", "a", { [ONE]: 10 }, NOW);
  });
  expect(sums).toEqual({ total: 12, month: 12 });
});

test("an evaluation belongs to the month in which it is told, and to its environment", async () => {
  const months = await inTables(await newProject(), (sql) => {
    const counters = new UsageCounters(sql);
    counters.take("production", "a", { [ONE]: 3, limited: 9 }, NOW);
    counters.take("staging", "a", { "evaluations.client.bulk": 4 }, NOW);
    counters.take("production", "a", { [ONE]: 5 }, Date.parse("2026-12-01T00:00:00Z"));
    return [counters.month("2026-11"), counters.month("2026-12")];
  });
  expect(months).toEqual([
    { evaluations: 7, environments: { production: 3, staging: 4 } },
    { evaluations: 2, environments: { production: 2 } },
  ]);
});

test("uses of keys are told apart", async () => {
  const uses = await inTables(await newProject(), (sql) => {
    const counters = new UsageCounters(sql);
    counters.take("production", "a", { "key.key_ab.asked": 3, "key.key_ab.limited": 1, "key.key_cd.asked": 2 }, NOW);
    counters.take("production", "b", { "key.key_ef.other": 1 }, NOW);
    // What is said again is no use.
    counters.take("production", "b", { "key.key_ef.other": 1 }, NOW + 600_000);
    return [...counters.byKey("production")];
  });
  const used = new Date(NOW - (NOW % 60_000)).toISOString();
  expect(uses).toEqual([
    ["key_ab", { asked: 3, limited: 1, lastUsedAt: used }],
    ["key_cd", { asked: 2, limited: 0, lastUsedAt: used }],
    // It asked for no evaluation, and was used all the same.
    ["key_ef", { asked: 0, limited: 0, lastUsedAt: used }],
  ]);
});

test("counters of unknown names are refused with their report, so that no name can be made up", async () => {
  const project = await newProject();
  const report = { flags: [], bulk: false, attributes: [], reporter: "a" };
  await storeOf(project).noteUsage("production", { ...report, counts: { "user.kim": 1 } });
  await storeOf(project).noteUsage("production", { ...report, counts: { [ONE]: 1 } });
  const told = await storeOf(project).metrics();
  expect(told?.environments.production?.counters).toEqual({ [ONE]: 1 });
});

test("many reports cost a row each, and reports that wait are lost for nobody", async () => {
  const project = await newProject();
  const [rows, total] = await inTables(project, (sql) => {
    const counting = countingSql(sql);
    const before = new UsageCounters(counting.sql);
    const counts = (n: number) => ({ [ONE]: n, "age.0": n, age_ms: n, "key.key_ab.asked": n });
    // The first report of each isolate makes its row, and the row's place in an index.
    for (let isolate = 0; isolate < 500; isolate++) before.take("production", `r${isolate}`, counts(1), NOW);
    before.totals();
    const written = counting.rows();
    for (let minute = 1; minute <= 10; minute++)
      for (let isolate = 0; isolate < 500; isolate++)
        before.take("production", `r${isolate}`, counts(minute), NOW + minute * 60_000 + isolate * 100);
    const rowsAReport = (counting.rows() - written) / 5_000;
    // The object stops before the last ones are written: the next report of each isolate makes up for them.
    const after = new UsageCounters(counting.sql);
    for (let isolate = 0; isolate < 500; isolate++)
      after.take("production", `r${isolate}`, counts(11), NOW + 660_000 + isolate * 100);
    return [rowsAReport, after.totals().get("production")?.get(ONE)];
  });
  expect(rows).toBeLessThanOrEqual(COUNTS.rowsAUsageReport);
  expect(total).toBe(500 * 11);
});
