import type { Visibility } from "../../schema/flag.ts";
import type { Json } from "../../schema/primitives.ts";
import { murmur3 } from "../bucketing/bucket.ts";

/**
 * OpenFeature's reasons. STATIC: nothing but an edit could have changed it. DEFAULT: the fallthrough, after rules
 * did not match. TARGETING_MATCH: a rule. SPLIT: a split decided, in a rule or in the fallthrough. DISABLED: the
 * flag is off for this subject: killed, disabled, prerequisite unmet or blocked, held out, outside its layer.
 */
export type Reason = "STATIC" | "DEFAULT" | "TARGETING_MATCH" | "SPLIT" | "DISABLED";
/** What decided, finer than the reason; for our own telemetry and explanations, never on the wire. */
export type Cause = "killed" | "disabled" | "prerequisite" | "blocked" | "holdout" | "layer" | "rule" | "fallthrough";

/** What a flag can come to, before it is tied to the flag. */
export interface Result {
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

export const NOTHING: Fragment = { text: "", high: 0, low: 0, factor: 1 };

const fragmentOf = (text: string): Fragment => ({
  text,
  high: murmur3(text, 1),
  low: murmur3(text, 2),
  factor: 0x5bd1e995,
});

export const joined = (one: Fragment, next: Fragment): Fragment => ({
  text: one.text + next.text,
  high: (Math.imul(one.high, next.factor) + next.high) | 0,
  low: (Math.imul(one.low, next.factor) + next.low) | 0,
  factor: Math.imul(one.factor, next.factor),
});

/** One possible result of one flag, made once and shared by everyone who gets it. */
export class Outcome implements Result {
  readonly key: string;
  readonly variant: string | null;
  readonly value: Json | undefined;
  readonly reason: Reason;
  readonly cause: Cause;
  readonly ruleId: string | null;
  /** Flags that depend on this one treat it as blocked. */
  readonly blocked: boolean;
  /** Whether client keys may learn that the flag exists. */
  readonly clientVisible: boolean;
  /** Its piece of a bulk answer to a client key; nothing when they may not. */
  readonly client: Fragment;
  /** The same for server keys, with metadata. */
  readonly server: Fragment;

  /**
   * Encodes one result. A variant that the flag does not have is none. For a `targeted` flag, client keys always
   * read TARGETING_MATCH: the true reason would tell a split or a kill from a rule.
   */
  constructor(flag: OutcomeFlag, result: Result) {
    const { reason, cause, ruleId } = result;
    const { key, offVariant, visibility } = flag;
    const variant = result.variant !== null && Object.hasOwn(flag.variants, result.variant) ? result.variant : null;
    this.key = key;
    this.variant = variant;
    this.value = variant === null ? undefined : flag.variants[variant];
    this.reason = reason;
    this.cause = cause;
    this.ruleId = ruleId;
    this.blocked = cause === "killed" || cause === "disabled" || cause === "blocked";
    this.clientVisible =
      visibility === "public" || (visibility === "targeted" && variant !== null && variant !== offVariant);
    const served =
      variant === null ? "" : `,"variant":${JSON.stringify(variant)},"value":${JSON.stringify(this.value)}`;
    const encoded = (shown: Reason, metadata: string): Fragment =>
      fragmentOf(`,{"key":${JSON.stringify(key)},"reason":"${shown}"${served}${metadata}}`);
    const metadata =
      cause === "killed"
        ? ',"metadata":{"killed":true}'
        : ruleId === null
          ? ""
          : `,"metadata":{"ruleId":${JSON.stringify(ruleId)}}`;
    const clientReason = visibility === "targeted" ? "TARGETING_MATCH" : reason;
    this.server = encoded(reason, metadata);
    this.client = !this.clientVisible
      ? NOTHING
      : metadata === "" && clientReason === reason
        ? this.server
        : encoded(clientReason, "");
    Object.freeze(this);
  }

  /** OFREP's evaluation result as client keys see it; empty when they may not. */
  get clientJson(): string {
    return this.client.text.slice(1);
  }

  /** The same for server keys. */
  get serverJson(): string {
    return this.server.text.slice(1);
  }
}
