import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { adminApi } from "./admin-api.mjs";
import { Problem, runMain } from "./problem.mjs";

// `npm run backup -- PROJECT [FILE]`: everything in a project as lines of JSON, key hashes included: keep it as a secret.

const ATTEMPTS = 5;

await runMain(async () => {
  const [project, file = `${project}-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.backup.jsonl`] =
    process.argv.slice(2);
  if (!project) throw new Problem("Say which project: npm run backup -- PROJECT [FILE]");
  if (existsSync(file)) throw new Problem(`${file} is there already; name another file.`);
  const rows = await readBackup(adminApi(), project);
  // Written under another name first, so that a file of this name is always whole.
  // Made anew, since a file that is there keeps its mode: this one holds the sealing key and the hashes of all keys.
  rmSync(`${file}.part`, { force: true });
  const lines = `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`;
  writeFileSync(`${file}.part`, lines, { mode: 0o600, flag: "wx" });
  renameSync(`${file}.part`, file);
  console.log(`${file}: ${rows.length} rows of "${project}" at revision ${rows[0].revision}`);
  return 0;
});

/**
 * Pages of one and the same revision; begins again when somebody writes meanwhile.
 *
 * @param {ReturnType<typeof adminApi>} api
 * @param {string} project
 * @returns {Promise<any[]>}
 */
async function readBackup(api, project) {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const rows = [];
    let revision;
    let cursor = "";
    for (;;) {
      const page = await api("GET", `/projects/${encodeURIComponent(project)}/backup${cursor}`);
      revision ??= page.revision;
      if (page.revision !== revision) break;
      rows.push(...page.rows);
      if (page.next === null) return rows;
      cursor = `?cursor=${encodeURIComponent(page.next)}`;
    }
  }
  throw new Problem(`"${project}" changed during each of ${ATTEMPTS} attempts; try again at a quieter moment.`);
}
