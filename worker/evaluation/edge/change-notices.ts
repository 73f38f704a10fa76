import type { Loaded } from "./loaded.ts";

/**
 * One event stream from beginning to end: looks at what the isolate knows, and speaks only when the result of the
 * stream's own context differs from what its client was last told.
 */

/** How often a stream looks (ms). */
const STEP_MS = 500;
/** A silent close is only noticed at a write, so one happens at least this often (ms). */
export const HEARTBEAT_MS = 10_000;
/** Streams end after this long (ms), at random in between: an invocation has 10,000 subrequests. */
export const LIFE_MS = { least: 240_000, most: 360_000 };
/** Clients of one change come back spread over this long (ms). */
export const JITTER_MS = 300;
/** Clients whose stream ended come back after this long (ms). */
const RECONNECT_MS = { least: 1_000, most: 3_000 };
/**
 * Clients that find no room come back after this long (ms). The stock web provider gives a stream up after 30 s without
 * one and then evaluates anew each time, so a longer wait would cost more.
 */
const NO_ROOM_MS = { least: 20_000, most: 28_000 };
/** Clients do not repeat a refetch that fails, as it may in a storm: a notice is repeated about this long (ms) after it. */
export const REPEATS_MS = [5_000, 20_000, 60_000];
/** Ends the id of a notice that is going to be repeated. */
const REPEATED = "~";

export interface NoticesDeps {
  now(): number;
  wait(ms: number): Promise<void>;
  /** In [0, 1). */
  random(): number;
  look(): Promise<Loaded | "missing" | "unreachable">;
  /** Whether the key that the stream was opened with still counts. */
  isWelcome(loaded: Loaded): boolean;
  /** Whether the result may alter without a change of flags or kills. */
  mayAlter(loaded: Loaded): boolean;
  /** ETag of the result of the stream's context. */
  resultOf(loaded: Loaded): Promise<string>;
  write(text: string): void;
  /** The client is gone. */
  isGone(): boolean;
}

interface Span {
  readonly least: number;
  readonly most: number;
}
const within = ({ least, most }: Span, random: number): number => Math.floor(least + random * (most - least));

const notice = (etag: string, id: string): string =>
  `id: ${id}\ndata: {"type":"refetchEvaluation","etag":"${etag}"}\n\n`;

/** What a client was told last: nothing that counts while the notice was still going to be repeated. */
const lastTold = (lastEventId: string): string => (lastEventId.endsWith(REPEATED) ? "" : lastEventId);

/**
 * All that a client gets for which there is no room: when to come back, and a notice if its result is not the one that
 * it has. An EventSource takes a status such as 503 for the end and cannot read `Retry-After`.
 *
 * @param told ETag of the result that the client has, or the id of the last notice that it got
 * @param result ETag of what it would be answered; null: not looked at
 * @param random in [0, 1)
 */
export function comeBackLater(told: string, result: string | null, random: number): string {
  // Told twice: the first refetch may have failed.
  const id = told === `${result}${REPEATED}` ? result : `${result}${REPEATED}`;
  const news = result === null || result === told ? "" : notice(result, id as string);
  return `retry: ${within(NO_ROOM_MS, random)}\n: no room\n\n${news}`;
}

/**
 * Ends when the client is gone, its key is, or the time is over.
 *
 * @param has ETag of the result that the client has, or the id of the last notice that it got
 */
export async function tellChanges(deps: NoticesDeps, has: string): Promise<void> {
  const { now, wait, random, write, isGone } = deps;
  const between = (span: Span) => within(span, random());
  const end = now() + between(LIFE_MS);
  let told = lastTold(has);
  let seen = "";
  let spoke = now();
  /** When (ms) what was told last is to be said again. */
  let repeats: number[] = [];
  write(`retry: ${between(RECONNECT_MS)}\n: open\n\n`);
  while (!isGone() && now() < end) {
    const loaded = await deps.look();
    if (loaded === "missing" || (loaded !== "unreachable" && !deps.isWelcome(loaded))) return;
    const quiet = now() - spoke >= HEARTBEAT_MS;
    // What time alone alters, such as a rule that expires, is soon enough seen at the heartbeat's pace.
    if (loaded !== "unreachable" && (seen !== markOf(loaded) || (quiet && deps.mayAlter(loaded)))) {
      seen = markOf(loaded);
      if ((await deps.resultOf(loaded)) !== told) {
        await wait(random() * JITTER_MS);
        // Changes that came meanwhile are told together; one that was taken back is not told at all.
        const latest = await deps.look();
        const result = typeof latest === "string" ? told : await deps.resultOf(latest);
        if (isGone()) return;
        // What could not be looked at once more is still to be told.
        seen = typeof latest === "string" ? "" : markOf(latest);
        if (result !== told) {
          told = result;
          spoke = now();
          repeats = REPEATS_MS.map((ms) => spoke + ms * (0.8 + 0.4 * random()));
          write(notice(told, told + REPEATED));
        }
      }
    }
    if (repeats[0] !== undefined && now() >= repeats[0]) {
      repeats.shift();
      spoke = now();
      write(notice(told, repeats.length > 0 ? told + REPEATED : told));
    }
    if (now() - spoke >= HEARTBEAT_MS) {
      spoke = now();
      write(": still here\n\n");
    }
    await wait(STEP_MS);
  }
}

const markOf = (loaded: Loaded): string => `${loaded.hash} ${loaded.killsChanged}`;
