import { readFileSync } from "node:fs";
import path from "node:path";
import { LIMITS } from "../../../shared/limits.ts";
import { root } from "../../process/server.ts";
import { type GeneratedPage, table } from "./page.ts";

/** Every limit with its value and its reason, which is the comment above it in `shared/limits.ts`. */
export const limits: GeneratedPage = { file: "docs/limits.md", text };

function text(): string {
  const reasons = reasonsOf(readFileSync(path.join(root, "shared", "limits.ts"), "utf8"));
  const rows = Object.entries(LIMITS).map(([name, value]) => [
    `\`${name}\``,
    quantity(name, value),
    reasons.get(name) ?? "",
  ]);
  return `# Limits

A request beyond a limit is answered 413 or 422 with the code \`limit-exceeded\` or \`body-too-large\`, and the answer names the limit. Nothing of the request is kept. \`npm run docs\` writes this page from \`shared/limits.ts\`.

${table(["limit", "value", "meaning and reason"], rows)}
`;
}

/** The comment right above each limit; a limit without one of its own shares none. */
function reasonsOf(source: string): Map<string, string> {
  const start = source.indexOf("export const LIMITS");
  const body = source.slice(start, source.indexOf("} as const", start));
  const found = body.matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?^ {2}(\w+):/gm);
  return new Map([...found].map(([, comment = "", name = ""]) => [name, comment.replaceAll(/^\s*\*/gm, "")]));
}

const UNITS: readonly (readonly [ms: number, name: string])[] = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1_000, "second"],
];

/** A limit in the unit that its name states: bytes, milliseconds, seconds or a count. */
function quantity(name: string, value: number): string {
  if (/Bytes$/.test(name)) return size(value);
  if (/Ms$/.test(name)) return duration(value);
  if (/Seconds$/.test(name)) return duration(value * 1_000);
  return value.toLocaleString("en");
}

function size(bytes: number): string {
  const [unit, divisor] = bytes >= 2 ** 20 ? ["MiB", 2 ** 20] : ["KiB", 2 ** 10];
  return bytes % (divisor as number) === 0
    ? `${bytes / (divisor as number)} ${unit}`
    : `${bytes.toLocaleString("en")} bytes`;
}

function duration(ms: number): string {
  const [unitMs, unit] = UNITS.find(([length]) => ms % length === 0) ?? [1, "millisecond"];
  const count = ms / unitMs;
  return `${count.toLocaleString("en")} ${unit}${count === 1 ? "" : "s"}`;
}
