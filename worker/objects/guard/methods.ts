import type { GuardState, GuardStatus } from "../../../shared/schema/guard.ts";
import type { Result } from "../../result.ts";
import type { WatchedSeries } from "./guard-watch.ts";

/** What the store tells: everything to be watched in one of its environments, as of a revision. */
export interface WatchOrder {
  project: string;
  environment: string;
  /** Orders may overtake each other; an older one is not followed. */
  epoch: number;
  revision: number;
  /** When the environment was made; null: it is gone. Stores of before this version do not say. */
  madeAt?: number | null;
  list: WatchedSeries[];
}

/** What may be asked of a guard, over JSON. Edges and stores of an older version call a newer one: a method stays as it is. */
export interface GuardMethods {
  watch(order: WatchOrder): boolean;
  status(flag: string, charts?: boolean): GuardStatus["watch"];
  statuses(flags: string[], charts: boolean): GuardStatus["watch"][];
  states(): Record<GuardState, number>;
  /** Events of something that is watched were stored. Shards of before this version do not say. */
  moved(): Promise<void>;
  approve(flag: string, approvedBy: string): Promise<Result<{ done: boolean }>>;
}
