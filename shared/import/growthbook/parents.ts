import { holds } from "../holds.ts";
import { Told } from "../told.ts";
import { variantName } from "../variant-name.ts";
import { Variants } from "../variants.ts";
import { MongoConditions } from "./conditions.ts";
import type { Feature, GrowthbookDocument, ParentCondition } from "./schema.ts";

/** What a feature must be for another's rule. */
export interface ParentTest {
  /** Holds whatever the feature is. */
  readonly isAlways: boolean;
  readonly variants: string[];
  /** Of which it does not hold. */
  readonly others: string[];
  /** The feature always has one of those. */
  readonly hasOthersOnly: boolean;
}

/** What each feature can be, so that a condition on its value becomes a list of its variants. */
export class Parents {
  readonly #features: Readonly<Record<string, Feature>>;
  readonly #groups: NonNullable<GrowthbookDocument["savedGroups"]>;
  readonly #known = new Map<string, { variants: Variants; mayBeNull: boolean }>();

  constructor({ features, savedGroups }: GrowthbookDocument) {
    this.#features = features;
    this.#groups = savedGroups ?? {};
  }

  /** The variants of a feature, in the order of its rules. */
  of(key: string): { variants: Variants; mayBeNull: boolean } {
    const known = this.#known.get(key);
    if (known) return known;
    const { rules, defaultValue } = this.#features[key] as Feature;
    const variants = new Variants();
    let mayBeNull = defaultValue === undefined || defaultValue === null;
    const meet = (value: Feature["defaultValue"], wanted?: string | null): void => {
      if (value === null || value === undefined) mayBeNull = true;
      else variants.of(value, wanted || variantName(value));
    };
    for (const { force, variations, meta, parentConditions } of rules ?? []) {
      if (parentConditions?.some(({ gate }) => gate)) mayBeNull = true;
      if (force !== undefined) meet(force);
      else for (const [arm, value] of (variations ?? []).entries()) meet(value, meta?.[arm]?.key);
    }
    if (defaultValue !== undefined) meet(defaultValue);
    const found = { variants, mayBeNull };
    this.#known.set(key, found);
    return found;
  }

  test({ id, condition }: ParentCondition, told: Told, path: string): ParentTest {
    const notes = new Told();
    const asked = new MongoConditions(notes, this.#groups).translate(condition ?? {}, `${path}.condition`);
    told.add(notes);
    const nullHolds = () => holds(asked, { value: null });
    if (!Object.hasOwn(this.#features, id)) {
      told.note(path, `the file has no feature "${id}", so it has no value`);
      return { isAlways: nullHolds(), variants: [], others: [], hasOthersOnly: true };
    }
    const { variants, mayBeNull } = this.of(id);
    if (mayBeNull && nullHolds())
      told.refuse(path, `"${id}" may have no value, which meets this condition, and no rule can ask for that`);
    const met = Object.entries(variants.values).filter(([, value]) => holds(asked, { value }));
    const names = met.map(([name]) => name);
    return {
      isAlways: false,
      variants: names,
      others: Object.keys(variants.values).filter((name) => !names.includes(name)),
      hasOthersOnly: !mayBeNull,
    };
  }
}
