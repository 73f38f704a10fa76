import type { Condition } from "../../schema/condition.ts";
import type { Rule } from "../../schema/flag.ts";
import type { Json } from "../../schema/primitives.ts";
import { ALWAYS, all, bucket, exists, NEVER } from "../conditions.ts";
import { closeDependencies, definitionOf, type Pending } from "../flags.ts";
import type { Translation } from "../model.ts";
import { Told } from "../told.ts";
import { variantName } from "../variant-name.ts";
import { Variants } from "../variants.ts";
import { allHold, attributeOf, comparison, oneFails } from "./conditions.ts";
import type { ConfigcatCondition, ConfigcatDocument, PercentageOption, Setting, SettingValue } from "./schema.ts";
import { CONTEXT, KNOWN_FIELDS } from "./words.ts";

export function translate(document: ConfigcatDocument): Translation {
  const pending = Object.entries(document.f).map(([key, setting]) =>
    new SettingTranslation(key, setting, document).translate(),
  );
  return { flags: closeDependencies(pending), segments: [], context: CONTEXT };
}

class SettingTranslation {
  readonly #key: string;
  readonly #setting: Setting;
  readonly #document: ConfigcatDocument;
  readonly #path: string;
  readonly #told = new Told();
  readonly #variants = new Variants();
  readonly #rules: Rule[] = [];

  constructor(key: string, setting: Setting, document: ConfigcatDocument) {
    this.#key = key;
    this.#setting = setting;
    this.#document = document;
    this.#path = `f.${key}`;
  }

  translate(): Pending {
    const told = this.#told;
    told.key(this.#path, this.#key);
    told.unknown(this.#path, this.#setting, KNOWN_FIELDS.setting);
    for (const [index, rule] of (this.#setting.r ?? []).entries()) {
      const path = `${this.#path}.r.${index}`;
      const when = all((rule.c ?? []).map((one, at) => this.#condition(one, `${path}.c.${at}`)));
      const id = `rule-${index + 1}`;
      if (rule.s) this.#add(id, when, rule.s.v, `${path}.s`);
      else this.#options(id, when, rule.p ?? [], `${path}.p`);
    }
    this.#options("percentage", ALWAYS, this.#setting.p ?? [], `${this.#path}.p`);
    const variant = this.#serve(this.#setting.v, `${this.#path}.v`);
    const state = { enabled: true, prerequisites: [], rules: this.#rules, fallthrough: { variant } };
    return { key: this.#key, told, ...definitionOf(told, this.#path, this.#variants), state };
  }

  #serve(value: SettingValue, path: string): string | null {
    const typed = typedValue(value, this.#setting.t);
    if (typed === undefined) this.#told.refuse(path, "this is no value of the setting's type");
    return typed === undefined ? null : this.#variants.of(typed, variantName(typed));
  }

  #add(id: string, when: Condition, value: SettingValue, path: string): void {
    const variant = this.#serve(value, path);
    if (!("any" in when && when.any.length === 0)) this.#rules.push({ id, when, serve: { variant } });
  }

  /** A user who lacks the attribute is in none. */
  #options(id: string, when: Condition, options: readonly PercentageOption[], path: string): void {
    const by = attributeOf(this.#setting.a ?? "Identifier");
    let from = 0;
    for (const [index, { p: share, v }] of options.entries()) {
      const to = from + share;
      const part = from < to ? bucket({ by, algorithm: "configcat-sha1", seed: [this.#key], from, to }) : NEVER;
      this.#add(`${id}-${index + 1}`, all([when, part]), v, `${path}.${index}.v`);
      from = to;
    }
    if (options.length === 0 || from >= 100) return;
    this.#told.note(path, "the percentages are less than 100 together, so everybody else has no value");
    this.#rules.push({ id: `${id}-rest`, when: all([when, exists(by)]), serve: { variant: null } });
  }

  #condition({ u, p, s }: ConfigcatCondition, path: string): Condition {
    const salt = this.#document.p?.s;
    if (u) return allHold([comparison(u, { config: salt, context: this.#key }, this.#told, `${path}.u`)]);
    if (p) return this.#prerequisite(p, `${path}.p`);
    const segment = s ? this.#document.s?.[s.s] : undefined;
    if (!s || !segment) {
      this.#told.refuse(path, "this is no condition of the file");
      return NEVER;
    }
    const parts = (segment.r ?? []).map((one, at) =>
      comparison(one, { config: salt, context: segment.n ?? "" }, this.#told, `s.${s.s}.r.${at}`),
    );
    return s.c === 0 ? allHold(parts) : oneFails(parts);
  }

  #prerequisite({ f, c, v }: NonNullable<ConfigcatCondition["p"]>, path: string): Condition {
    const other = Object.hasOwn(this.#document.f, f) ? this.#document.f[f] : undefined;
    const wanted = other && typedValue(v, other.t);
    if (!other || wanted === undefined) {
      this.#told.refuse(path, `the file has no setting "${f}" of this type`);
      return NEVER;
    }
    const variants = new SettingTranslation(f, other, this.#document).values();
    const named = Object.entries(variants).filter(([, value]) => (value === wanted) === (c === 0));
    return named.length === 0 ? NEVER : { flag: f, variants: named.map(([name]) => name) };
  }

  /** Its variants by name, in the order of its own translation. */
  values(): Readonly<Record<string, Json>> {
    const all = [
      ...(this.#setting.r ?? []).flatMap(({ s, p }) => (s ? [s.v] : (p ?? []).map(({ v }) => v))),
      ...(this.#setting.p ?? []).map(({ v }) => v),
      this.#setting.v,
    ];
    for (const value of all) {
      const typed = typedValue(value, this.#setting.t);
      if (typed !== undefined) this.#variants.of(typed, variantName(typed));
    }
    return this.#variants.values;
  }
}

/** Undefined where there is none of the type. */
function typedValue({ b, s, i, d }: SettingValue, type: number): boolean | string | number | undefined {
  return ([b, s, i, d][type] as boolean | string | number | null | undefined) ?? undefined;
}
