import { readerPath } from "../../evaluation/attribute-readers.ts";
import { configcatPosition } from "../../evaluation/dialects/algorithms.ts";
import { npmVersion } from "../../evaluation/dialects/vendor-readings.ts";
import type { Reading } from "../../schema/bucket.ts";
import type { Condition, ConditionValue, Operator } from "../../schema/condition.ts";
import { after, all, any, bucket, NEVER, pathOf, unless } from "../conditions.ts";
import type { Told } from "../told.ts";
import { divided } from "../values.ts";
import type { UserCondition } from "./schema.ts";

const OWN: Readonly<Record<string, string>> = {
  Identifier: readerPath("first", "targetingKey", "identifier"),
  Email: "email",
  Country: "country",
};
export const attributeOf = (name: string): string => OWN[name] ?? pathOf(name);

/** Where comparison values are hashed with the salt of the file and of the setting or segment. */
export interface Salts {
  readonly config: string | null | undefined;
  readonly context: string;
}

/** Of an attribute that is missing or of another kind, neither a comparison nor its opposite is met. */
export interface Comparison {
  readonly isUsable: Condition;
  readonly holds: Condition;
}

export function comparison(condition: UserCondition, salts: Salts, told: Told, path: string): Comparison {
  const attribute = attributeOf(condition.a);
  const kind = KINDS[condition.c];
  if (kind === undefined) {
    told.refuse(`${path}.c`, `there is no comparator ${condition.c} in config JSON of version 6`);
    return { isUsable: NEVER, holds: NEVER };
  }
  const [name, isNegated, as] = kind;
  const holds = testOf(name, attribute, condition, salts, told, path);
  const isUsable: Condition = { attribute, op: "exists", as };
  return { isUsable, holds: holds === null ? NEVER : isNegated ? unless(holds) : holds };
}

/** All of them hold. */
export const allHold = (comparisons: readonly Comparison[]): Condition =>
  all(comparisons.flatMap(({ isUsable, holds }) => [isUsable, holds]));

/** One can be made and does not hold, and all before it do. */
export const oneFails = (comparisons: readonly Comparison[]): Condition =>
  any(
    comparisons.map(({ isUsable, holds }, index) =>
      all([allHold(comparisons.slice(0, index)), isUsable, unless(holds)]),
    ),
  );

type Name = "in" | "starts_with" | "ends_with" | "contains" | "hashed" | "hashed start" | "hashed end" | "hashed list";
type Kind = readonly [name: Name | Operator, isNegated: boolean, as: Reading];

const TEXT = "configcat-text";
const NUMBER = "configcat-number";
const LIST = "configcat-list";

/** By the comparator's number. */
const KINDS: Readonly<Record<number, Kind>> = {
  0: ["in", false, TEXT],
  1: ["in", true, TEXT],
  2: ["contains", false, TEXT],
  3: ["contains", true, TEXT],
  4: ["semver_eq", false, "npm-version"],
  5: ["semver_eq", true, "npm-version"],
  6: ["semver_lt", false, "npm-version"],
  7: ["semver_lte", false, "npm-version"],
  8: ["semver_gt", false, "npm-version"],
  9: ["semver_gte", false, "npm-version"],
  10: ["equals", false, NUMBER],
  11: ["equals", true, NUMBER],
  12: ["lt", false, NUMBER],
  13: ["lte", false, NUMBER],
  14: ["gt", false, NUMBER],
  15: ["gte", false, NUMBER],
  16: ["hashed", false, TEXT],
  17: ["hashed", true, TEXT],
  18: ["lt", false, NUMBER],
  19: ["gt", false, NUMBER],
  20: ["hashed", false, TEXT],
  21: ["hashed", true, TEXT],
  22: ["hashed start", false, TEXT],
  23: ["hashed start", true, TEXT],
  24: ["hashed end", false, TEXT],
  25: ["hashed end", true, TEXT],
  26: ["hashed list", false, LIST],
  27: ["hashed list", true, LIST],
  28: ["in", false, TEXT],
  29: ["in", true, TEXT],
  30: ["starts_with", false, TEXT],
  31: ["starts_with", true, TEXT],
  32: ["ends_with", false, TEXT],
  33: ["ends_with", true, TEXT],
  34: ["in", false, LIST],
  35: ["in", true, LIST],
};

/** Null for what never holds, negated or not. */
function testOf(
  name: Kind[0],
  attribute: string,
  { c, s, d, l }: UserCondition,
  salts: Salts,
  told: Told,
  path: string,
): Condition | null {
  const [, , as] = KINDS[c] as Kind;
  const texts = l ?? (s === null || s === undefined ? [] : [s]);
  const among = (op: Operator, values: readonly ConditionValue[]): Condition =>
    divided(values, (some) => ({ attribute, op, values: some, as }));
  if (name === "hashed list") {
    told.refuse(
      path,
      "hashed elements of a list cannot be compared here; export the config without sensitive comparisons",
    );
    return null;
  }
  if (name === "hashed" || name === "hashed start" || name === "hashed end")
    return any(texts.map((text) => hashed(name, attribute, text, salts)));
  if (name.startsWith("semver_")) {
    const given = texts.filter((text) => text !== "" || c > 5).map(npmVersion);
    const versions = given.filter((version) => version !== undefined);
    return versions.length < given.length ? null : among(name as Operator, versions);
  }
  if (as === NUMBER) return d === null || d === undefined ? null : among(name as Operator, [d]);
  return among(name as Operator, texts);
}

/** The position of a hash is as good as the hash: two of a number in 2^52 share one. */
function hashed(name: Kind[0], attribute: string, text: string, { config, context }: Salts): Condition {
  const cut = text.indexOf("_");
  const [length, hash] = name === "hashed" ? ["", text] : [text.slice(0, cut), text.slice(cut + 1)];
  const at = configcatPosition(hash);
  if (Number.isNaN(at)) return NEVER;
  const part = name === "hashed end" ? `-${length}` : length;
  const seed = [`${config ?? ""}${context}`, part];
  return bucket({ by: attribute, algorithm: "configcat-sha256", seed, from: at, to: after(at) });
}
