import type { FakeDoorSettings } from "../../../shared/schema/demand-test.ts";

/** What a ledger needs of a door's settings. */
export type DoorSettings = Omit<FakeDoorSettings, "audience">;

/** A door counts as seen when half of it was visible for this long (ms); nobody reads and clicks sooner. */
export const LEAST_VIEW_MS = 1_000;

/** Reasons to doubt that somebody is a person; bits of one number. */
export const DOUBT = { bot: 1, crowd: 2, haste: 4 } as const;

/**
 * Why an event may not come from a person. Doubtful people are kept and counted apart: that they are many says more than
 * that they are none.
 */
export function doubtsOf(event: {
  readonly bot: boolean;
  /** Since the door was evaluated for this person (ms). */
  readonly ageMs: number;
  /** People of the same network that day who were counted before. */
  readonly networkPeople: number;
  readonly networkCap: number;
}): number {
  return (
    (event.bot ? DOUBT.bot : 0) |
    (event.networkPeople >= event.networkCap ? DOUBT.crowd : 0) |
    (event.ageMs < LEAST_VIEW_MS ? DOUBT.haste : 0)
  );
}
