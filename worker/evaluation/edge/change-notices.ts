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

/** `told`: ETag of the result that the client has. Ends when the client is gone, its key is, or the time is over. */
export async function tellChanges(deps: NoticesDeps, told: string): Promise<void> {
  const { now, wait, random, write, isGone } = deps;
  const between = ({ least, most }: { least: number; most: number }) => Math.floor(least + random() * (most - least));
  const end = now() + between(LIFE_MS);
  let seen = "";
  let spoke = now();
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
          write(`id: ${told}\ndata: {"type":"refetchEvaluation","etag":"${told}"}\n\n`);
        }
      }
    }
    if (now() - spoke >= HEARTBEAT_MS) {
      spoke = now();
      write(": still here\n\n");
    }
    await wait(STEP_MS);
  }
}

const markOf = (loaded: Loaded): string => `${loaded.hash} ${loaded.killsChanged}`;
