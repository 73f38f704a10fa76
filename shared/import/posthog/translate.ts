import { readerPath } from "../../evaluation/attribute-readers.ts";
import type { Condition } from "../../schema/condition.ts";
import type { Rule } from "../../schema/flag.ts";
import { ALWAYS, after, all, bucket, exists, NEVER, nobody, pathOf, unless } from "../conditions.ts";
import { closeDependencies, definitionOf, type Pending } from "../flags.ts";
import type { Translation } from "../model.ts";
import { Told } from "../told.ts";
import { Variants } from "../variants.ts";
import { Cohorts } from "./cohorts.ts";
import { not, propertyCondition, UNDECIDED } from "./properties.ts";
import type { Group, PosthogDocument, PosthogFlag, Property } from "./schema.ts";
import { CONTEXT, KNOWN_FIELDS } from "./words.ts";

export function translate(document: PosthogDocument): Translation {
  // Of two flags of one key, the SDK knows the last.
  const flags = new Map(document.flags.map((flag, index) => [flag.key, { flag, path: `flags.${index}` }]));
  const pending = [...flags.values()].map(({ flag, path }) =>
    new FlagTranslation(flag, path, document, flags).translate(),
  );
  return { flags: closeDependencies(pending), segments: [], context: CONTEXT };
}

type Flags = ReadonlyMap<string, { readonly flag: PosthogFlag }>;

/** Whose properties a condition asks, and who is bucketed. */
interface Subject {
  readonly attribute: (key: string) => string;
  readonly by: string;
  /** What has to be there. */
  readonly present: Condition;
}

const PERSON: Omit<Subject, "by"> = {
  attribute: (key) => (key === "distinct_id" ? readerPath("first", "distinct_id", "targetingKey") : pathOf(key)),
  present: ALWAYS,
};

const DEVICE = "$device_id";
const OFF = "off";
const ON = "on";

class FlagTranslation {
  readonly #flag: PosthogFlag;
  readonly #path: string;
  readonly #document: PosthogDocument;
  readonly #flags: Flags;
  readonly #told = new Told();
  readonly #variants = new Variants();
  readonly #cohorts: Cohorts;

  constructor(flag: PosthogFlag, path: string, document: PosthogDocument, flags: Flags) {
    this.#flag = flag;
    this.#path = path;
    this.#document = document;
    this.#flags = flags;
    this.#cohorts = new Cohorts(document.cohorts ?? {}, this.#told);
  }

