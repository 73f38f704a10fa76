import type { Condition } from "../../schema/condition.ts";
import type { FlagStateInput, Rule } from "../../schema/flag.ts";
import type { Json } from "../../schema/primitives.ts";
import { after, all, any, bucket, NEVER } from "../conditions.ts";
import { closeDependencies, definitionOf, type Pending } from "../flags.ts";
import type { Translation } from "../model.ts";
import { Told } from "../told.ts";
import { variantName } from "../variant-name.ts";
import type { Variants } from "../variants.ts";
import { bucketPath, MongoConditions } from "./conditions.ts";
import { Parents, type ParentTest } from "./parents.ts";
import type { Feature, Filter, GrowthbookDocument, GrowthbookRule } from "./schema.ts";
import { CONTEXT, KNOWN_FIELDS, STICKY } from "./words.ts";

export function translate(document: GrowthbookDocument): Translation {
  const parents = new Parents(document);
  const pending = Object.entries(document.features).map(([key, feature]) =>
    new FeatureTranslation(key, feature, document, parents).translate(),
  );
  return { flags: closeDependencies(pending), segments: [], context: CONTEXT };
}

class FeatureTranslation {
  readonly #key: string;
  readonly #feature: Feature;
  readonly #parents: Parents;
  readonly #path: string;
  readonly #told = new Told();
  readonly #variants: Variants;
  readonly #conditions: MongoConditions;
  readonly #rules: Rule[] = [];
  readonly #prerequisites: NonNullable<FlagStateInput["prerequisites"]> = [];
  #hasExperiment = false;

  constructor(key: string, feature: Feature, { savedGroups }: GrowthbookDocument, parents: Parents) {
    this.#key = key;
    this.#feature = feature;
    this.#parents = parents;
    this.#path = `features.${key}`;
    this.#variants = parents.of(key).variants;
    this.#conditions = new MongoConditions(this.#told, savedGroups ?? {});
  }

  translate(): Pending {
    const { rules, defaultValue } = this.#feature;
    this.#told.key(this.#path, this.#key);
    this.#told.unknown(this.#path, this.#feature, KNOWN_FIELDS.feature);
    (rules ?? []).forEach((rule, index) => {
      this.#told.unknown(`${this.#path}.rules.${index}`, rule, KNOWN_FIELDS.rule);
      this.#rule(rule, index, `${this.#path}.rules.${index}`);
    });
    const state: FlagStateInput = {
      enabled: true,
      prerequisites: this.#prerequisites,
      rules: this.#rules,
      fallthrough: { variant: this.#serve(defaultValue) },
    };
    const purpose = this.#hasExperiment ? "experiment" : "release";
    return {
      key: this.#key,
      told: this.#told,
      ...definitionOf(this.#told, this.#path, this.#variants, purpose),
      state,
    };
  }

  /** The variant of a value; null is no value, so the caller's default applies. */
  #serve(value: Json | undefined, wanted?: string | null): string | null {
    if (value === null || value === undefined) return null;
    return this.#variants.of(value, wanted || variantName(value));
  }

  #rule(rule: GrowthbookRule, index: number, path: string): void {
    const id = `rule-${index + 1}`;
    const gates = this.#parentConditions(rule, id, path);
    if (gates === null) return;
    const among = all([gates, ...this.#filters(rule.filters, `${path}.filters`)]);
    if ("force" in rule) {
      const when = all([among, this.#condition(rule, path), this.#rollout(rule, path)]);
      this.#add({ id, when, serve: { variant: this.#serve(rule.force) } });
    } else if (rule.variations && rule.variations.length > 1) this.#experiment(rule, rule.variations, among, id, path);
    else this.#told.note(path, "this rule serves nothing, so it is left out");
  }

  #add(rule: Rule): void {
    if (!("any" in rule.when && rule.when.any.length === 0)) this.#rules.push(rule);
  }

  #condition({ condition }: GrowthbookRule, path: string): Condition {
    return condition ? this.#conditions.translate(condition, `${path}.condition`) : all([]);
  }

  /**
   * What other features must be; null where nobody can pass. A gate that is not met ends the feature, which is a
   * prerequisite while no rule stands before it.
   */
  #parentConditions({ parentConditions }: GrowthbookRule, rule: string, path: string): Condition | null {
    const met: Condition[] = [];
    for (const [at, parent] of (parentConditions ?? []).entries()) {
      const where = `${path}.parentConditions.${at}`;
      const test = this.#parents.test(parent, this.#told, where);
      if (parent.gate) this.#gate(parent.id, test, rule, where);
      if (test.isAlways) continue;
      if (test.variants.length === 0) {
        if (parent.gate) this.#add({ id: `${rule}-gate`, when: all(met), serve: { variant: null } });
        return null;
      }
      if (!parent.gate || this.#rules.length > 0) met.push({ flag: parent.id, variants: test.variants });
    }
    return all(met);
  }

  #gate(id: string, { variants, others, isAlways, hasOthersOnly }: ParentTest, rule: string, path: string): void {
    if (isAlways || variants.length === 0) return;
    if (this.#rules.length === 0) this.#prerequisites.push({ flag: id, variants });
    else if (!hasOthersOnly)
      this.#told.refuse(path, `rules stand before this gate, and "${id}" may have no value, which no rule can ask for`);
    else if (others.length > 0)
      this.#add({
        id: `${rule}-gate-${this.#rules.length}`,
        when: { flag: id, variants: others },
        serve: { variant: null },
      });
  }

