import { binomialSequence, type Interval } from "../guard/statistics/binomial-sequence.ts";

/** Probability that any of the intervals of one test, looked at however often, misses the true share. */
export const DEMAND_ALPHA = 0.05;

/**
 * Fewer people decide nothing, whatever the interval says: it holds for people as they come, and the first hour's are not
 * the week's.
 */
export const LEAST_PEOPLE = 100;

/** People who first saw a door on one day, from one country, with one kind of device. */
export interface DemandCell {
  /** UTC, YYYY-MM-DD. */
  readonly day: string;
  readonly country: string;
  readonly device: string;
  /** Bots, too many of one network, clicks faster than people are. */
  readonly suspicious: boolean;
  /** Whether their time to click is over. */
  readonly final: boolean;
  /** Distinct people. */
  readonly seen: number;
  /** Of those, who clicked in time. */
  readonly clicked: number;
}

export interface Demand {
  readonly seen: number;
  readonly clicked: number;
  /** clicked ÷ seen; null before anybody saw it. */
  readonly rate: number | null;
  /**
   * Valid at any time and at any stop, with all looks together at 1 - alpha. People are a sequence in the order in
   * which they first saw the door; each one's last word comes when their time to click is over. The lower bound takes
   * everybody as they stand, which only lets it be lower than with all last words. The upper bound takes those whose
   * time is over, the beginning of the same sequence: both belong to one martingale, so the level is spent once.
   */
  readonly interval: Interval;
}

export type Verdict = "nobody" | "open" | "wanted" | "unwanted";

export interface DemandReport {
  /** Without suspicious people: what counts. */
  readonly demand: Demand;
  readonly withSuspicious: Demand;
  /** Suspicious ÷ all who saw it. */
  readonly suspiciousShare: number;
  /** People who may still click in time. */
  readonly pending: number;
  readonly verdict: Verdict;
  /** The decision in one sentence. */
  readonly sentence: string;
  readonly overTime: ({ readonly day: string } & Demand)[];
  readonly byCountry: Group[];
  readonly byDevice: Group[];
}

export interface Group {
  readonly name: string;
  readonly seen: number;
  readonly clicked: number;
  readonly rate: number;
}

/** @param bar what would make it worth building, 0 to 1 */
export function demandReport(cells: readonly DemandCell[], bar: number): DemandReport {
  const trusted = cells.filter((cell) => !cell.suspicious);
  const demand = demandOf(trusted);
  const withSuspicious = demandOf(cells);
  const verdict = verdictOf(demand, bar);
  const days = [...new Set(trusted.map((cell) => cell.day))].sort();
  return {
    demand,
    withSuspicious,
    suspiciousShare: withSuspicious.seen === 0 ? 0 : 1 - demand.seen / withSuspicious.seen,
    pending: sum(trusted, (cell) => (cell.final ? 0 : cell.seen - cell.clicked)),
    verdict,
    sentence: sentenceOf(verdict, demand, bar),
    overTime: days.map((day) => ({ day, ...demandOf(trusted.filter((cell) => cell.day <= day)) })),
    byCountry: groups(trusted, (cell) => cell.country),
    byDevice: groups(trusted, (cell) => cell.device),
  };
}

function demandOf(cells: readonly DemandCell[]): Demand {
  const seen = sum(cells, (cell) => cell.seen);
  const clicked = sum(cells, (cell) => cell.clicked);
  const final = cells.filter((cell) => cell.final);
  const { lower } = binomialSequence(clicked, seen, DEMAND_ALPHA);
  const { upper } = binomialSequence(
    sum(final, (cell) => cell.clicked),
    sum(final, (cell) => cell.seen),
    DEMAND_ALPHA,
  );
  return { seen, clicked, rate: seen === 0 ? null : clicked / seen, interval: { lower, upper } };
}

function verdictOf({ seen, interval }: Demand, bar: number): Verdict {
  if (seen === 0) return "nobody";
  if (seen < LEAST_PEOPLE) return "open";
  if (interval.lower >= bar) return "wanted";
  return interval.upper < bar ? "unwanted" : "open";
}

function sentenceOf(verdict: Verdict, { seen, rate, interval }: Demand, bar: number): string {
  switch (verdict) {
    case "nobody":
      return "Nobody has seen the door yet.";
    case "wanted":
      return `At least ${percentDown(interval.lower)} want this; your bar was ${percent(bar)}.`;
    case "unwanted":
      return `At most ${percentUp(interval.upper)} want this; your bar was ${percent(bar)}.`;
    case "open":
      if (seen < LEAST_PEOPLE)
        return `Too early to say: ${seen} ${seen === 1 ? "person has" : "people have"} seen it, and ${LEAST_PEOPLE} are the least.`;
      return `Not decided yet: ${percent(rate ?? 0)} so far, and your bar of ${percent(bar)} is still possible.`;
  }
}

/** One place after the point, two below one per cent. */
const places = (share: number): number => (share < 0.01 ? 2 : 1);
const shown = (percents: number, digits: number): string => `${Number(percents.toFixed(digits))} %`;
export const percent = (share: number): string => shown(share * 100, places(share));
/** Bounds are rounded away from what they claim. */
export const percentDown = (share: number): string => {
  const scale = 10 ** places(share);
  return shown(Math.floor(share * 100 * scale) / scale, places(share));
};
export const percentUp = (share: number): string => {
  const scale = 10 ** places(share);
  return shown(Math.ceil(share * 100 * scale) / scale, places(share));
};

function groups(cells: readonly DemandCell[], nameOf: (cell: DemandCell) => string): Group[] {
  return [...new Set(cells.map(nameOf))]
    .map((name) => {
      const own = cells.filter((cell) => nameOf(cell) === name);
      const seen = sum(own, (cell) => cell.seen);
      const clicked = sum(own, (cell) => cell.clicked);
      return { name, seen, clicked, rate: seen === 0 ? 0 : clicked / seen };
    })
    .sort((a, b) => b.seen - a.seen || (a.name < b.name ? -1 : 1));
}

const sum = <T>(items: readonly T[], of: (item: T) => number): number =>
  items.reduce((total, item) => total + of(item), 0);
