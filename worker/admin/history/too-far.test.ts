import { expect, test } from "vitest";
import { REACH_ROWS } from "../../objects/flag-store/audit.ts";
import { aFlag, envelope, inTables, must, newProject, storeOf } from "../../testing/store.ts";

// A revert reads what was changed since, in the store's one thread: there is an end to what it may read.

/** Revisions as a busy project has them, the changes of each so many characters long. */
const fill = (project: string, rows: number, chars: number) =>
  inTables(project, (sql) => {
    sql.exec(
      `INSERT INTO audit (revision, at, actor, action, comment, changes, previous_hash, hash)
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
       SELECT last.revision + i, last.at, last.actor, 'putSegment', '',
         json_array(json_object('entity', 'segment', 'environment', '', 'key', 's', 'before', NULL, 'after', NULL, 'x', hex(zeroblob(CAST(?2 AS INTEGER))))),
         '', 'h' FROM n, (SELECT * FROM audit ORDER BY revision DESC LIMIT 1) AS last`,
      rows,
      chars,
    );
  });

test.each([
  ["revisions", REACH_ROWS, 1],
  ["bytes", 70, 500_000],
])(
  "a revert across too many %s is refused, with what to do instead, and one across fewer is not",
  async (_what, rows, chars) => {
    const project = await newProject();
    const { revision } = await must(project, { type: "putFlag", flag: "one", definition: aFlag });
    await must(project, { type: "patchFlag", flag: "one", patch: { owner: "ada" } });
    await fill(project, rows, chars);
    const store = storeOf(project);
    for (const command of [{ type: "revert", revision, flag: "one" } as const, { type: "revert", revision } as const])
      expect(await store.execute(envelope(project, command))).toEqual({
        ok: false,
        rejection: { code: "revision-too-far", revision },
      });
    await inTables(project, (sql) => sql.exec("DELETE FROM audit WHERE action = 'putSegment' AND revision % 3 > 0"));
    const reverted = await must(project, { type: "revert", revision, flag: "one" });
    expect(reverted.changes).toMatchObject([{ entity: "flag", key: "one", after: { owner: "" } }]);
  },
);
