import type { Condition } from "../../schema/condition.ts";
import { ALWAYS, all, any, NEVER } from "../conditions.ts";
import type { Told } from "../told.ts";
import { not } from "./properties.ts";
import type { Property, PropertyGroup } from "./schema.ts";

type Translate = (property: Property, path: string) => Condition;

/** Cohorts are groups of properties, one in another. */
export class Cohorts {
  readonly #cohorts: Readonly<Record<string, unknown>>;
  readonly #told: Told;
  /** Those that are being translated, since a damaged file may have them run in a circle. */
  readonly #open = new Set<string>();

  constructor(cohorts: Readonly<Record<string, unknown>>, told: Told) {
    this.#cohorts = cohorts;
    this.#told = told;
  }

  condition({ value, operator }: Property, path: string, translate: Translate): Condition {
    const id = String(value);
    if (!Object.hasOwn(this.#cohorts, id) || this.#open.has(id)) {
      const reason = this.#open.has(id) ? "runs in a circle" : "is not in the file, so its members are not known";
      this.#told.refuse(path, `the cohort ${id} ${reason}`);
      return NEVER;
    }
    this.#open.add(id);
    const condition = this.#group(this.#cohorts[id], `cohorts.${id}`, translate);
    this.#open.delete(id);
    return operator === "not_in" ? not(condition) : condition;
  }

  #group(group: unknown, path: string, translate: Translate): Condition {
    if (typeof group !== "object" || group === null || Object.keys(group).length === 0) return ALWAYS;
    const { type, values } = group as PropertyGroup;
    const isAll = type === "AND" || type === "property";
    if (!isAll && type !== "OR") {
      this.#told.refuse(path, `groups of the type "${type}" are known to PostHog's server only`);
      return NEVER;
    }
    const parts = (values ?? []).map((value, index) => this.#part(value, `${path}.values.${index}`, translate));
    return isAll ? all(parts) : any(parts);
  }

  #part(value: PropertyGroup | Property, path: string, translate: Translate): Condition {
    if ("values" in value) return this.#group(value, path, translate);
    const property = value as Property;
    if (property.type === "flag") this.#told.refuse(path, "a cohort that asks for a flag cannot be kept");
    const isCohort = property.type === "cohort";
    const condition = isCohort ? this.condition(property, path, translate) : translate(property, path);
    return property.negation ? not(condition) : condition;
  }
}
