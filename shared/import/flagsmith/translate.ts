import type { Condition } from "../../schema/condition.ts";
import type { FlagStateInput, Rule } from "../../schema/flag.ts";
import type { Json } from "../../schema/primitives.ts";
import { all, bucket, NEVER, textIn, truthy } from "../conditions.ts";
import { definitionOf } from "../flags.ts";
import type { TranslatedFlag, TranslatedSegment, Translation } from "../model.ts";
import { Told } from "../told.ts";
import { variantName } from "../variant-name.ts";
import { keyLike, typeOfValues, Variants } from "../variants.ts";
import { ruleCondition } from "./conditions.ts";
import { type EngineContext, type EngineSegment, engineContext } from "./engine-context.ts";
import type { Document, Feature } from "./schema.ts";
import { context } from "./words.ts";

/** Somebody, and not an app that asks for the environment's own flags. */
const SOMEBODY: Condition = truthy("targetingKey");

export function translate(document: Document): Translation {
  const engine = engineContext(document);
  const segments = new Map<EngineSegment, TranslatedSegment>();
  const taken = new Set<string>();
  for (const segment of engine.segments) {
    const one = translateSegment(segment, engine, taken);
    taken.add(one.key);
    segments.set(segment, one);
  }
  return {
    flags: engine.features.map(({ feature, path }) => translateFeature(feature, path, engine, segments)),
    segments: [...segments.values()],
    context,
  };
}

function translateSegment(
  segment: EngineSegment,
  engine: EngineContext,
  taken: ReadonlySet<string>,
): TranslatedSegment {
  const told = new Told();
  const wanted = keyLike(segment.name);
  const key = taken.has(wanted) || wanted === "variant" ? keyLike(`segment-${segment.key}`) : wanted;
  const rules = segment.rules.map((rule, index) =>
    ruleCondition(rule, `${segment.path}.rules.${index}`, { segmentKey: segment.key, engine, told }),
  );
  const when = rules.length === 0 ? NEVER : all(rules);
  const { status, reasons } = told;
  if (told.refused) return { key, status, reasons };
  const description = `Flagsmith segment ${segment.key}: ${segment.name}`;
  return { key, status, reasons, segment: { by: "targetingKey", included: [], excluded: [], description, when } };
}

/** What a feature is for some people: those of a segment, an identity, or everybody else. */
interface Override {
  readonly id: string;
  readonly when: Condition;
  readonly feature: Feature;
}

function translateFeature(
  feature: Feature,
  path: string,
  engine: EngineContext,
  segments: ReadonlyMap<EngineSegment, TranslatedSegment>,
): TranslatedFlag {
  const told = new Told();
  const { name: key } = feature;
  told.key(path, key);
  const overrides = [...identityOverrides(key, engine), ...segmentOverrides(key, segments, told)];
  const all = [...overrides.map((one) => one.feature), feature];
  const server = serverOf(all, path, told);
  const rules: Rule[] = [];
  for (const { id, when, feature: its } of overrides) rules.push(...server.rules(id, when, its, engine));
  const state: FlagStateInput = {
    enabled: true,
    prerequisites: [],
    rules: [...rules, ...server.arms("share", SOMEBODY, feature, engine)],
    fallthrough: { variant: server.standard(feature) },
  };
  const { flag } = definitionOf(told, `${path}.value`, server.variants, "release", server.off);
  const { status, reasons } = told;
  return told.refused || !flag ? { key, status, reasons } : { key, status, reasons, flag, state };
}

function identityOverrides(name: string, { identities }: EngineContext): Override[] {
  return identities.flatMap(({ identifier, overrides }, index) => {
    const feature = overrides.find((one) => one.name === name);
    // A comma would divide the identifier, and spaces stay.
    const when = textIn("targetingKey", identifier.split(","));
    return feature ? [{ id: `identity-${index + 1}`, when, feature }] : [];
  });
}

