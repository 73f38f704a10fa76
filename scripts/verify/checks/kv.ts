import type { ProbeSample } from "../../../shared/schema/probe.ts";
import { type Check, type Finding, notReached, unless } from "../check.ts";
import { flagName } from "../throw-away.ts";

/** Beyond this share of nulls the store gives out what KV should. */
const MOST_NULLS = 0.05;

export function judgeKv(samples: readonly ProbeSample[]): Finding {
  const reads = samples.flatMap(({ answer }) => (answer?.kv ? [{ colo: answer.colo, kv: answer.kv }] : []));
  if (reads.length === 0) return notReached("KV was not read");
  const nulls = reads.filter(({ kv }) => kv === "null");
  const failed = reads.filter(({ kv }) => kv === "failed");
  const misses: string[] = [];
  if (nulls.length > reads.length * MOST_NULLS)
    misses.push(`KV had nothing in ${[...new Set(nulls.map(({ colo }) => colo))].join(", ")}`);
  if (failed.length > reads.length * MOST_NULLS) misses.push(`${failed.length} reads failed`);
  return unless(misses, `${nulls.length} of ${reads.length} first reads of new snapshots were null`);
}

export const check: Check = {
  name: "kv",
  promised: `KV has a snapshot as soon as the pointer names it: at most ${MOST_NULLS * 100} % of first reads are null`,
  shortened: "2 changes instead of 10",
  async run(site) {
    const { server, production } = await site.main();
    const regions = await site.reached();
    const samples: ProbeSample[] = [];
    for (let change = 0; change < (site.quick ? 2 : 10); change++) {
      const state = { enabled: true, fallthrough: { variant: change % 2 === 0 ? "off" : "on" } };
      await site.admin("PUT", `${production}/flags/${flagName(38)}`, state);
      const order = { key: server, question: { readKv: true } };
      for (const report of await Promise.all(regions.map((region) => site.look(region, order))))
        samples.push(...report.samples);
    }
    return judgeKv(samples);
  },
};