  translate(): Pending {
    const { key, active, filters, ensure_experience_continuity: isSticky } = this.#flag;
    const told = this.#told;
    told.key(this.#path, key);
    told.unknown(this.#path, this.#flag, KNOWN_FIELDS.flag);
    told.unknown(`${this.#path}.filters`, filters ?? {}, KNOWN_FIELDS.filters);
    if (isSticky && active)
      told.refuse(
        `${this.#path}.ensure_experience_continuity`,
        "who was assigned before is known to PostHog's server only",
      );
    this.#note(filters ?? {});
    this.#variants.of(false, OFF);
    this.#variants.of(true, ON);
    for (const { key: name } of this.#multivariate()) this.#variants.of(name, name);
    const rules = active ? this.#rules() : [];
    const purpose = this.#multivariate().length > 0 ? "experiment" : "release";
    const defined = definitionOf(told, this.#path, this.#variants, purpose, OFF);
    return {
      key,
      told,
      ...defined,
      state: { enabled: active === true, prerequisites: [], rules, fallthrough: { variant: OFF } },
    };
  }

  /** What PostHog's server looks at, and the SDK's local evaluation does not. */
  #note(filters: NonNullable<PosthogFlag["filters"]>): void {
    const note = (field: string, message: string) => this.#told.note(`${this.#path}.filters.${field}`, message);
    if (filters.super_groups?.length)
      note(
        "super_groups",
        "the SDK's local evaluation does not look at super groups; PostHog's server asks them first",
      );
    if (filters.holdout_groups) note("holdout_groups", "the SDK's local evaluation does not look at these");
    if (filters.payloads && Object.keys(filters.payloads).length > 0) note("payloads", "payloads are not imported");
  }

  #multivariate() {
    return this.#flag.filters?.multivariate?.variants ?? [];
  }

  #rules(): Rule[] {
    const filters = this.#flag.filters ?? {};
    const whole = this.#subject(filters.aggregation_group_type_index ?? null);
    if (whole === null) return [{ id: "undecided", when: ALWAYS, serve: { variant: null } }];
    const nobodyRule: Rule = { id: "no-user", when: nobody, serve: { variant: null } };
    const rules = [...this.#withoutDevice(whole.by), ...this.#holdout(whole.by)];
    const undecided: Condition[] = [];
    for (const [index, group] of (filters.groups ?? []).entries()) this.#group(group, index, whole, rules, undecided);
    rules.push(...undecidedRules("undecided", ALWAYS, undecided));
    const ofWhole = rules.map((rule) => ({ ...rule, when: all([whole.present, rule.when]) }));
    return [nobodyRule, ...ofWhole].filter(({ when }) => !("any" in when && when.any.length === 0));
  }

  /** Without the device that is bucketed, nothing is decided. */
  #withoutDevice(by: string): Rule[] {
    if (by !== DEVICE) return [];
    const known = all([exists(by), unless({ attribute: by, op: "equals", values: [""] })]);
    return [{ id: "no-device", when: unless(known), serve: { variant: null } }];
  }

  /** Who is kept out of experiments gets a variant of its own. */
  #holdout(by: string): Rule[] {
    const { id, exclusion_percentage: share } = this.#flag.filters?.holdout ?? {};
    const percentage = Number(share);
    if (id === null || id === undefined || share === null || !Number.isFinite(percentage)) return [];
    const variant = this.#variants.of(`holdout-${id}`, `holdout-${id}`);
    const to = after(Math.max(0, percentage) / 100);
    const within = bucket({ by, algorithm: "posthog-sha1", seed: ["holdout", "", "-"], from: 0, to });
    return [{ id: "holdout", when: percentage >= 100 ? ALWAYS : within, serve: { variant } }];
  }

