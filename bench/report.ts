import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import path from "node:path";

const root = path.dirname(import.meta.dirname);
const PERFORMANCE = "docs/performance.md";

/** What was run, when, on what. */
export function provenance(command: string): string {
  const [processor] = cpus();
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${processor?.model.trim()}, ${cpus().length} processors, node ${process.version}`;
  return `\`${command}\`, ${date}, ${machine}.`;
}

/** Replaces what stands under a heading of a document, docs/performance.md unless named, or adds it at the end, and touches nothing else. */
export function writeSection(title: string, lines: readonly string[], document = PERFORMANCE): void {
  const file = path.join(root, document);
  const heading = `## ${title}`;
  const section = [heading, "", ...lines, ""].join("\n");
  const before = existsSync(file) ? readFileSync(file, "utf8") : "# Performance\n\n";
  const start = before.indexOf(`${heading}\n`);
  if (start < 0) writeFileSync(file, `${before.trimEnd()}\n\n${section}`);
  else {
    const next = before.indexOf("\n## ", start + heading.length);
    writeFileSync(file, `${before.slice(0, start)}${section}${next < 0 ? "" : before.slice(next)}`);
  }
  console.log(`\nwritten to ${document}, "${title}"`);
}
