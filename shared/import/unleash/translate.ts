import type { Condition } from "../../schema/condition.ts";
import { type FlagStateInput, flagDefinition, type Prerequisite, type Rule } from "../../schema/flag.ts";
import { ALWAYS, all, any, NEVER, unless } from "../conditions.ts";
import type { TranslatedFlag, TranslatedSegment, Translation } from "../model.ts";
import { Told } from "../told.ts";
import { keyLike, Variants } from "../variants.ts";
import { constraintCondition } from "./constraints.ts";
import type { Dependency, Document, Feature, Strategy, UnleashSegment, Variant } from "./schema.ts";
import { strategyCondition } from "./strategies.ts";
import { hasVariant, namer, payloadReader, variantRules } from "./variants.ts";
import { context } from "./words.ts";

const FEATURE = [
  "name",
  "enabled",
  "strategies",
  "variants",
  "dependencies",
  "description",
  "type",
  "project",
  "stale",
  "impressionData",
  "createdAt",
  "lastSeenAt",
];
const STRATEGY = [
  "name",
  "parameters",
  "constraints",
  "segments",
  "variants",
  "id",
  "title",
  "sortOrder",
  "featureName",
];

interface World {
  readonly features: ReadonlyMap<string, { feature: Feature; path: string }>;
  readonly segments: ReadonlyMap<number, TranslatedSegment>;
}

/** What is on, and which variants it serves. */
export function translate(document: Document): Translation {
  const segments = new Map<number, TranslatedSegment>();
  for (const [index, segment] of (document.segments ?? []).entries())
    segments.set(
      segment.id,
      translateSegment(segment, `segments.${index}`, new Set([...segments.values()].map(({ key }) => key))),
    );
  const features = new Map<string, { feature: Feature; path: string }>();
  for (const [index, feature] of document.features.entries())
    features.set(feature.name, { feature, path: `features.${index}` });
  const world = { features, segments };
  const flags = [...features.values()].map(({ feature, path }) => translateFeature(feature, path, world));
  return { flags, segments: [...segments.values()], context };
}

function translateSegment(segment: UnleashSegment, path: string, taken: ReadonlySet<string>): TranslatedSegment {
  const told = new Told();
  told.unknown(path, segment, ["id", "name", "constraints", "description", "createdAt", "createdBy", "project"]);
  const wanted = segment.name ? keyLike(segment.name) : `segment-${segment.id}`;
  const key = taken.has(wanted) ? `segment-${segment.id}` : wanted;
  const when = all(
    (segment.constraints ?? []).map((one, at) => constraintCondition(one, `${path}.constraints.${at}`, told)),
  );
  const { status, reasons } = told;
  const made = { by: "targetingKey", included: [], excluded: [], description: `Unleash segment ${segment.id}`, when };
  return told.refused ? { key, status, reasons } : { key, status, reasons, segment: made };
}

function translateFeature(feature: Feature, path: string, world: World): TranslatedFlag {
  const told = new Told();
  const { name: key } = feature;
  told.key(`${path}.name`, key);
  told.unknown(path, feature, FEATURE);
  const values = new Variants();
  const choices = choicesOf(feature);
  const isOn = choices.length === 0;
  const nameOf = namer(values, payloadReader(choices.flatMap((variants) => variants ?? [])));
  if (isOn) {
    values.of(true, "on");
    values.of(false, "off");
  } else for (const variants of choices) for (const variant of variants ?? []) nameOf(variant);
  const off = isOn ? "off" : null;
  const { prerequisites, met } = dependencies(feature, path, world, told);
  const rules =
    feature.strategies?.length === 0 || !feature.strategies
      ? servedBy(feature, null, { id: "on", when: feature.strategies ? ALWAYS : NEVER, path, told, nameOf, isOn })
      : feature.strategies.flatMap((strategy, index) => {
          const place = `${path}.strategies.${index}`;
          const when = wholeCondition(strategy, place, world, told);
          return servedBy(feature, strategy, { id: `strategy-${index + 1}`, when, path: place, told, nameOf, isOn });
        });
  const live = rules.filter(({ when }) => !isNever(when)).map((rule) => ({ ...rule, when: all([met, rule.when]) }));
  if (live.length > 100) told.refuse(`${path}.strategies`, `it takes ${live.length} rules, and a flag has at most 100`);
  const type = isOn ? "boolean" : (values.type ?? "json");
  const { status, reasons } = told;
  if (told.refused) return { key, status, reasons };
  const state: FlagStateInput = {
    enabled: feature.enabled,
    prerequisites,
    rules: live.filter(({ when }) => !isNever(when)),
    fallthrough: { variant: off },
  };
  const definition = flagDefinition.safeParse({
    type,
    variants: values.values,
    offVariant: off,
    description: feature.description ?? "",
    seed: key,
  });
  if (!definition.success)
    return {
      key,
      status: "refused",
      reasons: definition.error.issues.map(({ path: at, message }) => ({ path: `${path}.${at.join(".")}`, message })),
    };
  return { key, status, reasons, flag: definition.data, state: straightened(state) };
}

const isNever = (when: Condition): boolean => "any" in when && when.any.length === 0;
const isAlways = (when: Condition): boolean => "all" in when && when.all.length === 0;

