import { demandReport } from "../../../shared/demand/demand.ts";
import { type Slug, storedKeyName, storedSlug } from "../../../shared/schema/names.ts";
import type { TestView } from "../../../shared/schema/test-admin.ts";
import type { TestResults } from "../../../shared/schema/test-results.ts";
import type { Env } from "../../env.ts";
import { desk, testLedger } from "../../objects/stubs.ts";

/** What a test has shown: of a stopped one, as it stood when it was stopped. */
export async function resultsOf(env: Env, project: Slug, test: TestView, now: number): Promise<TestResults> {
  const { settings, run, stoppedAt } = test;
  const environment = storedSlug(test.environment);
  const flag = storedKeyName(test.flag);
  const ledger = testLedger(env, project, environment, flag);
  const asOf = stoppedAt ? Date.parse(stoppedAt) : now;
  const common = { test, asOf: new Date(asOf).toISOString(), pages: await ledger.pages() };
  switch (settings.kind) {
    case "fake-door": {
      const cells = await ledger.cells(run, settings.windowDays, asOf);
      return { ...common, demand: demandReport(cells, settings.bar), refused: await ledger.refused(run) };
    }
    case "wizard-of-oz": {
      const [figures] = await desk(env, project, environment).figures(flag);
      const none = { flag, waiting: 0, oldestMs: null, answered: 0, fallbacks: 0, medianMs: null, p90Ms: null };
      return { ...common, desk: figures ?? none };
    }
    case "dark-launch":
      return common;
  }
}

/** RFC 4180. Cells that a spreadsheet would take for a formula get an apostrophe before them. */
export function resultsCsv({ test, asOf, demand, desk: figures }: TestResults): string {
  const rows: (string | number | null)[][] = [["table", "name", "seen", "clicked", "rate", "lower", "upper"]];
  if (demand) {
    const whole = ({ seen, clicked, rate, interval }: typeof demand.demand) =>
      [seen, clicked, rate, interval.lower, interval.upper] as const;
    rows.push(["total", "without suspicious", ...whole(demand.demand)]);
    rows.push(["total", "with suspicious", ...whole(demand.withSuspicious)]);
    for (const { day, ...until } of demand.overTime) rows.push(["until day", day, ...whole(until)]);
    for (const [table, groups] of [
      ["country", demand.byCountry],
      ["device", demand.byDevice],
    ] as const)
      for (const { name, seen, clicked, rate } of groups) rows.push([table, name, seen, clicked, rate, null, null]);
    rows.push(["decision", demand.sentence, null, null, null, null, null]);
  }
  if (figures) {
    rows[0] = ["figure", "value"];
    for (const [name, value] of Object.entries(figures)) rows.push([name, value]);
  }
  rows.push([], ["flag", test.flag], ["as of", asOf]);
  return `${rows.map((row) => row.map(csvCell).join(",")).join("\r\n")}\r\n`;
}

function csvCell(value: string | number | null): string {
  if (value === null) return "";
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
