import type { Condition } from "../../schema/condition.ts";
import type { Rule } from "../../schema/flag.ts";
import type { Json } from "../../schema/primitives.ts";
import { ALWAYS, all, any, bucket, nobody } from "../conditions.ts";
import { closeDependencies, definitionOf, type Pending } from "../flags.ts";
import type { Translation } from "../model.ts";
import { Told } from "../told.ts";
import { Variants } from "../variants.ts";
import { conditionOf } from "./conditions.ts";
import type { Allocation, EppoDocument, EppoFlag, Split } from "./schema.ts";
import { CONTEXT, KNOWN_FIELDS } from "./words.ts";

export const translate = ({ flags }: EppoDocument): Translation => ({
  flags: closeDependencies(Object.entries(flags).map(([key, flag]) => translateFlag(key, flag))),
  segments: [],
  context: CONTEXT,
});

function translateFlag(key: string, flag: EppoFlag): Pending {
  const told = new Told();
  const path = `flags.${key}`;
  told.key(path, key);
  told.unknown(path, flag, KNOWN_FIELDS.flag);
  const variants = new Variants();
  const names = namesOf(flag, variants, told, `${path}.variations`);
  const rules: Rule[] = [{ id: "no-subject", when: nobody, serve: { variant: null } }];
  const allocations = flag.enabled ? (flag.allocations ?? []) : [];
  for (const [index, allocation] of allocations.entries()) {
    const where = `${path}.allocations.${index}`;
    told.unknown(where, allocation, KNOWN_FIELDS.allocation);
    const when = all([...datesOf(allocation), anyRule(allocation, told, where)]);
    for (const [at, split] of (allocation.splits ?? []).entries()) {
      const variant = names.get(split.variationKey);
      if (variant === undefined)
        told.note(`${where}.splits.${at}`, `there is no variation "${split.variationKey}", so no value is served`);
      const shards = shardsOf(split, flag);
      rules.push({
        id: `allocation-${index + 1}-${at + 1}`,
        when: all([when, ...shards]),
        serve: { variant: variant ?? null },
      });
    }
  }
  const served = rules.filter(({ when }) => !("any" in when && when.any.length === 0));
  const purpose = rules.length > 2 ? "experiment" : "release";
  return {
    key,
    told,
    ...definitionOf(told, path, variants, purpose),
    state: { enabled: flag.enabled === true, prerequisites: [], rules: served, fallthrough: { variant: null } },
  };
}

/** Variants by the keys of variations; null for a value that is not of the flag's type, for which SDKs serve none. */
function namesOf(
  { variations, variationType }: EppoFlag,
  variants: Variants,
  told: Told,
  path: string,
): ReadonlyMap<string, string | null> {
  const names = new Map<string, string | null>();
  for (const [name, { value }] of Object.entries(variations)) {
    const typed = typedValue(value, variationType);
    if (typed === undefined) told.note(`${path}.${name}`, `this is no ${variationType}, so no value is served`);
    names.set(name, typed === undefined ? null : variants.of(typed, name));
  }
  return names;
}

/** Undefined for a value of another type. Eppo writes JSON as a text of it. */
function typedValue(value: Json, type: string): Json | undefined {
  switch (type) {
    case "STRING":
      return typeof value === "string" ? value : undefined;
    case "BOOLEAN":
      return typeof value === "boolean" ? value : undefined;
    case "NUMERIC":
      return typeof value === "number" ? value : undefined;
    case "INTEGER":
      return Number.isInteger(value) ? value : undefined;
    case "JSON":
      return typeof value === "string" ? parsedObject(value) : (value ?? undefined);
    default:
      return undefined;
  }
}

function parsedObject(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return value ?? undefined;
  } catch {
    return undefined;
  }
}

/** The end belongs to it. */
function datesOf({ startAt, endAt }: Allocation): Condition[] {
  const from = instantOf(startAt, 0);
  const before = instantOf(endAt, 1);
  if (from === null && before === null) return [];
  return [{ now: { ...(from === null ? {} : { from }), ...(before === null ? {} : { before }) } }];
}

/** Null for none, and for what SDKs cannot read and so pass by. */
function instantOf(text: string | null | undefined, later: number): string | null {
  const at = text ? new Date(text).getTime() + later : Number.NaN;
  return Number.isNaN(at) ? null : new Date(at).toISOString();
}

function anyRule({ rules }: Allocation, told: Told, path: string): Condition {
  if (!rules?.length) return ALWAYS;
  return any(
    rules.map(({ conditions }, index) =>
      all((conditions ?? []).map((one, at) => conditionOf(one, told, `${path}.rules.${index}.conditions.${at}`))),
    ),
  );
}

/** In one range of each. */
const shardsOf = ({ shards }: Split, { totalShards }: EppoFlag): Condition[] =>
  (shards ?? []).map(({ salt, ranges, totalShards: own }) => {
    const positions = own ?? totalShards ?? 10_000;
    const within = ({ start, end }: (typeof ranges)[number]): Condition =>
      bucket({ by: "targetingKey", algorithm: "eppo-md5", seed: [salt], positions, from: start, to: end });
    return any(ranges.filter(({ start, end }) => start < end).map(within));
  });
