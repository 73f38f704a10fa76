import type { BucketTest } from "../../schema/bucket.ts";
import type { Condition } from "../../schema/condition.ts";
import type { FlagDefinition, Rule } from "../../schema/flag.ts";
import { all, bucket } from "../conditions.ts";
import { closeDependencies, definitionOf, type Pending } from "../flags.ts";
import type { Translation } from "../model.ts";
import { Told } from "../told.ts";
import { oneOf } from "../values.ts";
import { variantName } from "../variant-name.ts";
import { Variants } from "../variants.ts";
import { attributeOf, clauseCondition, keyOf } from "./clauses.ts";
import type { LaunchdarklyDocument, LaunchdarklyFlag, Rollout, Served, Target } from "./schema.ts";
import { Segments } from "./segments.ts";
import { CONTEXT, KNOWN_FIELDS } from "./words.ts";

export function translate(document: LaunchdarklyDocument): Translation {
  const segments = new Segments(document);
  const pending = Object.entries(document.flags).map(([key, flag]) =>
    new FlagTranslation(key, flag, document, segments).translate(),
  );
  return { flags: closeDependencies(pending), segments: segments.translate(), context: CONTEXT };
}

/** Names of a flag's variations, by their index; null for one without a value. */
function namesOf({ variations }: LaunchdarklyFlag, variants: Variants): (string | null)[] {
  const met = new Map<string, number>();
  return (variations ?? []).map((value) => {
    if (value === null) return null;
    const wanted = variantName(value);
    const count = (met.get(wanted) ?? 0) + 1;
    met.set(wanted, count);
    return variants.of(value, count === 1 ? wanted : `${wanted.slice(0, 80)}-${count}`);
  });
}

class FlagTranslation {
  readonly #key: string;
  readonly #flag: LaunchdarklyFlag;
  readonly #flags: LaunchdarklyDocument["flags"];
  readonly #segments: Segments;
  readonly #path: string;
  readonly #told = new Told();
  readonly #variants = new Variants();
  readonly #names: readonly (string | null)[];
  readonly #rules: Rule[] = [];
  #isExperiment = false;

  constructor(key: string, flag: LaunchdarklyFlag, { flags }: LaunchdarklyDocument, segments: Segments) {
    this.#key = key;
    this.#flag = flag;
    this.#flags = flags;
    this.#segments = segments;
    this.#path = `flags.${key}`;
    this.#names = namesOf(flag, this.#variants);
  }

