import { identityText, readAttribute, readPlain, TARGETING_KEY } from "../attribute.ts";
import { below, bucketHash, isBelow, unitHash } from "../bucketing/bucket.ts";
import type { AttributePath } from "../model/attribute-path.ts";
import type { Share, Split, Unit } from "../model/split.ts";
import type { Subject } from "./subject.ts";

/** The result of a split for the subject that its unit was last found for. */
export function armOf({ unit, seed, arms }: Split): number {
  const hash = bucketHash(seed, unit.hash);
  let arm = arms;
  while (typeof arm !== "number") arm = isBelow(hash, arm.end) ? arm.lower : arm.upper;
  return arm;
}

/** Whether the subject has the bucketing attribute; afterwards its hash stands in the unit. */
export function hasUnit(unit: Unit, subject: Subject): boolean {
  return unit.stamp === subject.stamp || findUnit(unit, subject);
}

function findUnit(unit: Unit, subject: Subject): boolean {
  const identity = identityOf(unit.path, subject);
  if (identity === null) return false;
  unit.stamp = subject.stamp;
  unit.hash = unitHash(identity);
  return true;
}

export function identityOf(path: AttributePath, subject: Subject): string | null {
  try {
    const { plain } = subject;
    const value =
      plain === null
        ? readAttribute(subject.context, path)
        : path.place === TARGETING_KEY
          ? (plain as { readonly targetingKey?: unknown }).targetingKey
          : readPlain(plain, path);
    return typeof value === "string" && value.length > 0 ? value : identityText(value);
  } catch {
    // A getter or proxy in a context that did not come from JSON: the attribute is absent.
    return null;
  }
}

/** Whether the subject's bucket lies in a share; without the attribute, it does not. */
export function within({ unit, seed, from, to }: Share, subject: Subject): boolean {
  if (!hasUnit(unit, subject)) return false;
  const hash = bucketHash(seed, unit.hash);
  return below(hash, from) === 0 && (to === null || below(hash, to) === 1);
}
