import { breachWords } from "../../shared/guard/words.ts";
import type { GuardTile } from "../../shared/schema/guard.ts";
import type { Evidence, Outcome, Ramp } from "./scenarios.ts";
import type { Visit } from "./shoppers.ts";

const percent = (part: number, whole: number): string =>
  whole === 0 ? "–" : `${((part / whole) * 100).toFixed(part / whole < 0.01 ? 2 : 1)} %`;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** People whose payment timed out at least once. */
export const hit = (visits: readonly Visit[]): number => visits.filter(({ timedOut }) => timedOut.length > 0).length;
const ordered = (visits: readonly Visit[]): number => visits.filter((visit) => visit.ordered).length;
const failures = (visits: readonly Visit[]): number => visits.reduce((sum, { timedOut }) => sum + timedOut.length, 0);

/** From the first payment that timed out to the last; null when that was only the end of the watch, or never. */
export const restoredAfter = ({ firstTimeout, lastTimeout }: Outcome): number | null =>
  firstTimeout === null || lastTimeout === null ? null : lastTimeout - firstTimeout;

export function table(outcomes: readonly Outcome[]): string {
  const rows = [
    ["", "people", "hit", "of them", "requests timed out", "stopped by", "restored after", "of which after the stop"],
    ...outcomes.map((outcome) => {
      const { name, visits, personActedAt, killed, lastTimeout } = outcome;
      const after = restoredAfter(outcome);
      return [
        name,
        `${visits.length}`,
        `${hit(visits)}`,
        percent(hit(visits), visits.length),
        `${failures(visits)}`,
        killed ? "the guard" : personActedAt !== null ? "a person" : "nobody",
        after === null ? "–" : seconds(after),
        personActedAt === null || lastTimeout === null ? "–" : seconds(Math.max(0, lastTimeout - personActedAt)),
      ];
    }),
  ];
  return aligned(rows);
}

function aligned(rows: string[][]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** The numbers that a kill rests on, with every metric at that moment: enough to judge whether it was right. */
export function evidenceWords({ breach, tiles }: Evidence): string {
  const bar = Math.log(1 / breach.alpha);
  return [
    `stopped by the guard on ${breachWords(breach)}`,
    `series ${breach.series}, log evidence ${breach.logEvidence.toFixed(2)}, needed ${bar.toFixed(2)}, ` +
      `exposed ${JSON.stringify(breach.exposed)}`,
    aligned(tiles.map(tileRow)),
  ].join("\n");
}

/** What a guard saw that did not act: enough to tell missing numbers from missing evidence. */
export function inactionWords({ exposed, tiles, apart, checkedAt, state }: NonNullable<Outcome["watch"]>): string {
  return [
    `the guard stopped nothing: ${state}, last look ${checkedAt}, exposed ${JSON.stringify(exposed)}, apart ${JSON.stringify(apart)}`,
    aligned(tiles.map(tileRow)),
  ].join("\n");
}

const tileRow = ({ metric, events, units, logEvidence, bar }: GuardTile): string[] => [
  metric,
  `v2 ${events.treatment}/${units.treatment}`,
  `v1 ${events.control ?? "–"}/${units.control ?? "–"}`,
  `log evidence ${logEvidence.toFixed(2)} of ${bar.toFixed(2)}`,
];

/** How near each stage came to being stopped: units with the event of all units, by arm. */
const stageRows = (stages: Ramp["stages"]): string[][] =>
  Object.values(stages).flatMap((tiles, index) => tiles.map((tile) => [`stage ${index + 1}`, ...tileRow(tile)]));

export function rampWords({ before, after, status, kills, seconds: took, stages }: Ramp): string {
  return [
    status === "completed"
      ? `The mended checkout went from 1 % to 100 % under the same guards in ${took.toFixed(0)} s, ${kills} kills.`
      : `The mended checkout did not reach everybody: ${status} after ${took.toFixed(0)} s, ${kills} kills.`,
    `Orders per visit: ${percent(ordered(before), before.length)} with v1 before (${before.length} people), ` +
      `${percent(ordered(after), after.length)} ${status === "completed" ? "with v2 for everybody" : "afterwards"} (${after.length} people).`,
    aligned(stageRows(stages)),
  ].join("\n");
}

/** What the run must have shown for the story to be true; each that does not hold, in words. */
export function untrue(outcomes: readonly Outcome[], ramp: Ramp | null): string[] {
  const problems: string[] = [];
  const expect = (holds: boolean, words: string) => {
    if (!holds) problems.push(words);
  };
  for (const outcome of outcomes) {
    const isGuarded = outcome.name === "canary with guard";
    expect(hit(outcome.visits) > 0, `${outcome.name}: the bug showed itself to nobody`);
    expect(
      outcome.killed === isGuarded,
      `${outcome.name}: ${isGuarded ? "the guard did not kill" : "something killed it"}`,
    );
    expect(
      (outcome.personActedAt === null) === isGuarded,
      `${outcome.name}: ${isGuarded ? "a person had to act" : "it recovered without a person"}`,
    );
  }
  if (!ramp) return problems;
  expect(ramp.status === "completed", `the mended checkout did not reach everybody: ${ramp.status}`);
  expect(ramp.kills === 0, "the mended checkout was killed");
  return problems;
}
