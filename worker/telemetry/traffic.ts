import type { TelemetryStats } from "../../shared/schema/telemetry.ts";

/*
 * Present traffic, for calculators that ask how long a release would take: exposures and distinct units by flag, events
 * and failures by metric, over the last hour. In memory only: an object that is put to sleep had no traffic to tell of.
 */

/** Distinct values by the k smallest of uniform ranks (Bar-Yossef et al. 2002): standard error about 1/sqrt(k). */
const SMALLEST = 256;
const SLICE_MS = 10 * 60_000;
const SLICES = 6;
/** Names are the senders': beyond so many in a slice, new ones are not followed. */
const MAX_NAMES = 2_000;

interface FlagSlice {
  exposures: number;
  /** Ascending. */
  ranks: number[];
}
interface MetricSlice {
  events: number;
  judged: number;
  failed: number;
}
interface Slice {
  at: number;
  flags: Map<string, FlagSlice>;
  metrics: Map<string, MetricSlice>;
}

export class Traffic {
  #slices: Slice[] = [];
  #since: number | null = null;

  exposure(flag: string, rank: number, now: number): void {
    const { flags } = this.#slice(now);
    const known = flags.get(flag) ?? { exposures: 0, ranks: [] };
    known.exposures++;
    keepSmallest(known.ranks, rank);
    if (flags.size < MAX_NAMES || flags.has(flag)) flags.set(flag, known);
  }

  outcome(metric: string, ok: boolean | undefined, now: number): void {
    const { metrics } = this.#slice(now);
    const known = metrics.get(metric) ?? { events: 0, judged: 0, failed: 0 };
    known.events++;
    if (ok !== undefined) known.judged++;
    if (ok === false) known.failed++;
    if (metrics.size < MAX_NAMES || metrics.has(metric)) metrics.set(metric, known);
  }

  read(now: number): TelemetryStats["traffic"] {
    const oldest = Math.floor(now / SLICE_MS) - SLICES;
    const slices = this.#slices.filter(({ at }) => at > oldest);
    const from = Math.max(this.#since ?? now, (oldest + 1) * SLICE_MS);
    const view: TelemetryStats["traffic"] = { minutes: Math.max(0, now - from) / 60_000, flags: {}, metrics: {} };
    for (const flag of new Set(slices.flatMap(({ flags }) => [...flags.keys()]))) {
      const own = slices.flatMap(({ flags }) => flags.get(flag) ?? []);
      const ranks: number[] = [];
      for (const slice of own) for (const rank of slice.ranks) keepSmallest(ranks, rank);
      view.flags[flag] = { exposures: own.reduce((sum, { exposures }) => sum + exposures, 0), units: distinct(ranks) };
    }
    for (const { metrics } of slices) {
      for (const [metric, { events, judged, failed }] of metrics) {
        const sum = view.metrics[metric] ?? { events: 0, judged: 0, failed: 0 };
        view.metrics[metric] = {
          events: sum.events + events,
          judged: sum.judged + judged,
          failed: sum.failed + failed,
        };
      }
    }
    return view;
  }

  #slice(now: number): Slice {
    const at = Math.floor(now / SLICE_MS);
    let slice = this.#slices.find((one) => one.at === at);
    if (!slice) {
      slice = { at, flags: new Map(), metrics: new Map() };
      this.#slices = [...this.#slices, slice].slice(-SLICES - 1);
      this.#since ??= now;
    }
    return slice;
  }
}

/** Keeps the smallest ranks, each once, ascending. */
export function keepSmallest(ranks: number[], rank: number): void {
  if (ranks.length >= SMALLEST && rank >= (ranks.at(-1) as number)) return;
  let low = 0;
  for (let high = ranks.length; low < high; ) {
    const middle = (low + high) >> 1;
    if ((ranks[middle] as number) < rank) low = middle + 1;
    else high = middle;
  }
  if (ranks[low] === rank) return;
  ranks.splice(low, 0, rank);
  if (ranks.length > SMALLEST) ranks.pop();
}

export const distinct = (ranks: readonly number[]): number =>
  ranks.length < SMALLEST ? ranks.length : Math.round((SMALLEST - 1) / (ranks.at(-1) as number));
