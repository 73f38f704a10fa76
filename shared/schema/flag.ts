import { z } from "zod";
import { LIMITS, SPLIT_TOTAL } from "../limits.ts";
import { condition } from "./condition.ts";
import { instant, json, key, name, recordOf } from "./primitives.ts";

export const FLAG_TYPES = ["boolean", "string", "number", "json"] as const;
export const PURPOSES = ["release", "experiment", "ops", "config", "fake-door", "dark-launch", "wizard-of-oz"] as const;
/** Purposes that marketers may create and change: tests of demand, not engineering controls. */
export const TEST_PURPOSES = ["experiment", "fake-door", "dark-launch", "wizard-of-oz"] as const;
export const VISIBILITIES = ["public", "targeted", "server-only"] as const;

export const flagType = z.enum(FLAG_TYPES);
export const purpose = z.enum(PURPOSES);
/**
 * What client keys may see of a flag. `targeted`: only people who are served something else than the off variant
 * learn that the flag exists. `server-only`: client keys never do.
 */
export const visibility = z.enum(VISIBILITIES);
export type Purpose = z.infer<typeof purpose>;
export type Visibility = z.infer<typeof visibility>;

const tag = z.string().trim().min(1).max(50);
const VALUE_TYPE: Record<(typeof FLAG_TYPES)[number], (value: unknown) => boolean> = {
  boolean: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  // Values of different types in one flag, too: other vendors have such flags.
  json: (value) => value !== null,
};

const flagFields = {
  type: flagType,
  purpose: purpose.default("release"),
  variants: recordOf(json, LIMITS.variantsPerFlag, "variants"),
  /** Served when the flag is off. `null`: no value at all, so the caller's code default applies. */
  offVariant: key.nullable(),
  visibility: visibility.default("server-only"),
  /** Buckets of this flag's splits; its own key unless set. Two flags of one seed bucket alike. */
  seed: z.string().min(1).max(100).optional(),
  description: z.string().max(LIMITS.descriptionChars).default(""),
  owner: z.string().max(LIMITS.nameChars).default(""),
  tags: z.array(tag).max(LIMITS.tagsPerFlag).default([]),
  /** The day by which it is meant to be gone. It goes on working after that, and is listed as debt. */
  expiresAt: instant.optional(),
};

/** A flag as all environments share it: what it is and which values it can serve. */
export const flagDefinition = z
  .strictObject(flagFields)
  .superRefine((flag, context) => {
    const names = Object.keys(flag.variants);
    if (names.length === 0)
      context.addIssue({ code: "custom", path: ["variants"], message: "a flag needs at least one variant" });
    for (const variant of names) {
      const value = flag.variants[variant];
      if (!VALUE_TYPE[flag.type](value)) {
        const wanted = flag.type === "json" ? "any JSON but null" : `a ${flag.type}`;
        context.addIssue({
          code: "custom",
          path: ["variants", variant],
          message: `a ${flag.type} flag's variant must be ${wanted}`,
        });
      }
      const length = JSON.stringify(value).length;
      if (length > LIMITS.variantJsonChars) {
        context.addIssue({
          code: "custom",
          path: ["variants", variant],
          message: `at most ${LIMITS.variantJsonChars} characters of JSON, here ${length}`,
        });
      }
    }
    if (flag.offVariant !== null && !Object.hasOwn(flag.variants, flag.offVariant)) {
      context.addIssue({
        code: "custom",
        path: ["offVariant"],
        message: `there is no variant "${flag.offVariant}"; the variants are ${names.join(", ")}, or use null`,
      });
    }
  })
  .meta({ id: "FlagDefinition" });
export type FlagDefinition = z.infer<typeof flagDefinition>;

/** How a split turns a person into a bucket. Those of other vendors stand in bucket conditions. */
export const BUCKET_ALGORITHMS = ["blastdoor-1"] as const;
export const bucketAlgorithm = z.enum(BUCKET_ALGORITHMS);

export const range = z.strictObject({
  variant: key,
  /** First part, inclusive. */
  from: z.int().min(0).max(SPLIT_TOTAL),
  /** Last part, exclusive. */
  to: z.int().min(0).max(SPLIT_TOTAL),
});
export type Range = z.infer<typeof range>;

const weights = z
  .array(z.strictObject({ variant: key, weight: z.int().min(0).max(SPLIT_TOTAL) }))
  .min(1)
  .max(LIMITS.variantsPerFlag);

const serveVariant = z.strictObject({ variant: key.nullable() });
const serveSplit = z.strictObject({
  split: weights,
  /** The attribute that buckets: the unit of analysis. */
  by: z.string().min(1).max(200).default("targetingKey"),
  algorithm: bucketAlgorithm.default("blastdoor-1"),
  /** Which parts each variant owns. Derived from what stood before when left out or when the weights changed, so that
   * as few people as possible move. */
  ranges: z.array(range).max(1_000).optional(),
});
export type Split = z.infer<typeof serveSplit>;

