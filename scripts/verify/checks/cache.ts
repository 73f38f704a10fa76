import { randomUUID } from "node:crypto";
import { grouped } from "../../../shared/grouped.ts";
import type { Region } from "../../../shared/placement/regions.ts";
import type { ProbeReport } from "../../../shared/schema/probe.ts";
import { type Check, type Finding, notReached, unless } from "../check.ts";
import type { Site } from "../site.ts";

/** A copy of the pointer lives so long (ms). */
const TTL_MS = 1_000;
/** Cloudflare counts whole seconds. */
const ROUNDING_MS = 1_000;

/** One entry, looked for by two later requests of the same data centre. */
export interface CacheTry {
  readonly colo: string;
  /** From keeping it until it had been looked for (ms). */
  readonly soonMs: number;
  readonly foundSoon: boolean;
  readonly laterMs: number;
  readonly foundLater: boolean;
}

export function judgeCache(tries: readonly CacheTry[]): Finding {
  // What was looked for when the entry had run out says nothing.
  const counted = tries.filter(({ soonMs }) => soonMs < TTL_MS * 0.9);
  if (counted.length === 0) return notReached("no look-up came back within an entry's life");
  const misses: string[] = [];
  const byColo = grouped(counted, ({ colo }) => colo);
  for (const [colo, its] of byColo)
    if (!its.some(({ foundSoon }) => foundSoon)) misses.push(`${colo} keeps nothing: none of ${its.length} was found`);
  const kept = counted.filter(({ laterMs, foundLater }) => foundLater && laterMs > TTL_MS + ROUNDING_MS);
  if (kept.length > 0) misses.push(`${kept[0]?.colo} still had an entry after ${kept[0]?.laterMs} ms`);
  const found = counted.filter(({ foundSoon }) => foundSoon).length;
  return unless(misses, `${found} of ${counted.length} entries found in ${byColo.size} data centres, and gone in time`);
}

async function tryOnce(site: Site, region: Region, key: string): Promise<CacheTry | null> {
  const name = randomUUID();
  const first = (report: ProbeReport) => report.samples[0];
  const kept = first(await site.look(region, { key, question: { keep: name } }));
  const soon = first(await site.look(region, { key, question: { look: name } }));
  await site.wait(TTL_MS + ROUNDING_MS + 200);
  const later = first(await site.look(region, { key, question: { look: name } }));
  if (!kept?.answer || !soon?.answer || !later?.answer) return null;
  const { colo } = kept.answer;
  // The probe's calls may be answered elsewhere, where nothing was kept.
  if (soon.answer.colo !== colo || later.answer.colo !== colo) return null;
  const keptAt = kept.at + kept.ms;
  return {
    colo,
    soonMs: soon.at + soon.ms - kept.at,
    foundSoon: soon.answer.kept === true,
    laterMs: later.at - keptAt,
    foundLater: later.answer.kept === true,
  };
}

export const check: Check = {
  name: "cache",
  promised: "a data centre's copies are found by its other requests for a second, and then gone",
  shortened: "1 entry in each region instead of 5",
  async run(site) {
    const { server } = await site.main();
    const regions = await site.reached();
    const tries: CacheTry[] = [];
    for (let round = 0; round < (site.quick ? 1 : 5); round++) {
      const found = await Promise.all(regions.map((region) => tryOnce(site, region, server)));
      tries.push(...found.filter((one) => one !== null));
    }
    return judgeCache(tries);
  },
};
