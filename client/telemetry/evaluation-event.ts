import type { EvaluationDetails, FlagValue, HookContext } from "@openfeature/server-sdk";

/** The name of OpenTelemetry's event for one evaluation. */
export const EVALUATION_EVENT = "feature_flag.evaluation";

/** Attributes of that event, by the names of OpenTelemetry's semantic conventions. */
export type EvaluationAttributes = Record<string, string | boolean>;

/** `bds_{project}_{environment}_…`: a server key, and whose. */
const SERVER_KEY = /^bds_([^_]+)_([^_]+)_/;

/**
 * The set of flags that a server key evaluates, as `project/environment`. Null for a client key: an observer of what a
 * page sends learns no more from its telemetry than from its flags.
 */
export function flagSetOf(key: string): string | null {
  const [, project, environment] = SERVER_KEY.exec(key) ?? [];
  return project === undefined || environment === undefined ? null : `${project}/${environment}`;
}

/**
 * What OpenTelemetry records of one evaluation.
 *
 * @param flagSet as `flagSetOf` says; without it neither set nor version is told
 */
export function evaluationAttributes(
  { flagKey, context, providerMetadata }: Readonly<HookContext>,
  { variant, value, reason, errorCode, errorMessage, flagMetadata }: EvaluationDetails<FlagValue>,
  flagSet: string | null,
): EvaluationAttributes {
  const attributes: EvaluationAttributes = {
    "feature_flag.key": flagKey,
    "feature_flag.provider.name": providerMetadata.name,
    "feature_flag.result.reason": (reason ?? "UNKNOWN").toLowerCase(),
  };
  const add = (name: string, told: unknown) => {
    if (typeof told === "string" && told !== "") attributes[name] = told;
  };
  // One of the two says what was served: a value without a variant is the application's own default.
  if (variant === undefined) add("feature_flag.result.value", JSON.stringify(value));
  else add("feature_flag.result.variant", variant);
  add("feature_flag.context.id", context.targetingKey);
  if (flagSet !== null) {
    add("feature_flag.set.id", flagMetadata.flagSetId ?? flagSet);
    add("feature_flag.version", flagMetadata.version);
  }
  if (errorCode !== undefined || reason === "ERROR") {
    attributes["error.type"] = (errorCode ?? "GENERAL").toLowerCase();
    add("feature_flag.error.message", errorMessage);
  }
  if (flagMetadata.preview === true) attributes["blastdoor.preview"] = true;
  return attributes;
}