  #filters(filters: readonly Filter[] | null | undefined, path: string): Condition[] {
    return (filters ?? []).map(({ attribute, seed, hashVersion, ranges }, index) =>
      this.#within(attribute, seed, hashVersion ?? 2, ranges, `${path}.${index}`),
    );
  }

  #rollout({ coverage, range, seed, hashAttribute, hashVersion }: GrowthbookRule, path: string): Condition {
    if (range) return this.#within(hashAttribute, seed || this.#key, hashVersion || 1, [range], path);
    if (coverage === undefined || coverage === null) return all([]);
    // GrowthBook includes the end.
    const ranges: (readonly [number, number])[] = coverage > 0 ? [[0, after(coverage)]] : [];
    return this.#within(hashAttribute, seed || this.#key, hashVersion || 1, ranges, path);
  }

  /** In one of the ranges. */
  #within(
    attribute: string | null | undefined,
    seed: string,
    version: number,
    ranges: readonly (readonly [number, number])[],
    path: string,
  ): Condition {
    const algorithm = ALGORITHMS[version];
    if (algorithm === undefined) {
      this.#told.note(path, `GrowthBook knows no hash version ${version}, so nobody is in it`);
      return NEVER;
    }
    const by = bucketPath(attribute || "id");
    if (attribute?.includes("."))
      this.#told.approximate(
        path,
        `SDKs after 1.8 also bucket by a nested attribute "${attribute}", where there is one`,
      );
    return any(
      ranges.filter(([from, to]) => from < to).map(([from, to]) => bucket({ by, algorithm, seed: [seed], from, to })),
    );
  }

  #experiment(rule: GrowthbookRule, variations: readonly Json[], among: Condition, id: string, path: string): void {
    this.#hasExperiment = true;
    const { hashAttribute, namespace, filters, meta, hashVersion } = rule;
    const sticky = STICKY.find((field) => rule[field]);
    if (sticky && !rule.disableStickyBucketing)
      this.#told.approximate(
        `${path}.${sticky}`,
        "where the app has a service for sticky buckets: users whom it remembers, or who have the fallback attribute only, may get another variation",
      );
    const inNamespace =
      namespace && !filters
        ? [this.#within(hashAttribute, `__${namespace[0]}`, 1, [[namespace[1], namespace[2]]], `${path}.namespace`)]
        : [];
    const when = all([among, ...inNamespace, this.#condition(rule, path)]);
    const seed = rule.seed || rule.key || this.#key;
    for (const [arm, range] of (rule.ranges ?? rangesOf(variations.length, rule)).entries()) {
      if (arm >= variations.length || meta?.[arm]?.passthrough) continue;
      const part = this.#within(hashAttribute, seed, hashVersion || 1, [range], path);
      const variant = this.#serve(variations[arm], meta?.[arm]?.key);
      this.#add({ id: `${id}-${arm}`, when: all([when, part]), serve: { variant } });
    }
  }
}

const ALGORITHMS: Readonly<Record<number, "growthbook-1" | "growthbook-2">> = { 1: "growthbook-1", 2: "growthbook-2" };

/** Which part each variation owns: the beginning of its weight's part, as far as the coverage goes. */
export function rangesOf(
  count: number,
  { coverage, weights }: Pick<GrowthbookRule, "coverage" | "weights">,
): [number, number][] {
  const covered = Math.min(1, Math.max(0, coverage ?? 1));
  const equal = new Array<number>(count).fill(1 / count);
  const total = (weights ?? []).reduce((sum, weight) => sum + weight, 0);
  const isUsable = weights?.length === count && total >= 0.99 && total <= 1.01;
  let start = 0;
  return (isUsable && weights ? weights : equal).map((weight) => {
    const from = start;
    start += weight;
    return [from, from + covered * weight];
  });
}
