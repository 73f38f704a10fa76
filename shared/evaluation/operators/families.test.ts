import { describe, expect, test } from "vitest";
import { attributeTestProblems } from "../../schema/condition.ts";
import { OPERATOR_CASES } from "../testing/operator-cases.ts";
import { COMPILERS } from "./compilers.ts";
import type { OperatorSchema, Samples } from "./family.ts";
import { OPERATOR_SCHEMAS, OPERATORS, type Operator } from "./operators.ts";

const schemas = import.meta.glob<Record<string, OperatorSchema>>("./*/schema.ts", {
  eager: true,
  import: "operators",
});
const samples = import.meta.glob<Samples<string>>("./*/samples.ts", { eager: true, import: "samples" });

test("each folder with a schema is in the tables", () => {
  const operators = Object.values(schemas).flatMap((family) => Object.keys(family));
  expect([...OPERATORS].sort()).toEqual(operators.sort());
  expect(Object.keys(COMPILERS).sort()).toEqual(operators.sort());
});

describe.each(Object.entries(schemas))("%s", (file, operators) => {
  const family = file.split("/")[1] as string;
  const names = Object.keys(operators) as Operator[];

  test("has cases of each operator, with a match, no match and unknown", () => {
    const tests = OPERATOR_CASES.find((one) => one.family === family)?.tests ?? [];
    expect([...new Set(tests.map((one) => one.test.op))].sort()).toEqual([...names].sort());
    for (const op of names) {
      const answers = tests.filter((one) => one.test.op === op).flatMap(({ rows }) => rows.map(([, says]) => says));
      const expected = OPERATOR_SCHEMAS[op].takes === "nothing" ? ["false", "true"] : ["false", "true", "unknown"];
      expect([...new Set(answers)].sort(), op).toEqual(expected);
    }
  });

  test("has samples of each operator, with values that the schema takes", () => {
    const { values } = samples[file.replace("schema.ts", "samples.ts")] as Samples<string>;
    expect(Object.keys(values).sort()).toEqual([...names].sort());
    for (const op of names)
      expect(attributeTestProblems({ attribute: "a", op, values: [...(values[op] ?? [])] })).toEqual([]);
  });
});
