import type { Condition } from "../schema/condition.ts";
import type { FlagState } from "../schema/flag.ts";
import type { Kill } from "../schema/snapshot.ts";

/** What is asked of an environment. */
export interface ReachWorld {
  /** A flag that is not archived. */
  flag(key: string): ReachFlag | undefined;
  segment(key: string): ReachSegment | undefined;
  layer(key: string): { by: string; seed: string } | undefined;
  holdout(key: string): { by: string; seed: string; share: number } | undefined;
  kills(flag: string): readonly Pick<Kill, "variant" | "serve" | "revision">[];
}

export interface ReachSegment {
  when?: Condition | undefined;
  included: readonly string[];
  /** Keys in its long list. */
  listed: number;
}

export interface ReachFlag {
  variants: readonly string[];
  offVariant: string | null;
  seed: string;
  state: FlagState;
}
