import type { AttributePath } from "../model/attribute-path.ts";
import { ENDS_WITH, EQUALS, ONE_OF, type Predicate } from "../model/predicate.ts";
import { type Group, type Lookup, type RuleIndex, WHOLE } from "../model/rule-index.ts";

/** Fewer groups are sooner asked than found. */
const GROUPS = 4;
/** A longer list of texts is looked up by its own condition, so that the index stays small. */
const TEXTS = 64;

interface Wanting {
  readonly group: Group;
  readonly guard: Predicate;
  readonly texts: readonly string[];
}

interface Wanted {
  readonly texts: readonly string[];
  readonly atEnd: boolean;
}

/** The texts for which alone the condition holds, unless the attribute is an array; null where it is another condition. */
export function wantedTexts(condition: Predicate): Wanted | null {
  switch (condition.op) {
    case EQUALS:
      return { texts: [condition.operand], atEnd: false };
    case ONE_OF:
      return condition.operand.texts.size > TEXTS ? null : { texts: [...condition.operand.texts], atEnd: false };
    case ENDS_WITH:
      return condition.operand === "" ? null : { texts: [condition.operand], atEnd: true };
    default:
      return null;
  }
}

/** Which groups are found by texts, and which have to be asked. */
export function lookupsOf(all: readonly Group[]): Pick<RuleIndex, "groups" | "lookups"> {
  const groups: Group[] = [];
  const byAttribute = new Map<string, Wanting[]>();
  for (const group of all) {
    const { guard } = group;
    const wanted = guard && wantedTexts(guard);
    if (!wanted) groups.push(group);
    else {
      const name = JSON.stringify([wanted.atEnd, guard.path?.name, guard.path?.steps]);
      const known = byAttribute.get(name);
      const one = { group, guard, texts: wanted.texts };
      if (known) known.push(one);
      else byAttribute.set(name, [one]);
    }
  }
  const lookups: Lookup[] = [];
  for (const its of byAttribute.values()) {
    const lengths = new Set(
      its.flatMap(({ guard, texts }) => texts.map(({ length }) => (guard.op === ENDS_WITH ? length : WHOLE))),
    );
    if (its.length < GROUPS * lengths.size) groups.push(...its.map(({ group }) => group));
    else lookups.push(lookupOf(its, [...lengths]));
  }
  return { groups, lookups };
}

function lookupOf(its: readonly Wanting[], lengths: readonly number[]): Lookup {
  const byText = new Map<string, number>();
  const several: number[][] = [];
  for (const [place, { texts }] of its.entries())
    for (const text of texts) {
      const known = byText.get(text);
      if (known === undefined) byText.set(text, place);
      else if (known < 0) several[~known]?.push(place);
      else byText.set(text, ~(several.push([known, place]) - 1));
    }
  const [{ guard }] = its as [Wanting];
  return { path: guard.path as AttributePath, lengths, byText, several, groups: its.map(({ group }) => group) };
}
