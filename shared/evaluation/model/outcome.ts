import type { Visibility } from "../../schema/flag.ts";
import type { Json } from "../../schema/primitives.ts";

/**
 * OpenFeature's reasons. STATIC: nothing but an edit could have changed it. DEFAULT: the fallthrough, after rules
 * did not match. TARGETING_MATCH: a rule. SPLIT: a split decided, in a rule or in the fallthrough. DISABLED: the
 * flag is off for this subject: killed, disabled, prerequisite unmet or blocked, held out, outside its layer.
 */
export type Reason = "STATIC" | "DEFAULT" | "TARGETING_MATCH" | "SPLIT" | "DISABLED";
/** What decided, finer than the reason; for our own telemetry and explanations, never on the wire. */
export type Cause = "killed" | "disabled" | "prerequisite" | "blocked" | "holdout" | "layer" | "rule" | "fallthrough";

/** What a flag can come to, before it is tied to the flag. */
export interface EvaluationResult {
  /** Null: no value, so the caller's default applies. */
  readonly variant: string | null;
  readonly reason: Reason;
  readonly cause: Cause;
  readonly ruleId: string | null;
}

/** What an outcome takes from its flag. */
export interface OutcomeFlag {
  readonly key: string;
  readonly variants: Readonly<Record<string, Json>>;
  readonly offVariant: string | null;
  readonly visibility: Visibility;
}

/**
 * A piece of a bulk answer: OFREP evaluation results, each with a comma before it, and two 32-bit polynomials over
 * the results' hashes, of which the ETag is made. Pieces join as their texts do: however an answer is cut into
 * pieces, its ETag is the same.
 */
export interface Fragment {
  readonly text: string;
  readonly high: number;
  readonly low: number;
  /** What joining it multiplies the polynomials before it by: odd, so that no difference is ever lost. */
  readonly factor: number;
}

/** One possible result of one flag, made once and shared by everyone who gets it. */
export interface Outcome extends EvaluationResult {
  readonly key: string;
  readonly value: Json | undefined;
  /** Flags that depend on this one treat it as blocked. */
  readonly blocked: boolean;
  /** Whether client keys may learn that the flag exists. */
  readonly clientVisible: boolean;
  /** Its piece of a bulk answer to a client key; nothing when they may not. */
  readonly client: Fragment;
  /** The same for server keys, with metadata. */
  readonly server: Fragment;
  /** OFREP's evaluation result as client keys see it; empty when they may not. */
  readonly clientJson: string;
  /** The same for server keys. */
  readonly serverJson: string;
}