  translate(): Pending {
    const { on, deleted, offVariation, fallthrough } = this.#flag;
    this.#told.key(this.#path, this.#key);
    this.#told.unknown(this.#path, this.#flag, KNOWN_FIELDS.flag);
    if (deleted) this.#told.refuse(this.#path, "this flag is deleted");
    const off = this.#served(offVariation, "offVariation");
    const prerequisites = this.#prerequisites();
    if (prerequisites !== null) {
      for (const [index, target] of this.#targets().entries()) this.#target(target, index);
      this.#targetingRules();
    }
    const last = prerequisites === null ? off : this.#split("fallthrough", fallthrough ?? {}, all([]), "fallthrough");
    const purpose = this.#isExperiment ? "experiment" : "release";
    const defined = definitionOf(this.#told, this.#path, this.#variants, purpose, off);
    return {
      key: this.#key,
      told: this.#told,
      ...(defined.flag ? { flag: { ...defined.flag, visibility: visibilityOf(this.#flag) } } : {}),
      state: {
        enabled: on === true,
        prerequisites: prerequisites ?? [],
        rules: this.#rules,
        fallthrough: { variant: last },
      },
    };
  }

  /** The variant of an index; for one that is out of range LaunchDarkly answers the caller's default. */
  #served(index: number | null | undefined, field: string): string | null {
    if (index === null || index === undefined) return null;
    const name = this.#names[index];
    if (name === undefined)
      this.#told.note(`${this.#path}.${field}`, `there is no variation ${index}, so no value is served`);
    return name ?? null;
  }

  /** Null where one can never be met, so that the off variation is served: it is missing, or it is off. */
  #prerequisites(): { flag: string; variants: string[] }[] | null {
    const met: { flag: string; variants: string[] }[] = [];
    for (const [index, { key, variation }] of (this.#flag.prerequisites ?? []).entries()) {
      const other = Object.hasOwn(this.#flags, key) ? this.#flags[key] : undefined;
      const path = `${this.#path}.prerequisites.${index}`;
      const name = other && !other.deleted && other.on ? namesOf(other, new Variants())[variation] : undefined;
      if (name === undefined) {
        this.#told.note(
          path,
          `"${key}" is missing or off, or has no variation ${variation}, so the off variation is served`,
        );
        return null;
      }
      if (name === null) {
        this.#told.refuse(path, `variation ${variation} of "${key}" has no value, so no prerequisite can ask for it`);
        return null;
      }
      if (other && mayFail(other))
        this.#told.approximate(
          path,
          `where "${key}" serves a variation that it does not have, LaunchDarkly has no value for this flag either`,
        );
      met.push({ flag: key, variants: [name] });
    }
    return met;
  }

  /** In their order. Those of users stand in `targets` also where `contextTargets` gives the order. */
  #targets(): Target[] {
    const { targets, contextTargets } = this.#flag;
    if (!contextTargets?.length) return targets ?? [];
    return contextTargets.flatMap((target) => {
      if (target.contextKind && target.contextKind !== "user") return [target];
      return (targets ?? []).find(({ variation }) => variation === target.variation) ?? [];
    });
  }

  #target({ contextKind, values, variation }: Target, index: number): void {
    const keys = (values ?? []).filter((value) => typeof value === "string");
    if (keys.length === 0) return;
    const variant = this.#served(variation, `targets.${index}`);
    this.#rules.push({ id: `target-${index + 1}`, when: oneOf(keyOf(contextKind), keys), serve: { variant } });
  }

  #targetingRules(): void {
    for (const [index, rule] of (this.#flag.rules ?? []).entries()) {
      const path = `rules.${index}`;
      if (!rule.clauses) continue;
      const met: Condition[] = [];
      let isMalformed = false;
      for (const [at, clause] of rule.clauses.entries()) {
        const where = `${this.#path}.${path}.clauses.${at}`;
        const condition = clauseCondition(clause, this.#segments, this.#told, where);
        if (condition !== null) met.push(condition);
        else {
          this.#told.approximate(
            where,
            "this clause names no attribute; LaunchDarkly answers the caller's default or goes on",
          );
          isMalformed = true;
        }
      }
      const when = all(met);
      const id = `rule-${index + 1}`;
      const variant = isMalformed ? null : this.#split(id, rule, when, path);
      if (!("any" in when && when.any.length === 0)) this.#rules.push({ id, when, serve: { variant } });
    }
  }

  /** Adds a rule for each arm but the last, which takes everybody else and whose variant it returns. */
  #split(id: string, { variation, rollout }: Served, when: Condition, path: string): string | null {
    if (variation !== null && variation !== undefined) return this.#served(variation, path);
    const arms = rollout?.variations ?? [];
    const last = arms.at(-1);
    if (!rollout || last === undefined) {
      this.#told.note(`${this.#path}.${path}`, "this serves no variation, so no value is served");
      return null;
    }
    const place = this.#place(rollout, `${path}.rollout`);
    let from = 0;
    for (const [index, arm] of arms.slice(0, -1).entries()) {
      const to = from + arm.weight / 100_000;
      const variant = this.#served(arm.variation, `${path}.rollout.variations.${index}`);
      if (from < to)
        this.#rules.push({
          id: `${id}-${index + 1}`,
          when: all([when, bucket({ ...place, from, to })]),
          serve: { variant },
        });
      from = to;
    }
    return this.#served(last.variation, `${path}.rollout.variations.${arms.length - 1}`);
  }

  #place({ kind, contextKind, bucketBy, seed }: Rollout, path: string): Omit<BucketTest, "from" | "to"> {
    const isExperiment = kind === "experiment";
    this.#isExperiment ||= isExperiment;
    const by = isExperiment ? keyOf(contextKind) : attributeOf(bucketBy || "key", contextKind);
    if (by === null) this.#told.refuse(`${this.#path}.${path}.bucketBy`, "this names no attribute");
    const parts = seed ? [String(seed)] : [this.#key, this.#flag.salt ?? ""];
    return { by: by ?? "key", algorithm: "launchdarkly-sha1", seed: parts };
  }
}

/** Whether it names a variation that it does not have, or none. */
function mayFail({ variations, targets, rules, fallthrough, offVariation }: LaunchdarklyFlag): boolean {
  const servedBy = ({ variation, rollout }: Served): number[] =>
    variation !== null && variation !== undefined
      ? [variation]
      : (rollout?.variations?.map((one) => one.variation) ?? [Number.NaN]);
  const all = [
    ...(offVariation === null || offVariation === undefined ? [] : [offVariation]),
    ...(targets ?? []).map(({ variation }) => variation),
    ...(rules ?? []).flatMap(servedBy),
    ...servedBy(fallthrough ?? {}),
  ];
  return !all.every((index) => index >= 0 && index < (variations?.length ?? 0));
}

const visibilityOf = ({ clientSide, clientSideAvailability }: LaunchdarklyFlag): FlagDefinition["visibility"] =>
  (clientSideAvailability?.usingEnvironmentId ?? clientSide) ? "public" : "server-only";
