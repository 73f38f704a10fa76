import { existsSync } from "node:fs";
import path from "node:path";
import { adminApi } from "./admin-api.mjs";
import { findUses } from "./flags/find-uses.mjs";
import { usageReport } from "./flags/usage-report.mjs";
import { Problem, runMain } from "./problem.mjs";

// `npm run flags:usage -- PATH [PROJECT]`: where code asks for flags, and which of them it could do without. Ends with 1
// when code asks for archived flags, so that a build can refuse them.

await runMain(async () => {
  const [where, project = "demo"] = process.argv.slice(2);
  if (!where) throw new Problem("Say which code: npm run flags:usage -- PATH [PROJECT]");
  // npm runs scripts in the project's folder; the path was meant where the person stands.
  const folder = path.resolve(process.env.INIT_CWD ?? process.cwd(), where);
  if (!existsSync(folder)) throw new Problem(`There is no ${folder}.`);
  const api = adminApi();
  const [live, archived, debt] = await Promise.all([
    api("GET", `/projects/${project}/flags`),
    api("GET", `/projects/${project}/flags?archived=true`),
    api("GET", `/projects/${project}/debt`),
  ]);
  /** @param {{ flags: { key: string }[] }} answer @param {boolean} isArchived */
  const named = (answer, isArchived) => answer.flags.map(({ key }) => ({ key, archived: isArchived }));
  const flags = [...named(live, false), ...named(archived, true)];
  const { uses, files } = findUses(folder, new Set(flags.map(({ key }) => key)));
  const { removable, unused, used, broken } = usageReport(flags, debt.flags, uses);
  console.log(`${files} files under ${folder}, ${flags.length} flags of "${project}"`);
  for (const [title, lines] of /** @type {const} */ ([
    ["Code to remove:", removable],
    ["Flags to archive, after a look at other code that may use them:", unused],
    ["In use:", used],
  ]))
    if (lines.length > 0) console.log(`\n${title}\n${lines.join("\n")}`);
  return broken > 0 ? 1 : 0;
});
