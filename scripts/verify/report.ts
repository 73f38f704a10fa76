import type { Finding } from "./check.ts";

export interface Row extends Finding {
  readonly name: string;
  readonly promised: string;
}

const WIDTHS = [9, 44, 52] as const;
const VERDICT_WIDTH = 11;

/** One table: what is promised, what was seen, and the verdict. */
export function table(rows: readonly Row[]): string {
  const rule = "-".repeat(WIDTHS.reduce((sum, width) => sum + width + 2, VERDICT_WIDTH));
  const head = lines({ name: "", promised: "promised", seen: "seen", verdict: "verdict" });
  return [...head, rule, ...rows.flatMap((row) => [...lines(row), rule])].join("\n");
}

function lines({ name, promised, seen, verdict }: { name: string; promised: string; seen: string; verdict: string }) {
  const columns = [name, promised, seen].map((text, index) => wrapped(text, WIDTHS[index] as number));
  const height = Math.max(...columns.map(({ length }) => length));
  return Array.from({ length: height }, (_, line) => {
    const cells = columns.map((column, index) => (column[line] ?? "").padEnd(WIDTHS[index] as number));
    return [...cells, line === 0 ? verdict : ""].join("  ").trimEnd();
  });
}

/** Words stay whole, unless one alone is too wide. */
function wrapped(text: string, width: number): string[] {
  const found: string[] = [];
  let line = "";
  for (const word of text.split(" ").flatMap((one) => one.match(new RegExp(`.{1,${width}}`, "g")) ?? [])) {
    if (line !== "" && line.length + 1 + word.length > width) {
      found.push(line);
      line = "";
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return [...found, line];
}