/** By priority, and in the engine's order where it is the same. */
function segmentOverrides(
  name: string,
  segments: ReadonlyMap<EngineSegment, TranslatedSegment>,
  told: Told,
): Override[] {
  const found = [...segments].flatMap(([segment, translated], place) =>
    segment.overrides
      .filter((one) => one.name === name)
      .map((feature) => ({ feature, translated, path: segment.path, place, priority: feature.priority ?? Infinity })),
  );
  return found
    .sort((a, b) => (a.priority === b.priority ? a.place - b.place : a.priority - b.priority))
    .map(({ feature, translated, path }, index) => {
      const { key, status } = translated;
      if (status === "refused") told.refuse(path, `the segment "${key}" is refused`);
      else if (status === "approximate") told.approximate(path, `the segment "${key}" is approximate: see there`);
      return { id: `segment-${index + 1}`, when: all([SOMEBODY, { segment: key }]), feature };
    });
}

interface Server {
  readonly variants: Variants;
  readonly off: string | null;
  /** What somebody gets whom no arm is for; null: the caller's default. */
  standard(feature: Feature): string | null;
  arms(id: string, when: Condition, feature: Feature, engine: EngineContext): Rule[];
  rules(id: string, when: Condition, feature: Feature, engine: EngineContext): Rule[];
}

/** A feature without values is on or off. One with values serves them while it is on, and nothing while it is off. */
function serverOf(features: readonly Feature[], path: string, told: Told): Server {
  const values = features.flatMap((one) => [one.value, ...(one.variants ?? []).map(({ value }) => value)]);
  const held = values.filter((value) => value !== null && value !== undefined && value !== "");
  const variants = new Variants();
  if (held.length === 0) {
    const [on, off] = [variants.of(true, "on"), variants.of(false, "off")];
    const standard = ({ enabled }: Feature) => (enabled ? on : off);
    const rules = (id: string, when: Condition, feature: Feature) => [
      { id, when, serve: { variant: standard(feature) } },
    ];
    return { variants, off, standard, arms: () => [], rules };
  }
  const present = values.filter((value) => value !== null && value !== undefined);
  const asText = typeOfValues(present) === null;
  if (asText) told.approximate(`${path}.value`, "values of several types become texts, for all contexts");
  const variantOf = (value: Feature["value"]): string | null => {
    if (value === null || value === undefined) return null;
    const kept: Json = asText ? String(value) : value;
    return variants.of(kept, variantName(kept));
  };
  for (const one of features) {
    variantOf(one.value);
    for (const { value } of one.variants ?? []) variantOf(value);
  }
  const standard = (feature: Feature) => (feature.enabled ? variantOf(feature.value) : null);
  const arms: Server["arms"] = (id, when, feature, engine) =>
    feature.enabled ? armsOf(id, when, feature, engine, variantOf) : [];
  const rules: Server["rules"] = (id, when, feature, engine) => [
    ...arms(id, when, feature, engine),
    { id, when, serve: { variant: standard(feature) } },
  ];
  return { variants, off: null, standard, arms, rules };
}

function armsOf(
  id: string,
  when: Condition,
  { key, variants }: Feature,
  { environmentKey }: EngineContext,
  variantOf: (value: Feature["value"]) => string | null,
): Rule[] {
  const sorted = [...(variants ?? [])].sort((a, b) => compared(a.priority ?? Infinity, b.priority ?? Infinity));
  const rules: Rule[] = [];
  let from = 0;
  for (const [index, { value, weight }] of sorted.entries()) {
    const to = from + weight;
    const share = {
      by: "targetingKey",
      algorithm: "flagsmith-md5" as const,
      seed: [String(key), `${environmentKey}_`],
    };
    if (from < to)
      rules.push({
        id: `${id}-arm-${index + 1}`,
        when: all([when, bucket({ ...share, from, to })]),
        serve: { variant: variantOf(value) },
      });
    from = to;
  }
  return rules;
}

const compared = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);
