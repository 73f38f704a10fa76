import { EVENT_LIMITS, type EventRejection } from "../schema/telemetry.ts";

/** How far a sender's clock is behind ours (ms): what to add to its times. Without `sentAt` it is believed. */
export function clockSkew(sentAt: number | undefined, receivedAt: number): number | "clock-skew" {
  if (sentAt === undefined) return 0;
  const skew = receivedAt - sentAt;
  return Math.abs(skew) > EVENT_LIMITS.skewMs ? "clock-skew" : skew;
}

/**
 * When an event happened by our clock, or why that cannot be. An event seems to have happened after it was sent only
 * when clocks disagree within reason; then it happened now.
 */
export function eventTime(
  time: number,
  skew: number,
  receivedAt: number,
): { at: number } | { rejected: EventRejection & ("too-old" | "in-future") } {
  const at = time + skew;
  if (at < receivedAt - EVENT_LIMITS.skewMs) return { rejected: "too-old" };
  if (at > receivedAt + EVENT_LIMITS.futureMs) return { rejected: "in-future" };
  return { at: Math.min(at, receivedAt) };
}
