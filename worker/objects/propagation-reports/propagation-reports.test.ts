import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { COUNTS } from "../../../shared/cost/counts.ts";
import type { Centre, Propagation, ServedReport } from "../../../shared/schema/propagation.ts";
import { env } from "../../testing/bindings.ts";
import { done } from "../../testing/http.ts";
import { newName } from "../../testing/names.ts";
import { counting } from "../../testing/rows.ts";
import { inStore, inTables, must, newProject, storeOf } from "../../testing/store.ts";
import { FlagStore } from "../flag-store/flag-store.ts";
import { PropagationReports } from "./propagation-reports.ts";

const CENTRES = 330;
const ISOLATES_PER_CENTRE = 30;
const KEPT_CHANGES = 44;

const colo = (index: number) => `C${index}`;
type Lane = ServedReport["served"][number]["lane"];
const first = (revision: number, at: number, lane: Lane = "config", environment = "production") => ({
  ...{ environment, lane, revision, at },
  epoch: 1,
});

function inReports<R>(
  project: string,
  work: (reports: PropagationReports, rows: () => number, state: DurableObjectState) => Promise<R>,
): Promise<R> {
  const stub = env.PROPAGATION_REPORTS.get(env.PROPAGATION_REPORTS.idFromName(project));
  return runInDurableObject(stub, (_instance: DurableObject, state) => {
    const counted = counting(state);
    return work(new PropagationReports(counted.state, env), counted.rows, state);
  });
}

