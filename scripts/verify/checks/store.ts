import type { ProbeSample } from "../../../shared/schema/probe.ts";
import { type Check, type Finding, notReached, unless } from "../check.ts";
import { flagName } from "../throw-away.ts";

/** An edge waits so long (ms) for a far store's round trip. */
const ROUND_TRIP_MS = 1_000;
/** What one store answers, at least, before it turns reads away. */
const LEAST_READS_A_SECOND = 500;
/** A kill is acknowledged within this (ms), whatever reads wait. */
const KILL_MS = 2_000;

export interface StoreSeen {
  /** Calls with one read of the pointer each, one after the other. */
  readonly single: readonly ProbeSample[];
  /** Calls with many reads each, from everywhere at once. */
  readonly load: readonly ProbeSample[];
  readonly loadMs: number;
  /** How long a kill took that was sent in the midst of it (ms). */
  readonly killMs: number;
}

export function judgeStore({ single, load, loadMs, killMs }: StoreSeen): Finding {
  const trips = single.flatMap(({ answer }) => (answer?.pointer?.answered ? [answer.pointer.longestMs] : []));
  trips.sort((a, b) => a - b);
  if (trips.length === 0) return notReached("no read of the pointer was answered");
  const sum = (field: "answered" | "refused" | "failed") =>
    load.reduce((total, { answer }) => total + (answer?.pointer?.[field] ?? 0), 0);
  const [answered, refused, failed] = [sum("answered"), sum("refused"), sum("failed")];
  const rate = Math.round((answered * 1_000) / Math.max(1, loadMs));
  const middle = trips[trips.length >> 1] ?? 0;
  const misses: string[] = [];
  if (middle > ROUND_TRIP_MS) misses.push(`half of the round trips take longer than ${ROUND_TRIP_MS} ms`);
  if (killMs > KILL_MS) misses.push(`a kill amid ${rate} reads a second took ${killMs} ms`);
  if (refused > 0 && rate < LEAST_READS_A_SECOND) misses.push(`reads are turned away at ${rate} a second`);
  if (failed > (answered + refused + failed) * 0.02) misses.push(`${failed} reads failed`);
  const seen = `round trips of ${middle} ms (median), ${trips.at(-1)} ms (worst); ${rate} reads a second answered, ${refused} turned away, a kill amid them in ${killMs} ms`;
  if (misses.length === 0 && refused === 0 && rate < LEAST_READS_A_SECOND)
    return notReached(`${seen}; the limit was not reached`);
  return unless(misses, seen);
}

export const check: Check = {
  name: "store",
  promised: `round trips within ${ROUND_TRIP_MS} ms, ${LEAST_READS_A_SECOND} reads a second of one project, and a kill before them all`,
  shortened: "1 s of a small load instead of 5 s up to the limit",
  async run(site) {
    const { server, production } = await site.main();
    const regions = await site.reached();
    const single: ProbeSample[] = [];
    const load: ProbeSample[] = [];
    const times = site.quick ? 2 : 10;
    const order = { key: server, question: { pointerReads: 1 }, forMs: (times - 1) * 200, everyMs: 200 };
    for (const report of await Promise.all(regions.map((region) => site.look(region, order))))
      single.push(...report.samples);
    const loadMs = site.quick ? 1_000 : 5_000;
    const heavy = { key: server, question: { pointerReads: site.quick ? 2 : 20 }, forMs: loadMs - 200, everyMs: 200 };
    const began = Date.now();
    let killMs = 0;
    const kill = async () => {
      await site.wait(loadMs / 2);
      const sentAt = Date.now();
      await site.admin("POST", `${production}/flags/${flagName(39)}/kill`, { comment: "verify:deployment" });
      killMs = Date.now() - sentAt;
    };
    const [, ...reports] = await Promise.all([
      kill(),
      ...regions.map((region) => site.look(region, { ...heavy, atOnce: site.quick ? 1 : 2 })),
    ]);
    for (const { samples } of reports) load.push(...samples);
    return judgeStore({ single, load, loadMs: Date.now() - began, killMs });
  },
};
