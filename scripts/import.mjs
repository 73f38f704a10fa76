import { existsSync, readFileSync } from "node:fs";
import util from "node:util";
import { adminSend } from "./admin-api.mjs";
import { Problem, runMain } from "./problem.mjs";

// `npm run import -- --from VENDOR FILE --project P --environment E [--dry-run]`: another vendor's file, flag by flag.

const USAGE = "npm run import -- --from VENDOR FILE --project PROJECT --environment ENVIRONMENT [--dry-run] [--json]";

/** Names of flags that are shown of each status. */
const SHOWN = 200;

await runMain(async () => {
  const { values, positionals } = read();
  const [file] = positionals;
  const { from, project, environment } = values;
  if (!from || !project || !environment || !file || positionals.length > 1) throw new Problem(`Say: ${USAGE}`);
  if (!existsSync(file)) throw new Problem(`There is no file ${file}.`);
  const query = new URLSearchParams({ from, environment, dryRun: String(values["dry-run"]) });
  const type = /\.ya?ml$/i.test(file) ? "application/yaml" : "application/json";
  const route = `/projects/${encodeURIComponent(project)}/import?${query}`;
  const report = await adminSend("POST", route, readFileSync(file, "utf8"), type);
  console.log(values.json ? JSON.stringify(report, null, 2) : words(report));
  return 0;
});

function read() {
  try {
    return util.parseArgs({
      allowPositionals: true,
      options: {
        from: { type: "string" },
        project: { type: "string" },
        environment: { type: "string" },
        "dry-run": { type: "boolean", default: false },
        json: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new Problem(`${error instanceof Error ? error.message : error}\nSay: ${USAGE}`);
  }
}

/**
 * @typedef {{ key: string, status: string, conflict?: true, reasons: { path: string, message: string }[] }} Told
 * @param {{ dryRun: boolean, flags: Told[], segments: Told[], context: { provider: string, attributes: Record<string, string>, notes: string[] } }} report
 */
function words({ dryRun, flags, segments, context }) {
  const lines = [dryRun ? "A dry run: nothing is changed." : "Imported."];
  for (const [what, all] of /** @type {[string, Told[]][]} */ ([
    ["flags", flags],
    ["segments", segments],
  ]))
    for (const status of ["exact", "approximate", "refused"]) {
      const these = all.filter((one) => one.status === status);
      if (these.length === 0) continue;
      lines.push("", `${these.length} ${what} ${status}`);
      for (const { key, reasons } of these.slice(0, SHOWN)) {
        lines.push(`  ${key}`);
        for (const { path, message } of reasons) lines.push(`    ${path}: ${message}`);
      }
      if (these.length > SHOWN) lines.push(`  and ${these.length - SHOWN} more; --json shows all`);
    }
  lines.push("", `Contexts are those of ${context.provider}:`);
  for (const [theirs, ours] of Object.entries(context.attributes)) lines.push(`  ${theirs} is read from ${ours}`);
  for (const note of context.notes) lines.push(`  ${note}`);
  return lines.join("\n");
}
