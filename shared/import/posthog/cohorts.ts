import { ALWAYS, NEVER } from "../conditions.ts";
import type { Told } from "../told.ts";
import { decided, every, opposite, some, type Verdict } from "./properties.ts";
import type { Property, PropertyGroup } from "./schema.ts";

type Decide = (property: Property, path: string) => Verdict;

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

  verdict({ value, operator }: Property, path: string, decide: Decide): Verdict {
    const id = String(value);
    if (!Object.hasOwn(this.#cohorts, id) || this.#open.has(id)) {
      const reason = this.#open.has(id) ? "runs in a circle" : "is not in the file, so its members are not known";
      this.#told.refuse(path, `the cohort ${id} ${reason}`);
      return decided(NEVER);
    }
    this.#open.add(id);
    const verdict = this.#group(this.#cohorts[id], `cohorts.${id}`, decide);
    this.#open.delete(id);
    return operator === "not_in" ? opposite(verdict) : verdict;
  }

  #group(group: unknown, path: string, decide: Decide): Verdict {
    if (typeof group !== "object" || group === null || Object.keys(group).length === 0) return decided(ALWAYS);
    const { type, values } = group as PropertyGroup;
    const isAll = type === "AND" || type === "property";
    if (!isAll && type !== "OR") {
      this.#told.refuse(path, `groups of the type "${type}" are known to PostHog's server only`);
      return decided(NEVER);
    }
    const parts = (values ?? []).map((value, index) => this.#part(value, `${path}.values.${index}`, decide));
    return isAll ? every(parts) : some(parts);
  }

  #part(value: PropertyGroup | Property, path: string, decide: Decide): Verdict {
    if ("values" in value) return this.#group(value, path, decide);
    const property = value as Property;
    const verdict = property.type === "cohort" ? this.verdict(property, path, decide) : decide(property, path);
    return property.negation ? opposite(verdict) : verdict;
  }
}
