import { expect, test } from "vitest";
import type { AuditRow } from "../../../shared/schema/admin.ts";
import { inTables, must, newProject, storeOf } from "../../testing/store.ts";
import { auditHash, GENESIS } from "./audit.ts";
import type { Change } from "./entities.ts";

/** As anybody can verify an audit log: from its rows alone. Null, or the revision where the chain breaks. */
function breaksAt(rows: AuditRow[]): number | null {
  let previous = GENESIS;
  for (const row of rows) {
    const entry = { ...row, at: Date.parse(row.at), changes: row.changes as Change[] };
    if (row.previousHash !== previous || auditHash(previous, entry) !== row.hash) return row.revision;
    previous = row.hash;
  }
  return null;
}

async function shopWithHistory(): Promise<string> {
  const project = await newProject();
  for (const enabled of [true, false, true]) {
    await must(
      project,
      { type: "patchState", environment: "production", flag: "checkout", patch: { enabled } },
      { comment: `to ${enabled}` },
    );
  }
  return project;
}
const rowsOf = async (project: string) => (await storeOf(project).audit(0, 200)) ?? [];

test("each row is chained to the one before, from the first on", async () => {
  const rows = await rowsOf(await shopWithHistory());
  expect(rows.map(({ revision }) => revision)).toEqual([1, 2, 3, 4, 5]);
  expect(breaksAt(rows)).toBeNull();
  expect(rows.at(-1)).toMatchObject({
    action: "patchState",
    comment: "to true",
    actor: { id: "admin" },
    changes: [{ entity: "state", before: { enabled: false }, after: { enabled: true } }],
  });
});

test.each([
  ["comment", "UPDATE audit SET comment = 'nothing to see' WHERE revision = 3"],
  ["actor", `UPDATE audit SET actor = json_set(actor, '$.name', 'Eve') WHERE revision = 3`],
  ["changes", "UPDATE audit SET changes = '[]' WHERE revision = 3"],
  ["time", "UPDATE audit SET at = at + 1 WHERE revision = 3"],
  ["action", "UPDATE audit SET action = 'kill' WHERE revision = 3"],
  ["hash", `UPDATE audit SET hash = '${"f".repeat(64)}' WHERE revision = 3`],
])("a row whose %s was altered breaks the chain there", async (_what, tampering) => {
  const project = await shopWithHistory();
  await inTables(project, (sql) => sql.exec(tampering));
  expect(breaksAt(await rowsOf(project))).toBe(3);
});

test("a row taken out breaks the chain at the next", async () => {
  const project = await shopWithHistory();
  await inTables(project, (sql) => sql.exec("DELETE FROM audit WHERE revision = 3"));
  expect(breaksAt(await rowsOf(project))).toBe(4);
});

test("a row altered together with its own hash breaks the chain at the next", async () => {
  const project = await shopWithHistory();
  const rows = await rowsOf(project);
  const forged = rows[2] as AuditRow;
  const entry = { ...forged, at: Date.parse(forged.at), changes: forged.changes as Change[], comment: "forged" };
  const hash = auditHash(forged.previousHash, entry);
  await inTables(project, (sql) => sql.exec("UPDATE audit SET comment = 'forged', hash = ? WHERE revision = 3", hash));
  expect(breaksAt(await rowsOf(project))).toBe(4);
});

test("pages follow each other by revision", async () => {
  const project = await shopWithHistory();
  const pages = [
    await storeOf(project).audit(0, 2),
    await storeOf(project).audit(2, 2),
    await storeOf(project).audit(4, 2),
  ];
  expect(pages.map((page) => page?.map(({ revision }) => revision))).toEqual([[1, 2], [3, 4], [5]]);
});
