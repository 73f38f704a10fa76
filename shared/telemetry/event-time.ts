import { EVENT_LIMITS, type EventRejection } from "../schema/telemetry.ts";

/**
 * How long (ms) a batch may be under way. Its time on the way looks like a clock that is behind, so two batches of one
 * sender may be corrected by amounts that differ by this much.
 */
export const TRANSFER_MS = 30_000;

/** When something happened by our clock (epoch ms), and what was added to its sender's clock for that: 0 unless given. */
export interface Moment {
  readonly at: number;
  readonly shift?: number | undefined;
}

/** How long after `before` something happened, by our clock. */
export const elapsed = (before: Moment, after: Moment): number => after.at - before.at;

/**
 * The same by the sender's own clock, which no transfer alters. Null where the corrections differ by more than a transfer
 * explains: then it was not one clock.
 */
export function elapsedForSender(before: Moment, after: Moment): number | null {
  const [earlier, later] = [before.shift ?? 0, after.shift ?? 0];
  return Math.abs(later - earlier) > TRANSFER_MS ? null : elapsed(before, after) + earlier - later;
}

/**
 * How far a sender's clock is behind ours (ms): what to add to its times. Without `sentAt` it is believed.
 *
 * @param arrivedAt when the first of the batch arrived: the rest may have taken seconds
 */
export function clockSkew(sentAt: number | undefined, arrivedAt: number): number | "clock-skew" {
  if (sentAt === undefined) return 0;
  const skew = arrivedAt - sentAt;
  return Math.abs(skew) > EVENT_LIMITS.skewMs ? "clock-skew" : skew;
}

/**
 * When an event happened by our clock, with what that adds to its own time, or why that cannot be. An event seems to
 * have happened after it was sent only when clocks disagree within reason; then it happened now.
 */
export function eventTime(
  time: number,
  skew: number,
  receivedAt: number,
): { at: number; shift: number } | { rejected: EventRejection & ("too-old" | "in-future") } {
  const at = time + skew;
  if (at < receivedAt - EVENT_LIMITS.skewMs) return { rejected: "too-old" };
  if (at > receivedAt + EVENT_LIMITS.futureMs) return { rejected: "in-future" };
  const happened = Math.min(at, receivedAt);
  return { at: happened, shift: happened - time };
}
