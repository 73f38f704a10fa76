import { readFileSync } from "node:fs";
import path from "node:path";
import * as families from "../../../shared/evaluation/operators/families.ts";
import type { OperatorSchema, OperatorWords } from "../../../shared/evaluation/operators/family.ts";
import { root } from "../../process/server.ts";
import { type GeneratedPage, table } from "./page.ts";

/** Every operator with its words, what it takes, and examples from the cases that every evaluator is tested with. */
export const operators: GeneratedPage = { file: "docs/operators.md", text };

interface Test {
  readonly attribute: string;
  readonly op: string;
  readonly values?: readonly unknown[];
  readonly ignoreCase?: boolean;
}
interface Cases {
  readonly tests: readonly {
    readonly test: Test;
    readonly rows: readonly (readonly [context: object, truth: string])[];
  }[];
}
interface Family {
  readonly rank: number;
  readonly operators: Readonly<Record<string, OperatorSchema>>;
  readonly words: Readonly<Record<string, OperatorWords>>;
}

const TAKES = {
  anything: "texts, numbers, booleans",
  text: "texts",
  number: "numbers",
  instant: "instants (ISO 8601, or ms since 1970)",
  nothing: "nothing",
} as const satisfies Record<OperatorSchema["takes"], string>;

function text(): string {
  const inOrder = Object.entries(families as Record<string, Family>).sort(
    ([, one], [, other]) => one.rank - other.rank,
  );
  return `# Operators

A condition compares one attribute of the evaluation context: \`{"attribute": "country", "op": "in", "values": ["DE", "AT"]}\`. It holds if one of its values holds. \`"negate": true\` turns true and false round, and \`"ignoreCase": true\` is taken where the table says so. Conditions combine by \`{"all": […]}\`, \`{"any": […]}\`, \`{"not": …}\` and \`{"segment": "staff"}\`.

A condition is **unknown** if the attribute is missing or has another type. Its negation is unknown as well, and a rule whose condition is unknown does not match: a rule for "not in DE" never catches a user whose country nobody knows. An attribute that is an array holds if one of its elements does.

\`npm run docs\` writes this page from \`shared/evaluation/operators/\`; the examples are test cases there.

${inOrder.map(([name, family]) => section(name, family)).join("\n\n")}
`;
}

function section(name: string, { operators, words }: Family): string {
  const file = path.join(root, "shared", "evaluation", "operators", name, "cases.json");
  const cases = JSON.parse(readFileSync(file, "utf8")) as Cases;
  const rows = Object.entries(operators).map(([operator, { takes, cased }]) => [
    `\`${operator}\``,
    (words[operator] ?? []).join(" / "),
    TAKES[takes],
    cased ? "yes" : "no",
  ]);
  const examples = Object.keys(operators).flatMap((operator) => exampleOf(operator, cases));
  return `## ${name[0]?.toUpperCase()}${name.slice(1)}

${table(["operator", "reads / negated", "values", "`ignoreCase`"], rows)}

${table(["condition", "context", "result"], examples)}`;
}

/** The shortest case of an operator, with one context for each result. */
function exampleOf(operator: string, { tests }: Cases): string[][] {
  const [found] = tests
    .filter(({ test, rows }) => test.op === operator && rows.some(([, truth]) => truth === "true"))
    .sort((one, other) => code(one.test).length - code(other.test).length);
  if (found === undefined) throw new Error(`the operator ${operator} has no case that is true`);
  const byTruth = new Map([...found.rows].reverse().map(([context, truth]) => [truth, context]));
  return ["true", "false", "unknown"].flatMap((truth) => {
    const context = byTruth.get(truth);
    return context === undefined ? [] : [[code(found.test), code(context), truth]];
  });
}

const code = (value: object): string => `\`${JSON.stringify(value)}\``;
