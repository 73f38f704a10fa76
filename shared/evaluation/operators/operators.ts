import * as families from "./families.ts";
import type { OperatorSchema, OperatorWords, Reference } from "./family.ts";

/*
 * Every operator of every family, by name. What an edge loads stands apart: compile-operator.ts.
 */

type Families = typeof families;
export type Operator = { [Name in keyof Families]: keyof Families[Name]["operators"] }[keyof Families];

const inOrder = Object.values(families).sort((one, other) => one.rank - other.rank);

/** In the order of the lists that people read. */
export const OPERATORS = inOrder.flatMap((family) => Object.keys(family.operators)) as [Operator, ...Operator[]];

export const OPERATOR_SCHEMAS: Readonly<Record<Operator, OperatorSchema>> = Object.assign(
  {},
  ...inOrder.map((family) => family.operators),
);

/** Each operator as it reads between an attribute and its values, plain and negated. */
export const OPERATOR_WORDS: Readonly<Record<Operator, OperatorWords>> = Object.assign(
  {},
  ...inOrder.map((family) => family.words),
);

export const REFERENCES: Readonly<Record<Operator, Reference>> = Object.assign(
  {},
  ...inOrder.map((family) => family.reference),
);
