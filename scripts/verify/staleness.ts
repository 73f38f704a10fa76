import { grouped } from "../../shared/grouped.ts";
import type { Region } from "../../shared/placement/regions.ts";
import type { ProbeSample } from "../../shared/schema/probe.ts";
import { type Finding, missed, notReached, unless } from "./check.ts";
import type { Site } from "./site.ts";

/** No evaluation that begins so long (ms) after a change serves what was before it. */
export const CHANGE_MS = 2_000;

/** A change of one flag from `true` to `false`. */
export interface Turned {
  readonly flag: string;
  /** When it was committed (epoch ms, clock of the store), and when this machine sent it (its own clock). */
  readonly committedAt: number;
  readonly sentAt: number;
}

/** Evaluations as one place saw them: a region, or this machine. */
export interface Watched {
  readonly place: Region | "here";
  readonly samples: readonly ProbeSample[];
}

/** How late an isolate was with one change (ms). */
interface Lateness {
  readonly who: string;
  readonly flag: string;
  readonly ms: number;
  /** Whether it was seen with the change in the end. */
  readonly turned: boolean;
}

/** The last stale answer of each isolate to each change. An answer counts from when it was asked for. */
export function latenessOf(changes: readonly Turned[], watched: readonly Watched[]): Lateness[] {
  const found: Lateness[] = [];
  for (const { place, samples } of watched) {
    const byIsolate = grouped(
      samples.filter(({ answer }) => answer !== null),
      ({ answer }) => `${place} ${answer?.colo} ${answer?.isolate}`,
    );
    for (const [who, its] of byIsolate)
      for (const { flag, committedAt, sentAt } of changes) {
        const since = place === "here" ? sentAt : committedAt;
        const after = its.filter(({ at }) => at >= since);
        if (after.length === 0) continue;
        const stale = after.filter(({ answer }) => answer?.values[flag] !== false);
        const ms = Math.max(0, ...stale.map(({ at }) => at - since));
        found.push({ who, flag, ms, turned: stale.length < after.length });
      }
  }
  return found;
}

/**
 * The verdict on changes that were made while they were watched.
 *
 * @param slackMs added to the bound: see `Outside`
 */
export function judgeChanges(changes: readonly Turned[], watched: readonly Watched[], slackMs = 0): Finding {
  const all = watched.flatMap(({ samples }) => samples);
  const failed = all.filter(({ status }) => status === 0 || status >= 500).length;
  const lateness = latenessOf(changes, watched);
  const unseen = changes.filter(({ flag }) => !lateness.some((one) => one.flag === flag));
  if (lateness.length === 0) return notReached("no evaluation was seen after a change");
  const isolates = new Set(lateness.map(({ who }) => who)).size;
  const times = lateness.map(({ ms }) => ms).sort((a, b) => a - b);
  const worst = lateness.reduce((a, b) => (b.ms > a.ms ? b : a));
  const seen = `${changes.length} changes, ${isolates} isolates of ${watched.length} places, ${all.length} evaluations: last stale answer after ${times[times.length >> 1]} ms (median), ${worst.ms} ms (worst: ${worst.who})`;
  const misses: string[] = [];
  if (worst.ms > CHANGE_MS + slackMs) misses.push(`${worst.who} answered ${worst.flag} stale after ${worst.ms} ms`);
  if (unseen.length > 0)
    misses.push(`nobody was seen after the change of ${unseen.map(({ flag }) => flag).join(", ")}`);
  // One that fails may be a way that broke; evaluation itself answers no 5xx.
  if (failed > all.length * 0.02) misses.push(`${failed} of ${all.length} evaluations failed`);
  const never = changes.find(({ flag }) => !lateness.some((one) => one.flag === flag && one.turned));
  if (never && unseen.length === 0) return missed(`${never.flag} was never seen changed. ${seen}`);
  return unless(misses, seen);
}

/** What one order of a probe asks for; a watch sends one after the other. */
const LOOK = { forMs: 4_000, everyMs: 200, atOnce: 2 };
const QUICK_LOOK = { forMs: 1_000, everyMs: 250, atOnce: 1 };

/**
 * Watches flags from every region that can be reached and from here, for as long as `during` runs and until its changes
 * must have arrived.
 */
export async function watch(
  site: Site,
  key: string,
  flags: readonly string[],
  during: () => Promise<void>,
): Promise<Watched[]> {
  const regions = await site.reached();
  let isOver = false;
  const question = { flags: [...flags] };
  const fromRegion = async (place: Region): Promise<Watched> => {
    const samples: ProbeSample[] = [];
    while (!isOver) {
      const { samples: more } = await site.look(place, { key, question, ...(site.quick ? QUICK_LOOK : LOOK) });
      samples.push(...more);
    }
    return { place, samples };
  };
  const fromHere = async (): Promise<Watched> => {
    const samples: ProbeSample[] = [];
    while (!isOver) {
      const at = Date.now();
      const answer = await site.ask(key, question).catch(() => null);
      samples.push({ at, ms: Date.now() - at, status: answer ? 200 : 0, answer });
      await site.wait(50);
    }
    return { place: "here", samples };
  };
  const changing = async () => {
    try {
      await during();
      await site.wait(CHANGE_MS + 500);
    } finally {
      isOver = true;
    }
  };
  const [, ...watched] = await Promise.all([changing(), fromHere(), ...regions.map(fromRegion)]);
  return watched;
}

/** Waits until a key is known to where this machine is answered from. */
export async function untilServed(site: Site, key: string, flag: string): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const answer = await site.ask(key, { flags: [flag] });
    if (answer?.values[flag] === true) return;
    await site.wait(100);
  }
  throw new Error("the throw-away project was not served within ten seconds");
}
