/** The first time (epoch ms) that a data centre served this revision or a later one. */
export type First = readonly [revision: number, at: number];

/** What a data centre has served of one environment: with the pointer alone, and with its snapshot. */
export interface CentreServed {
  readonly environment: string;
  readonly colo: string;
  /** Revisions of another epoch cannot be compared. */
  readonly epoch: number;
  readonly kill: readonly First[];
  readonly config: readonly First[];
}

/** Firsts that are kept of a data centre and a lane; a store keeps as many changes of an environment. */
const KEEP_FIRSTS = 50;

/**
 * Adds a first, in the order of revisions. One that a later revision came no later than says nothing; the same list
 * comes back.
 */
export function withFirst(firsts: readonly First[], [revision, at]: First): readonly First[] {
  if (firsts.some(([later, since]) => later >= revision && since <= at)) return firsts;
  const left = firsts.filter(([earlier, since]) => earlier > revision || since < at);
  return [...left, [revision, at] as const].sort(([a], [b]) => a - b).slice(-KEEP_FIRSTS);
}

export interface CommittedChange {
  readonly environment: string;
  readonly revision: number;
  readonly committedAt: number;
  /** Kills and nothing else are in force with the pointer alone; the rest, a restore too, with the snapshot. */
  readonly isKill: boolean;
}

/** When each data centre first served a change (epoch ms), by its name. Clocks may say that it was before the commit. */
export function firstServedOf(
  { environment, revision, committedAt, isKill }: CommittedChange,
  epoch: number,
  served: readonly CentreServed[],
): Map<string, number> {
  const firsts = new Map<string, number>();
  for (const one of served) {
    if (one.environment !== environment || one.epoch !== epoch) continue;
    const times = [...one.config, ...(isKill ? one.kill : [])].filter(([served]) => served >= revision);
    if (times.length > 0) firsts.set(one.colo, Math.max(committedAt, Math.min(...times.map(([, at]) => at))));
  }
  return firsts;
}
