import { murmur3 } from "./bucket.ts";
import type { Visibility } from "./schema/flag.ts";
import type { Json } from "./schema/primitives.ts";

/**
 * OpenFeature's reasons. STATIC: nothing but an edit could have changed it. DEFAULT: the fallthrough, after rules
 * did not match. TARGETING_MATCH: a rule. SPLIT: a split decided, in a rule or in the fallthrough. DISABLED: the
 * flag is off for this subject: killed, disabled, prerequisite unmet or blocked, held out, outside its layer.
 */
export type Reason = "STATIC" | "DEFAULT" | "TARGETING_MATCH" | "SPLIT" | "DISABLED";
/** What decided, finer than the reason; for our own telemetry and explanations, never on the wire. */
export type Cause = "killed" | "disabled" | "prerequisite" | "blocked" | "holdout" | "layer" | "rule" | "fallthrough";

/** One possible result of one flag, made once and shared by everyone who gets it. */
export interface Outcome {
  readonly key: string;
  /** Null: no value, so the caller's default applies. */
  readonly variant: string | null;
  readonly value: Json | undefined;
  readonly reason: Reason;
  readonly cause: Cause;
  readonly ruleId: string | null;
  /** Flags that depend on this one treat it as blocked. */
  readonly blocked: boolean;
  /** Whether client keys may learn that the flag exists. */
  readonly clientVisible: boolean;
  /** OFREP's evaluation result as client keys see it; empty when they may not. */
  readonly clientJson: string;
  /** The same for server keys, with metadata. */
  readonly serverJson: string;
  /** Both with a comma before them, as bulk answers join them: one concatenation instead of two. */
  readonly clientPart: string;
  readonly serverPart: string;
  /** 64 bits of hash over clientPart, and over serverPart: what ETags are made of. */
  readonly clientHigh: number;
  readonly clientLow: number;
  readonly serverHigh: number;
  readonly serverLow: number;
}

/** What an outcome takes from its flag. */
export interface OutcomeFlag {
  readonly key: string;
  readonly variants: Readonly<Record<string, Json>>;
  readonly offVariant: string | null;
  readonly visibility: Visibility;
}

/**
 * Encodes one result. A variant that the flag does not have is none. For a `targeted` flag, client keys always read
 * TARGETING_MATCH: the true reason would tell a split or a kill from a rule.
 */
export function makeOutcome(
  flag: OutcomeFlag,
  wanted: string | null,
  reason: Reason,
  cause: Cause,
  ruleId: string | null = null,
): Outcome {
  const variant = wanted !== null && Object.hasOwn(flag.variants, wanted) ? wanted : null;
  const value = variant === null ? undefined : flag.variants[variant];
  const clientVisible =
    flag.visibility === "public" || (flag.visibility === "targeted" && variant !== null && variant !== flag.offVariant);
  const served = variant === null ? "" : `,"variant":${JSON.stringify(variant)},"value":${JSON.stringify(value)}`;
  const fragment = (shown: Reason, metadata: string): string =>
    `,{"key":${JSON.stringify(flag.key)},"reason":"${shown}"${served}${metadata}}`;
  const metadata =
    cause === "killed"
      ? ',"metadata":{"killed":true}'
      : ruleId === null
        ? ""
        : `,"metadata":{"ruleId":${JSON.stringify(ruleId)}}`;
  const serverPart = fragment(reason, metadata);
  const clientReason = flag.visibility === "targeted" ? "TARGETING_MATCH" : reason;
  const clientPart = !clientVisible
    ? ""
    : metadata === "" && clientReason === reason
      ? serverPart
      : fragment(clientReason, "");
  // Slices of the parts: no second copy.
  const clientJson = clientPart.slice(1);
  const serverJson = serverPart.slice(1);
  return Object.freeze({
    key: flag.key,
    variant,
    value,
    reason,
    cause,
    ruleId,
    blocked: cause === "killed" || cause === "disabled" || cause === "blocked",
    clientVisible,
    clientJson,
    serverJson,
    clientPart,
    serverPart,
    clientHigh: murmur3(clientPart, 1),
    clientLow: murmur3(clientPart, 2),
    serverHigh: murmur3(serverPart, 1),
    serverLow: murmur3(serverPart, 2),
  });
}
