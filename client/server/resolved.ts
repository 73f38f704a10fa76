import type { FlagMetadata, JsonValue, ResolutionDetails } from "@openfeature/server-sdk";
import type { Outcome } from "../../shared/evaluation/run/evaluate.ts";

/** Kinds of values as the SDK asks for them. */
export type ValueKind = "boolean" | "string" | "number" | "object";

/**
 * What an outcome is to the SDK. Made once for all who get it, the promise included: an evaluation then allocates
 * nothing. An object value is frozen, since everybody shares it.
 */
export class Resolved {
  /** Null: no value, so the caller's default applies. */
  readonly kind: ValueKind | null;
  readonly promise: Promise<ResolutionDetails<never>>;
  readonly variant: string | undefined;
  readonly reason: string;
  readonly flagMetadata: FlagMetadata;
  /** Whether anybody got it since it was last asked. */
  used = false;

  constructor({ value, variant, reason, cause, ruleId }: Outcome, version: FlagMetadata) {
    this.kind = value === undefined ? null : (typeof value as ValueKind);
    this.variant = variant ?? undefined;
    this.reason = reason;
    // As OFREP answers server keys, with what OpenTelemetry records of a flag.
    this.flagMetadata = Object.freeze({
      ...version,
      ...(cause === "killed" ? { killed: true } : ruleId === null ? {} : { ruleId }),
    });
    const details = {
      value: frozen(value as JsonValue),
      variant: this.variant,
      reason,
      flagMetadata: this.flagMetadata,
    };
    this.promise = Promise.resolve(Object.freeze(details) as never);
  }
}

function frozen(value: JsonValue): JsonValue {
  if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) frozen(part as JsonValue);
    Object.freeze(value);
  }
  return value;
}
