/*
 * `npm run bench:regex`: what a unit of a pattern's cost takes to compile, and what a step of a search takes, for
 * patterns and texts made to be slow. The limits in shared/limits.ts follow from these. CPU time, the median of 9 runs.
 */

import { regexCost } from "../shared/evaluation/operators/regex/cost.ts";
import { isRegex, re2 } from "../shared/evaluation/operators/regex/regex.ts";
import { LIMITS, MATCHED_TEXT_CHARS, SEARCH_STEPS } from "../shared/limits.ts";

const RUNS = 9;

/** As large as may be saved. */
const PATTERNS: [pattern: string, ignoreCase: boolean][] = [
  ["(?:(?:.?){1,18}){1,18}A0-0", false],
  ["(?:(?:(?:.?){1,8}){1,8}){1,4}A", false],
  ["(?:a?b?){240}z", false],
  ["[ab]*a[ab]{900}c", false],
  ["^(?:\\pL?){400}1", true],
  [`[${"\\pL".repeat(8)}]`, true],
  [`[${"\\p{Lu}".repeat(8)}]`, true],
  ["[A-\\x{7000}]", true],
  ["\\b(?:.?\\b?){240}z", false],
];
const TEXTS = ["a", "ab", "aab c", "éλя", "世界a"];

const microseconds = (): number => process.cpuUsage().user;
const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] as number;
let distinct = 0;

console.log("pattern".padEnd(44), "cost".padStart(6), "µs a unit to compile".padStart(22), "ns a step".padStart(11));
for (const [pattern, ignoreCase] of PATTERNS) {
  const cost = regexCost(pattern, ignoreCase);
  if (cost > LIMITS.regexInstructions) throw new Error(`${pattern} costs ${cost}`);
  const compiling = Array.from({ length: RUNS }, () => {
    // Another text each time, of the same cost but for a character: compiled patterns are kept.
    const batch = Array.from({ length: 10 }, () => `${pattern}(?:${distinct++})?`);
    const start = microseconds();
    for (const one of batch) isRegex(one, ignoreCase);
    return (microseconds() - start) / batch.length / cost;
  });
  const regex = re2(pattern, ignoreCase);
  const step = TEXTS.map((letters) => {
    const text = letters.repeat(MATCHED_TEXT_CHARS).slice(0, MATCHED_TEXT_CHARS);
    const times = Array.from({ length: RUNS }, () => {
      const start = microseconds();
      let steps = 0;
      while (steps < 4_000_000) {
        const budget = { left: 1e9 };
        regex?.search(text, budget);
        steps += 1e9 - budget.left;
      }
      return ((microseconds() - start) * 1_000) / steps;
    });
    return median(times);
  });
  console.log(
    pattern.slice(0, 42).padEnd(44),
    String(cost).padStart(6),
    median(compiling).toFixed(2).padStart(22),
    Math.max(...step)
      .toFixed(1)
      .padStart(11),
  );
}
console.log(`one evaluation takes ${SEARCH_STEPS} steps at most`);
