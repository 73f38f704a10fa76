import { COUNTS, CPU_MS, LOOK_SECONDS } from "./counts.ts";
import { type Billed, PLAN_DOLLARS, PRICES } from "./prices.ts";

/** A month of an installation. */
export interface Workload {
  /** Requests that evaluate, single or bulk. */
  readonly evaluations: number;
  /** Telemetry events, and which part of them is watched. */
  readonly events: number;
  readonly watched: number;
  readonly environments: number;
  /** Environments in which a guard watches something all month. */
  readonly guards: number;
  /** Projects: each asks for its own pointer. */
  readonly projects: number;
  /** Data centres that serve evaluations, and isolates in all of them together. */
  readonly centres: number;
  readonly isolates: number;
  /** Event streams that are open all month. */
  readonly streams: number;
  /** Kills, edits and other changes. */
  readonly changes: number;
  /** Scrapes of `/metrics`. */
  readonly scrapes: number;
}

export interface Line {
  readonly what: string;
  readonly billed: Billed;
  readonly amount: number;
}

export interface Bill {
  readonly lines: readonly (Line & { readonly dollars: number })[];
  /** Dollars a month, the plan included. */
  readonly total: number;
}

const MONTH_S = 30 * 86_400;
/** A Durable Object is billed for 128 MB while it works, and works about so long (ms) for a request. */
const OBJECT_GB = 0.128;
const OBJECT_MS = 10;
/** Seconds between requests of a data centre that is hardly asked do not cost more than the requests themselves. */
const POINTER_READS_A_SECOND = 1.4;
const BREAK_GLASS_SECONDS = 15;
const STREAM_SECONDS = 300;
/** Regions with a relay. */
const REGIONS = 9;
/** An isolate reports its use once a minute, or every five minutes where there are thousands. */
const usageSeconds = (isolates: number): number => Math.min(300, Math.max(60, isolates * 0.03));

/** What a month takes, action by action. Pure. */
export function linesOf(load: Workload): Line[] {
  const { evaluations, events, watched, environments, guards, projects, centres, isolates, streams, changes, scrapes } =
    load;
  const batches = events / COUNTS.eventsABatch;
  const streamRequests = streams * (MONTH_S / STREAM_SECONDS);
  // A centre asks while it is asked: never more often than it serves.
  const pointerReads = Math.min(evaluations + streamRequests, projects * centres * POINTER_READS_A_SECOND * MONTH_S);
  const breakGlassReads = Math.min(pointerReads, projects * centres * (MONTH_S / BREAK_GLASS_SECONDS));
  const reports = Math.min(evaluations, isolates * environments * (MONTH_S / usageSeconds(isolates)));
  const looks = guards * (MONTH_S / (events * watched > 0 ? LOOK_SECONDS.moving : LOOK_SECONDS.atRest));
  // At most as if relays of all regions were asked all month, which busy data centres do not.
  const relays = projects * Math.min(REGIONS, centres);
  const signals = Math.min(evaluations * COUNTS.signalsAfterAQuestion, relays * MONTH_S);
  const served = changes * Math.min(centres, evaluations) * COUNTS.reportsAChange;
  const objectRequests =
    pointerReads + signals + served + reports + batches * COUNTS.shardsABatch + looks * COUNTS.requestsALook;
  const line = (what: string, billed: Billed, amount: number): Line => ({ what, billed, amount });
  return [
    line("evaluations", "requests", evaluations),
    line("batches of events", "requests", batches),
    line("event streams, reconnecting", "requests", streamRequests),
    line("scrapes and cron", "requests", scrapes + MONTH_S / 600),
    line("evaluations", "cpuMs", evaluations * CPU_MS.evaluation),
    line("events", "cpuMs", events * CPU_MS.event),
    line("event streams", "cpuMs", streamRequests * CPU_MS.streamedAnswer + changes * streams * CPU_MS.streamNotice),
    line("pointer reads", "objectRequests", pointerReads),
    line("signals to relays", "objectRequests", signals),
    line("reports of what is served", "objectRequests", served),
    line("reports of use", "objectRequests", reports),
    line("telemetry shards", "objectRequests", batches * COUNTS.shardsABatch),
    line("guards' looks", "objectRequests", looks * COUNTS.requestsALook),
    line("Durable Objects at work", "objectGbSeconds", secondsOf(objectRequests, projects, relays, guards) * OBJECT_GB),
    // Between two signals a store waits on a timer, which keeps it in memory.
    line("stores that signal relays", "objectGbSeconds", Math.min(signals, projects * MONTH_S) * OBJECT_GB),
    line("watched events", "rowsWritten", events * watched * COUNTS.rowsAWatchedEvent),
    line("unwatched events", "rowsWritten", events * (1 - watched) * COUNTS.rowsAnUnwatchedEvent),
    line("reports of what is served", "rowsWritten", served * COUNTS.rowsACentresReport),
    line("reports of use", "rowsWritten", reports * COUNTS.rowsAUsageReport),
    line("guards' looks", "rowsWritten", looks * COUNTS.rowsALook),
    line("changes", "rowsWritten", changes * COUNTS.rowsAChange),
    line(
      "pointer reads and events",
      "rowsRead",
      pointerReads * COUNTS.rowsReadAPointer + events * COUNTS.rowsReadAnEvent,
    ),
    line("break-glass", "kvReads", breakGlassReads),
    line("snapshots after changes", "kvReads", changes * Math.min(isolates, evaluations)),
    line("changes", "kvWrites", changes * 2),
  ];
}

/** Objects work at most all month, each by itself. */
function secondsOf(requests: number, projects: number, relays: number, guards: number): number {
  const objects = projects + relays + guards * (1 + COUNTS.shardsABatch);
  return Math.min(objects * MONTH_S, (requests * OBJECT_MS) / 1_000);
}

/** The bill of a month. What the plan includes is taken off each kind of thing once, in the order of its lines. */
export function billOf(load: Workload): Bill {
  const left = new Map<Billed, number>(
    (Object.keys(PRICES) as Billed[]).map((billed) => [billed, PRICES[billed].included]),
  );
  const lines = linesOf(load).map((line) => {
    const included = Math.min(line.amount, left.get(line.billed) ?? 0);
    left.set(line.billed, (left.get(line.billed) ?? 0) - included);
    return { ...line, dollars: ((line.amount - included) / 1e6) * PRICES[line.billed].aMillion };
  });
  return { lines, total: lines.reduce((sum, { dollars }) => sum + dollars, PLAN_DOLLARS) };
}
