import { parseArgs } from "node:util";
import { compiledRows } from "./growth/compiled.ts";
import { edgeRows } from "./growth/edge.ts";
import { evaluationRows } from "./growth/evaluation.ts";
import { fleetRows } from "./growth/fleet.ts";
import { missOf, type RowProvider, wordsOf } from "./growth/row.ts";
import { storeRows } from "./growth/store.ts";
import { provenance, writeSection } from "./report.ts";

/*
 * How a project's cost grows from ten five-rule flags to ten thousand. Ends non-zero when a promise is missed.
 *
 *   npm run bench:growth                     prints
 *   npm run bench:growth -- --write          also writes it into docs/performance.md
 *   npm run bench:growth -- --only=store     one part: store, fleet, edge, evaluation or compiled
 */

const PROVIDERS: Readonly<Record<string, RowProvider>> = {
  store: storeRows,
  fleet: fleetRows,
  edge: edgeRows,
  evaluation: evaluationRows,
  compiled: compiledRows,
};

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    sizes: { type: "string", default: "10,100,1000,10000" },
    write: { type: "boolean", default: false },
  },
});
const sizes = values.sizes.split(",").map(Number);
const shown = (value: number | undefined, unit: string): string => {
  if (value === undefined) return "";
  const digits = value < 10 ? 2 : value < 100 ? 1 : 0;
  return `${value.toFixed(Number.isInteger(value) ? 0 : digits)} ${unit}`.trim();
};

const lines = [`| | ${sizes.join(" flags | ")} flags | bound | |`, `|---|${sizes.map(() => "---|").join("")}---|---|`];
let missed = 0;
for (const [name, provider] of Object.entries(PROVIDERS)) {
  if (values.only !== undefined && values.only !== name) continue;
  for (const row of await provider(sizes)) {
    const miss = missOf(row);
    if (miss !== null) missed++;
    const cells = sizes.map((size) => shown(row.values.get(size), row.unit));
    const bound = wordsOf(row);
    const verdict = bound === "" ? "" : miss === null ? "met" : `MISSED: ${miss}`;
    lines.push(`| ${[row.what, ...cells, bound, verdict].join(" | ")} |`);
    console.log(lines.at(-1));
  }
}
console.log(`\n${lines.join("\n")}`);
if (values.write) {
  const note = "Distinct flags share no condition: the worst case. Bounds hold at the largest number of flags.";
  writeSection("Growth", [...lines, "", note, "", provenance("npm run bench:growth -- --write")]);
}
process.exit(missed === 0 ? 0 : 1);