describe("rows", () => {
  test("a change writes one for each data centre, however many isolates report it and whatever is kept of earlier ones", async () => {
    const project = newName();
    await inReports(project, async (reports, rows) => {
      const change = async (revision: number, isolates: number) => {
        const before = rows();
        for (let isolate = 0; isolate < isolates; isolate++)
          for (let index = 0; index < CENTRES; index++)
            await reports.take(project, { colo: colo(index), served: [first(revision, 1_000 * revision + isolate)] });
        return rows() - before;
      };
      for (let revision = 1; revision <= KEPT_CHANGES; revision++) await change(revision, 1);
      expect(await change(KEPT_CHANGES + 1, ISOLATES_PER_CENTRE)).toBe(CENTRES * COUNTS.rowsACentresReport);
    });
  });

  test("answers from old knowledge and what is known of a cache cost none, within ten minutes", async () => {
    const project = newName();
    await inReports(project, async (reports, rows) => {
      const report = { colo: "FRA", served: [], staleServed: 3, cacheWorks: true };
      await reports.take(project, report);
      const before = rows();
      for (let time = 0; time < 1_000; time++) await reports.take(project, report);
      expect(rows()).toBe(before);
      expect(reports.figures(null).centres).toMatchObject([{ colo: "FRA", cacheWorks: true, staleServed: 3_003 }]);
    });
  });

  test("asking writes nothing, not even tables", async () => {
    await inReports(newName(), async (reports, _rows, state) => {
      expect(reports.figures(null)).toEqual({ centres: [], served: [] });
      expect([...state.storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'served'")]).toEqual([]);
    });
  });

  test("what cannot be read is skipped", async () => {
    const project = newName();
    await inReports(project, async (reports) => {
      await reports.take(project, { colo: "", served: "none" } as never);
      await reports.take("../x", { colo: "FRA", served: [first(1, 1)] });
      expect(reports.figures(null)).toEqual({ centres: [], served: [] });
    });
  });
});

const shown = (project: string) =>
  done("GET", `/projects/${project}/environments/production/propagation`) as Promise<{
    last: Propagation;
    centres: Centre[];
  }>;
const reportsOf = (project: string) => env.PROPAGATION_REPORTS.get(env.PROPAGATION_REPORTS.idFromName(project));
const take = (project: string, report: ServedReport) =>
  runInDurableObject(reportsOf(project), (instance: PropagationReports) => instance.take(project, report));

describe("the propagation of a change", () => {
  test("shows each data centre with the first time that it served it, and never before the commit", async () => {
    const project = await newProject();
    const { revision } = await must(project, { type: "kill", environment: "production", flag: "checkout" });
    const before = await shown(project);
    const committed = Date.parse(before.last.committedAt);
    await take(project, { colo: "FRA", served: [first(revision, committed + 40, "kill")], cacheWorks: true });
    await take(project, { colo: "SYD", served: [first(revision, committed - 500, "kill")], staleServed: 2 });
    // The pointer alone puts nothing but kills in force.
    const { last, centres } = await shown(project);
    const at = (ms: number) => new Date(committed + ms).toISOString();
    expect(last.firstServed).toEqual([
      { colo: "SYD", at: at(0), afterMs: 0 },
      { colo: "FRA", at: at(40), afterMs: 40 },
    ]);
    expect(centres).toMatchObject([
      { colo: "FRA", cache: "works", staleServed: 0 },
      { colo: "SYD", cache: "unknown", staleServed: 2 },
    ]);
  });

  test("shows what earlier versions were told and kept in the store's own tables", async () => {
    const project = await newProject();
    const { revision } = await must(project, { type: "kill", environment: "production", flag: "checkout" });
    const committed = Date.parse((await shown(project)).last.committedAt);
    await inTables(project, (sql) => {
      sql.exec("INSERT INTO first_served VALUES ('production', ?, 'LHR', ?)", revision, committed + 70);
      sql.exec("INSERT INTO centre VALUES ('LHR', ?, 0, 5)", committed);
    });
    await take(project, { colo: "LHR", served: [], staleServed: 4 });
    const { last, centres } = await shown(project);
    expect(last.firstServed).toMatchObject([{ colo: "LHR", afterMs: 70 }]);
    expect(centres).toMatchObject([{ colo: "LHR", cache: "does-not-work", staleServed: 9 }]);
  });

  test("of an edge of an earlier version, which reports to the store, writes no row there and is shown", async () => {
    const project = await newProject();
    const { revision } = await must(project, { type: "kill", environment: "production", flag: "checkout" });
    const at = Date.parse((await shown(project)).last.committedAt) + 30;
    const report = {
      colo: "MAD",
      served: [{ environment: "production", lane: "kill" as const, revision, at }],
      staleServed: 1,
      cacheWorks: true,
    };
    const rows = await inStore(project, {}, async (_store, state) => {
      const counted = counting(state);
      const store = new FlagStore(counted.state, env);
      const before = counted.rows();
      for (let time = 0; time < 100; time++) store.pointer(report);
      return counted.rows() - before;
    });
    expect(rows).toBe(0);
    await expect
      .poll(async () => (await shown(project)).last.firstServed)
      .toMatchObject([{ colo: "MAD", afterMs: 30 }]);
  });
});

test("the store hears when a kill was confirmed off, also when nobody looks at the figures", async () => {
  const project = await newProject();
  const { revision } = await must(project, { type: "kill", environment: "production", flag: "checkout" });
  const committed = Date.parse((await shown(project)).last.committedAt);
  await inReports(project, async (reports) => {
    for (const [index, ms] of [90, 20, 300].entries())
      await reports.take(project, { colo: colo(index), served: [first(revision, committed + ms, "kill")] });
    await reports.alarm();
  });
  const confirmed = () =>
    inTables(project, (sql) => [...sql.exec("SELECT confirmed_at FROM delivery_event WHERE kind = 'kill'")]);
  await expect.poll(confirmed).toEqual([{ confirmed_at: committed + 300 }]);
  // Told once more, nothing is written.
  const served = [
    { environment: "production", colo: "C9", epoch: 1, kill: [[revision, committed + 10]], config: [] },
  ] as never;
  await storeOf(project).confirmServed(served);
  expect(await confirmed()).toEqual([{ confirmed_at: committed + 300 }]);
});
