import type { Rule } from "../../shared/schema/flag.ts";
import { changesOf, same } from "../domain/words/change-words.ts";

/*
 * Pure: two people changed one document. What only one of them touched is taken over; what both touched is a
 * conflict, decided by a person. The units are a field, a rule (by its id) and a variant (by its name).
 */

export type Kind = "definition" | "state";

export interface Conflict {
  unit: string;
  what: string;
  mine: string;
  theirs: string;
}
type Units = Map<string, unknown>;
type Body = object;

export function merge<T extends Body>(
  kind: Kind,
  base: T,
  mine: T,
  theirs: T,
  /** Units in conflict that take my version; the others take theirs. */
  preferMine: ReadonlySet<string> = new Set(),
): { merged: T; conflicts: Conflict[] } {
  const [b, m, t] = [unitsOf(base), unitsOf(mine), unitsOf(theirs)];
  const merged: Units = new Map();
  const conflicts: Conflict[] = [];
  for (const unit of new Set([...t.keys(), ...m.keys()])) {
    const untouched = same(m.get(unit), b.get(unit));
    const agreed = same(t.get(unit), b.get(unit)) || same(m.get(unit), t.get(unit));
    if (!untouched && !agreed) conflicts.push(conflictOf(kind, unit, b, m, t));
    const from = untouched || (!agreed && !preferMine.has(unit)) ? t : m;
    if (from.has(unit)) merged.set(unit, from.get(unit));
  }
  const orderOf = (body: Body) => rulesOf(body).map(({ id }) => id);
  const order = same(orderOf(mine), orderOf(base))
    ? [...orderOf(theirs), ...orderOf(mine)]
    : [...orderOf(mine), ...orderOf(theirs)];
  return { merged: fromUnits(merged, [...new Set(order)], "rules" in base) as T, conflicts };
}

const rulesOf = (body: Body): Rule[] => ("rules" in body ? (body.rules as Rule[]) : []);

function unitsOf(body: Body): Units {
  const units: Units = new Map();
  for (const [field, value] of Object.entries(body)) {
    if (field === "rules") for (const rule of value as Rule[]) units.set(`rule ${rule.id}`, rule);
    else if (field === "variants")
      for (const [name, one] of Object.entries(value as object)) units.set(`variant ${name}`, one);
    else units.set(`field ${field}`, value);
  }
  return units;
}

function fromUnits(units: Units, order: string[], isState: boolean): Body {
  const body: Record<string, unknown> = {};
  const variants: Record<string, unknown> = {};
  for (const [unit, value] of units) {
    const space = unit.indexOf(" ");
    const name = unit.slice(space + 1);
    if (unit.startsWith("field ")) body[name] = value;
    else if (unit.startsWith("variant ")) variants[name] = value;
  }
  if (isState) body.rules = order.map((id) => units.get(`rule ${id}`)).filter((rule) => rule !== undefined);
  else body.variants = variants;
  return body;
}

function conflictOf(kind: Kind, unit: string, base: Units, mine: Units, theirs: Units): Conflict {
  const words = (side: Units) => {
    const only = (units: Units) =>
      fromUnits(new Map(units.has(unit) ? [[unit, units.get(unit)]] : []), [unit.slice(5)], kind === "state");
    const entity = kind === "state" ? "state" : "flag";
    const changes = changesOf(entity, { ...only(base) }, { ...only(side) });
    return changes.map(({ what, after }) => (after === undefined ? what : `${what}: ${after}`)).join("; ");
  };
  return { unit, what: unit, mine: words(mine), theirs: words(theirs) };
}
