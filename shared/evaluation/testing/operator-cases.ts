import type { AttributeTest } from "../../schema/condition.ts";

interface OperatorCases {
  /** Each row: a context and what the test says of it. */
  readonly tests: readonly { readonly test: AttributeTest; readonly rows: readonly (readonly [unknown, string])[] }[];
}

const files = import.meta.glob<OperatorCases>("../operators/*/cases.json", { eager: true, import: "default" });

/** The corpus of operators, by family. */
export const OPERATOR_CASES = Object.entries(files).map(([file, { tests }]) => ({
  family: file.split("/").at(-2) as string,
  tests,
}));
