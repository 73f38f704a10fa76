import { isExact } from "../../../../shared/evaluation/attribute.ts";
import { segmentDependencies } from "../../../../shared/evaluation/graph.ts";
import { OPERATOR_SCHEMAS } from "../../../../shared/evaluation/operators/operators.ts";
import { ownOf } from "../../../../shared/own.ts";
import { type ConditionValue, faultWords } from "../../../../shared/schema/condition.ts";
import type { Json } from "../../../../shared/schema/primitives.ts";
import type { FieldIssue } from "../../../result.ts";
import type { Body, Change, ProjectView, Row } from "../entities.ts";
import { attributeTestsOf } from "./attribute-tests.ts";

/** More than a person mends at once; a hostile document has thousands. */
const SHOWN = 50;

/** A value that the evaluator cannot use, where it stands. `name` is equal for equal values of equal tests. */
interface Unusable extends FieldIssue {
  readonly name: string;
}

/**
 * Values of conditions that changes bring in and that no attribute can ever satisfy, as issues of their fields. What a
 * document held before may stay: it hinders no other change.
 *
 * @param place what stands before the fields of a changed document in the request
 */
export function valueIssues(changes: readonly Change[], place: (change: Change) => string = () => ""): FieldIssue[] {
  return changes
    .flatMap((change) => {
      const unusable = unusableIn(change.entity, change.after);
      if (unusable.length === 0) return [];
      const known = new Set(unusableIn(change.entity, change.before).map(({ name }) => name));
      return unusable
        .filter(({ name }) => !known.has(name))
        .map(({ field, message }) => ({ field: place(change) + field, message }));
    })
    .slice(0, SHOWN);
}

/**
 * Numbers that changes bring into a flag's variants and that JSON may have rounded on the way: clients would be served
 * another id than was meant.
 */
export function variantIssues(changes: readonly Change[], place: (change: Change) => string = () => ""): FieldIssue[] {
  return changes
    .flatMap((change) => {
      if (change.entity !== "flag" || change.after === null) return [];
      const before = (change.before as Body<"flag"> | null)?.variants ?? {};
      return Object.entries((change.after as Body<"flag">).variants)
        .filter(([name, value]) => JSON.stringify(ownOf(before, name)) !== JSON.stringify(value))
        .flatMap(([name, value]) => inexactIn(`${place(change)}variants.${name}`, value));
    })
    .slice(0, SHOWN);
}

function inexactIn(field: string, value: Json): FieldIssue[] {
  if (typeof value === "object" && value !== null)
    return Object.entries(value).flatMap(([name, inner]) => inexactIn(`${field}.${name}`, inner));
  if (typeof value !== "number" || isExact(value)) return [];
  const message = `${value} may not be the number that was sent: beyond 2^53 - 1 JSON rounds numbers; write it as text`;
  return [{ field, message }];
}

/** As valueIssues, of what is stored: a flag's rules in one environment, and the segments that they name. */
export function valueProblems(view: ProjectView, row: Row<"state">): FieldIssue[] {
  const own = unusableIn("state", row.body);
  const segments = [...segmentsBelow(view, row)].flatMap((segment) =>
    unusableIn("segment", view.get("segment", "", segment)?.body ?? null).map(({ field, message }) => ({
      field,
      message: `in the segment "${segment}": ${message}`,
    })),
  );
  return [...own.map(({ field, message }) => ({ field, message })), ...segments].slice(0, SHOWN);
}

function segmentsBelow(view: ProjectView, { body }: Row<"state">): Set<string> {
  const found = new Set(body.rules.flatMap(({ when }) => segmentDependencies(when)));
  // A set also goes through what is added on the way.
  for (const segment of found) {
    const when = view.get("segment", "", segment)?.body.when;
    if (when) for (const inner of segmentDependencies(when)) found.add(inner);
  }
  return found;
}

function unusableIn(entity: Change["entity"], body: Change["after"]): Unusable[] {
  return attributeTestsOf(entity, body).flatMap(({ field, test: { attribute, op, values = [] } }) => {
    const { fault } = OPERATOR_SCHEMAS[op];
    if (!fault) return [];
    return values.flatMap((value: ConditionValue, index) => {
      const wrong = fault(value);
      if (!wrong) return [];
      const message = `no "${attribute}" can satisfy "${op}" here: ${faultWords(value, wrong)}`;
      return [{ field: `${field}.values.${index}`, message, name: JSON.stringify([attribute, op, value]) }];
    });
  });
}