  /** Null: the file does not say which groups are meant, so PostHog decides nothing. */
  #subject(groupType: number | null): Subject | null {
    if (groupType === null) {
      const isOfDevice = this.#flag.bucketing_identifier === "device_id";
      if (!isOfDevice) return { ...PERSON, by: "targetingKey" };
      return { ...PERSON, by: DEVICE };
    }
    const name = this.#document.group_type_mapping?.[String(groupType)];
    if (name === undefined) {
      this.#told.note(this.#path, `the file has no group type ${groupType}, so no value is served`);
      return null;
    }
    const by = pathOf("groups", name);
    const attribute = (key: string) =>
      key === "$group_key"
        ? readerPath("first", `groupProperties.${name}.$group_key`, `groups.${name}`)
        : pathOf("groupProperties", name, key);
    return { by, attribute, present: exists(by) };
  }

  /** Adds the rules of a group of conditions, and when it cannot be decided. */
  #group(group: Group, index: number, whole: Subject, rules: Rule[], undecided: Condition[]): void {
    const path = `${this.#path}.filters.groups.${index}`;
    const own = group.aggregation_group_type_index;
    const isOther = own !== undefined && own !== (this.#flag.filters?.aggregation_group_type_index ?? null);
    const subject = isOther && own !== null ? this.#subject(own) : whole;
    if (subject === null) return;
    const { met, isUndecided } = this.#properties(group.properties ?? [], subject, `${path}.properties`);
    const present = isOther ? [subject.present] : [];
    const id = `group-${index + 1}`;
    const share = group.rollout_percentage ?? 100;
    const inside = share < 100 ? [this.#hashed(subject.by, "", 0, after(share / 100))] : [];
    this.#serve(id, all([...present, met, ...inside]), subject.by, group.variant, rules);
    if (this.#flag.filters?.early_exit && share < 100) {
      // Who is left is outside of the share, and nothing after it is asked.
      rules.push(...undecidedRules(`${id}-undecided`, all([...present, met]), undecided));
      rules.push({ id: `${id}-outside`, when: all([...present, met]), serve: { variant: OFF } });
    }
    undecided.push(all([...present, isUndecided]));
  }

  /** When all are met, and when that cannot be decided. What another flag is always can. */
  #properties(
    properties: readonly Property[],
    subject: Subject,
    path: string,
  ): { met: Condition; isUndecided: Condition } {
    const paths = properties.map((property, at) => ({ property, at: `${path}.${at}` }));
    const flags = paths.filter(({ property }) => property.type === "flag");
    const asked = flags.map(({ property, at }) => this.#dependency(property, at));
    const others = paths.filter(({ property }) => property.type !== "flag");
    const own = all([
      ...others.map(({ property, at }) => this.#property(property, subject, at)),
      ...asked.filter((one) => one === UNDECIDED),
    ]);
    const known = asked.filter((one) => one !== UNDECIDED);
    const isUndecided = mayBeUnknown(own) ? all([...known, unless(own), unless(not(own))]) : NEVER;
    return { met: all([own, ...known]), isUndecided };
  }

  #hashed(by: string, salt: string, from: number, to: number): Condition {
    if (!(from < to)) return NEVER;
    return bucket({ by, algorithm: "posthog-sha1", seed: [this.#flag.key, salt], from, to });
  }

  #serve(id: string, when: Condition, by: string, wanted: string | null | undefined, rules: Rule[]): void {
    const variants = this.#multivariate();
    const named = variants.find(({ key }) => key === wanted);
    if (named) {
      rules.push({ id, when, serve: { variant: this.#variants.of(named.key, named.key) } });
      return;
    }
    let from = 0;
    for (const [index, { key, rollout_percentage: share }] of variants.entries()) {
      const to = from + share / 100;
      const part = this.#hashed(by, "variant", from, to);
      if (share > 0)
        rules.push({
          id: `${id}-${index + 1}`,
          when: all([when, part]),
          serve: { variant: this.#variants.of(key, key) },
        });
      from = to;
    }
    rules.push({ id, when, serve: { variant: ON } });
  }

  #property(property: Property, subject: Subject, path: string): Condition {
    if (property.type === "cohort")
      return this.#cohorts.condition(property, path, (one, at) => this.#property(one, subject, at));
    const version = this.#document.property_matching_version;
    const test = { operator: property.operator || "exact", value: property.value, version };
    return propertyCondition(subject.attribute(property.key ?? ""), test, this.#told, path);
  }

  /** Another flag's value: true is any of its variants. */
  #dependency({ key, value, dependency_chain: chain }: Property, path: string): Condition {
    const other = this.#flags.get(key ?? "")?.flag;
    const isWhole = chain?.every((one) => this.#flags.has(one)) && chain.length > 0;
    if (!other || !isWhole) return UNDECIDED;
    if (!other.active) return value === false ? ALWAYS : NEVER;
    this.#told.approximate(path, `where "${other.key}" cannot be decided, this flag is decided without it here`);
    const variants = (other.filters?.multivariate?.variants ?? []).map((one) => one.key);
    // Named as the other flag's own translation names them.
    const names = new Variants();
    names.of(false, OFF);
    names.of(true, ON);
    const named = variants.map((one) => ({ one, name: names.of(one, one) }));
    const isWanted = (one: string) => value === true || one === value;
    const wanted = named.filter(({ one }) => isWanted(one)).map(({ name }) => name);
    if (typeof value === "boolean") wanted.push(value ? ON : OFF);
    return wanted.length === 0 ? NEVER : { flag: other.key, variants: wanted };
  }
}

/** One for each, so that conditions nest less. */
const undecidedRules = (id: string, when: Condition, undecided: readonly Condition[]): Rule[] =>
  undecided.map((one, index) => ({ id: `${id}-${index + 1}`, when: all([when, one]), serve: { variant: null } }));

/** Whether it asks anything. */
const mayBeUnknown = (condition: Condition): boolean =>
  !("all" in condition && condition.all.length === 0) && !("any" in condition && condition.any.length === 0);