export const serve = z
  .union([serveVariant, serveSplit], {
    error: 'serve is {"variant": "name"} or {"split": [{"variant", "weight"}, …], "by": "attribute"}',
  })
  .superRefine((value, context) => {
    if (!("split" in value)) return;
    const sum = value.split.reduce((total, part) => total + part.weight, 0);
    if (sum !== SPLIT_TOTAL) {
      context.addIssue({
        code: "custom",
        path: ["split"],
        message: `weights must add up to ${SPLIT_TOTAL} (100 %); here they add up to ${sum}`,
      });
    }
    const seen = new Set<string>();
    for (const part of value.split) {
      if (seen.has(part.variant))
        context.addIssue({
          code: "custom",
          path: ["split"],
          message: `variant "${part.variant}" stands twice in the split`,
        });
      seen.add(part.variant);
    }
    if (value.ranges)
      for (const message of rangeProblems(value.ranges))
        context.addIssue({ code: "custom", path: ["ranges"], message });
  })
  .meta({ id: "Serve" });
export type Serve = z.infer<typeof serve>;

/** Ranges must tile 0..SPLIT_TOTAL exactly. Whether they fit the weights is settled when saving: weights win. */
function rangeProblems(ranges: Range[]): string[] {
  const problems: string[] = [];
  let next = 0;
  for (const part of [...ranges].sort((a, b) => a.from - b.from)) {
    if (part.from !== next)
      problems.push(
        `ranges must follow each other without gap or overlap; one starts at ${part.from}, due was ${next}`,
      );
    if (part.to <= part.from) problems.push(`the range from ${part.from} to ${part.to} is empty`);
    next = part.to;
  }
  if (next !== SPLIT_TOTAL) problems.push(`ranges must end at ${SPLIT_TOTAL}, not ${next}`);
  return problems;
}

export const rule = z
  .strictObject({
    id: key,
    name: name.optional(),
    when: condition,
    serve,
    /** A paused rule is skipped, and kept. */
    paused: z.boolean().optional(),
    /** From this instant on the rule no longer matches. */
    expiresAt: instant.optional(),
  })
  .meta({ id: "Rule" });
export type Rule = z.infer<typeof rule>;

export const prerequisite = z.strictObject({ flag: key, variants: z.array(key).min(1).max(LIMITS.variantsPerFlag) });
export type Prerequisite = z.infer<typeof prerequisite>;

const stateFields = {
  enabled: z.boolean().default(false),
  /** Served while killed; the off variant unless set. Blue-green flags name their blue. */
  killVariant: key.nullable().optional(),
  prerequisites: z.array(prerequisite).max(LIMITS.prerequisitesPerFlag).default([]),
  /** Held-out people get the off variant. Open to release and experiment flags. */
  holdout: key.optional(),
  /** This flag's share of a layer: people outside it get the off variant. */
  layer: z
    .strictObject({ layer: key, from: z.int().min(0).max(SPLIT_TOTAL), to: z.int().min(0).max(SPLIT_TOTAL) })
    .optional(),
  rules: z.array(rule).max(LIMITS.rulesPerFlag).default([]),
  /** When the edge's knowledge is older than this, keep serving it (default) or serve the kill variant. */
  onStale: z
    .strictObject({ action: z.enum(["keep", "killVariant"]), afterSeconds: z.int().min(5).max(86_400) })
    .optional(),
};

function checkState(
  state: { rules: Rule[]; layer?: { from: number; to: number } | undefined },
  context: { addIssue: (issue: { code: "custom"; path: (string | number)[]; message: string }) => void },
): void {
  const seen = new Set<string>();
  for (const [index, { id }] of state.rules.entries()) {
    if (seen.has(id)) {
      const message = `rule id "${id}" stands twice; ids are what results and charts refer to`;
      context.addIssue({ code: "custom", path: ["rules", index, "id"], message });
    }
    seen.add(id);
  }
  if (state.layer && state.layer.to <= state.layer.from) {
    context.addIssue({ code: "custom", path: ["layer"], message: "the layer's range is empty" });
  }
}

/** A flag as one environment runs it. */
export const flagState = z
  .strictObject({ ...stateFields, fallthrough: serve })
  .superRefine(checkState)
  .meta({ id: "FlagState" });
export type FlagState = z.infer<typeof flagState>;

/** As written by clients: without `fallthrough`, the first variant that is not the off variant is served. */
export const flagStateInput = z
  .strictObject({ ...stateFields, fallthrough: serve.optional() })
  .superRefine(checkState)
  .meta({ id: "FlagStateInput" });
export type FlagStateInput = z.infer<typeof flagStateInput>;
