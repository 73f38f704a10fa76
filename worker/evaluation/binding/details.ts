import { evaluateFor, type Outcome } from "../../../shared/evaluation/run/evaluate.ts";
import { previewedVariant } from "../../../shared/evaluation/run/preview.ts";
import { log } from "../../log.ts";
import { admit, type ErrorCode, Failure, type Place } from "./admitted.ts";

export type { Place } from "./admitted.ts";

export type Kind = "boolean" | "string" | "number" | "object";

/** What Flagship's binding answers, and beside it the metadata that a server key gets. */
export interface Details<T = unknown> {
  flagKey: string;
  value: T;
  variant?: string;
  reason: string;
  errorCode?: ErrorCode;
  errorMessage?: string;
  flagMetadata?: { killed?: true; preview?: true; ruleId?: string };
}

/** An OpenFeature type; null: neither of them, such as undefined. */
export function kindOf(value: unknown): Kind | null {
  if (value === null || value === undefined) return null;
  const type = typeof value;
  return type === "boolean" || type === "string" || type === "number" || type === "object" ? type : null;
}

/** @param wanted the type that the value must have; null: any */
export async function detailsOf(
  place: Place,
  flagKey: unknown,
  defaultValue: unknown,
  context: unknown,
  wanted: Kind | null,
): Promise<Details> {
  const key = typeof flagKey === "string" ? flagKey : "";
  const otherwise = (failure: Failure): Details => failed(key, sendable(defaultValue), failure);
  try {
    if (typeof flagKey !== "string") return otherwise(new Failure("GENERAL", "the flag's key must be a string"));
    const admitted = await admit(place, context, "server", key);
    if (admitted instanceof Failure) return otherwise(admitted);
    const { loaded, subject, previews } = admitted;
    const flag = loaded.compiled.flags.get(key);
    const outcome = flag && evaluateFor(loaded.compiled, key, subject, "server");
    if (!flag || !outcome) return otherwise(new Failure("FLAG_NOT_FOUND", `there is no flag "${key}"`));
    const variant = previewedVariant(flag, previews, "server");
    const served = variant === undefined ? servedBy(outcome) : previewed(key, variant, flag.variants[variant]);
    if (served.value === undefined) return { ...served, value: sendable(defaultValue) };
    const kind = kindOf(served.value);
    return wanted === null || kind === wanted ? served : otherwise(mismatch(key, wanted, kind));
  } catch (error) {
    log({ event: "unexpected-error", path: "Flags", error: String(error) });
    return otherwise(new Failure("GENERAL", "something went wrong on our side"));
  }
}

/** What a flag came to, as a binding says it. Without a value the caller's default applies. */
export function servedBy({ key, value, variant, reason, cause, ruleId }: Outcome): Details {
  const details: Details = { flagKey: key, value, reason };
  if (value === undefined) return details;
  details.reason = said(reason, cause);
  if (variant !== null) details.variant = variant;
  if (cause === "killed") details.flagMetadata = { killed: true };
  else if (ruleId !== null) details.flagMetadata = { ruleId };
  return details;
}

/**
 * Flagship's provider takes DISABLED for "serve the caller's default", whatever the value. So an off or kill variant
 * names another reason: STATIC where an edit alone decided, DEFAULT where it was the user.
 */
const said = (reason: Outcome["reason"], cause: Outcome["cause"]): string => {
  if (reason !== "DISABLED") return reason;
  return cause === "killed" || cause === "disabled" ? "STATIC" : "DEFAULT";
};

export const previewed = (flagKey: string, variant: string, value: unknown): Details => ({
  flagKey,
  value,
  variant,
  reason: "TARGETING_MATCH",
  flagMetadata: { preview: true },
});

const mismatch = (key: string, wanted: Kind, found: Kind | null): Failure =>
  new Failure("TYPE_MISMATCH", `the value of "${key}" is of type ${found ?? "null"}, not ${wanted}`);

const failed = (flagKey: string, value: unknown, { errorCode, errorMessage }: Failure): Details => ({
  flagKey,
  value,
  reason: "ERROR",
  errorCode,
  errorMessage,
});

/** A function arrives as a stub of the caller's, which must not be handed back: it ends with the call. */
const sendable = (defaultValue: unknown): unknown => (typeof defaultValue === "function" ? undefined : defaultValue);