/** What everybody gets who comes to a rule is the fallthrough, and nothing after it is reached. */
function straightened(state: FlagStateInput): FlagStateInput {
  const rules: Rule[] = [];
  for (const rule of state.rules) {
    if (isAlways(rule.when)) return { ...state, rules, fallthrough: rule.serve };
    rules.push(rule);
  }
  return { ...state, rules };
}

function wholeCondition(strategy: Strategy, path: string, world: World, told: Told): Condition {
  told.unknown(path, strategy, STRATEGY);
  const own = strategyCondition(strategy, path, told);
  const constraints = (strategy.constraints ?? []).map((one, index) =>
    constraintCondition(one, `${path}.constraints.${index}`, told),
  );
  const segments = (strategy.segments ?? []).map((id, index): Condition => {
    const segment = world.segments.get(id);
    const place = `${path}.segments.${index}`;
    if (!segment) {
      told.note(place, `the file has no segment ${id}, so the strategy is off`);
      return NEVER;
    }
    if (segment.status === "refused") told.refuse(place, `the segment "${segment.key}" is refused`);
    else if (segment.status === "approximate")
      told.approximate(place, `the segment "${segment.key}" is approximate: see there`);
    return { segment: segment.key };
  });
  return all([...constraints, ...segments, own]);
}

interface Served {
  readonly id: string;
  readonly when: Condition;
  readonly path: string;
  readonly told: Told;
  readonly nameOf: (variant: Variant) => string;
  readonly isOn: boolean;
}

/** The rules of a strategy: on, or its own variants, or the feature's. */
function servedBy(feature: Feature, strategy: Strategy | null, served: Served): Rule[] {
  const { id, when, path, told, nameOf, isOn } = served;
  if (isNever(when)) return [];
  if (isOn) return [{ id, when, serve: { variant: "on" } }];
  const own = strategy?.variants;
  if (own && hasVariant(own)) {
    const group = String(strategy?.parameters?.groupId);
    const stickiness = own[0]?.stickiness || String(strategy?.parameters?.stickiness ?? "default") || "default";
    return variantRules(own, { id, when, group, stickiness, path: `${path}.variants`, told }, nameOf);
  }
  const variants = feature.variants;
  if (!variants || !hasVariant(variants)) return [{ id, when, serve: { variant: null } }];
  const stickiness = variants[0]?.stickiness ?? "default";
  return variantRules(variants, { id, when, group: feature.name, stickiness, path: `${path}.variants`, told }, nameOf);
}

interface Dependencies {
  readonly prerequisites: Prerequisite[];
  /** What has no prerequisite to say it: a parent that has to be off. */
  readonly met: Condition;
}

function dependencies(feature: Feature, path: string, world: World, told: Told): Dependencies {
  const prerequisites: Prerequisite[] = [];
  const met: Condition[] = [];
  for (const [index, dependency] of (feature.dependencies ?? []).entries()) {
    const place = `${path}.dependencies.${index}`;
    const parent = world.features.get(dependency.feature)?.feature;
    if (!parent || (parent.dependencies?.length ?? 0) > 0) {
      told.note(place, "the SDK finds this dependency never met, so the flag is off");
      met.push(NEVER);
    } else if (dependency.enabled === false) {
      told.note(place, `that "${parent.name}" is off is written out here; later changes of it do not follow`);
      met.push(unless(whenOn(parent, world, told)));
    } else if (mayLackVariant(parent) && !dependency.variants?.length) {
      told.note(place, `that "${parent.name}" is on is written out here; later changes of it do not follow`);
      met.push(whenOn(parent, world, told));
    } else {
      const wanted = required(parent, dependency);
      if (wanted === null) met.push(NEVER);
      else prerequisites.push(wanted);
    }
  }
  return { prerequisites, met: all(met) };
}

const choicesOf = (feature: Feature): (readonly Variant[] | null | undefined)[] =>
  [feature.variants, ...(feature.strategies ?? []).map(({ variants }) => variants)].filter(hasVariant);

/** Whether somebody whom it is on for may get none of its variants. */
const mayLackVariant = (feature: Feature): boolean =>
  choicesOf(feature).length > 0 &&
  !hasVariant(feature.variants) &&
  (feature.strategies ?? []).some(({ variants }) => !hasVariant(variants));

/** Null: the parent never serves what is asked for. */
function required(parent: Feature, { variants }: Dependency): Prerequisite | null {
  const choices = choicesOf(parent);
  // A parent without variants serves none of those named.
  if (choices.length === 0) return variants?.length ? null : { flag: parent.name, variants: ["on"] };
  const values = new Variants();
  const nameOf = namer(values, payloadReader(choices.flatMap((one) => one ?? [])));
  const names = new Set(
    choices.flatMap((all) =>
      (all ?? []).flatMap((variant) => {
        const name = nameOf(variant);
        return variants?.length && !variants.includes(variant.name) ? [] : [name];
      }),
    ),
  );
  return names.size === 0 ? null : { flag: parent.name, variants: [...names] };
}

/** Whom a feature without dependencies is on for. */
function whenOn(feature: Feature, world: World, told: Told): Condition {
  if (!feature.enabled || !feature.strategies) return NEVER;
  if (feature.strategies.length === 0) return ALWAYS;
  const { path } = world.features.get(feature.name) as { path: string };
  return any(
    feature.strategies.map((strategy, index) => wholeCondition(strategy, `${path}.strategies.${index}`, world, told)),
  );
}
