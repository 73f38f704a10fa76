import { describe, expect, test } from "vitest";
import type { BackupRow } from "../../../../shared/schema/backup.ts";
import { auditHash, GENESIS } from "../audit.ts";
import { checkBackup } from "./check-backup.ts";

const ACTOR = { type: "admin", id: "admin", name: "Administrator", role: "admin" } as const;
const AT = Date.parse("2026-11-22T12:00:00Z");

const header = (over = {}): BackupRow => ({
  row: "header",
  format: "blastdoor-backup-2",
  project: "shop",
  epoch: 3,
  revision: 2,
  takenAt: new Date(AT).toISOString(),
  ...over,
});
const document = (over = {}): BackupRow => ({
  row: "document",
  entity: "project",
  environment: "",
  key: "shop",
  version: 1,
  body: '{"name":"Shop"}',
  created_at: AT,
  updated_at: AT,
  revision: 1,
  ...over,
});
/** Rows of the audit, each chained to the one before. */
function audit(revisions: number): BackupRow[] {
  let previous = GENESIS;
  return Array.from({ length: revisions }, (_, index) => {
    const entry = { revision: index + 1, at: AT, actor: ACTOR, action: "putProject", comment: "", changes: [] };
    const hash = auditHash(previous, entry);
    const row = { ...entry, row: "audit" as const, actor: JSON.stringify(ACTOR), changes: "[]" };
    const chained = { ...row, previous_hash: previous, hash };
    previous = hash;
    return chained;
  });
}
const ended = (...rows: BackupRow[]): BackupRow[] => [...rows, { row: "end", rows: rows.length }];
const stateWith = (rule: object) => ({ enabled: true, fallthrough: { variant: "on" }, rules: [rule] });
const refusal = (rows: BackupRow[]): string | undefined => {
  const checked = checkBackup(rows, "shop");
  if (checked.ok) return undefined;
  const { rejection } = checked;
  return rejection.code === "invalid" ? rejection.issues[0]?.message : rejection.code;
};

test("a whole backup is taken, and says what it is of", () => {
  expect(checkBackup(ended(header(), document(), ...audit(2)), "shop")).toEqual({
    ok: true,
    value: { epoch: 3, revision: 2, ledgers: true },
  });
});

test("one of an earlier version holds no ledgers", () => {
  const rows = ended(header({ format: "blastdoor-backup-1" }), document(), ...audit(2));
  expect(checkBackup(rows, "shop")).toMatchObject({ value: { ledgers: false } });
});

describe("a backup is refused, with what is wrong with it", () => {
  const [first, second] = audit(2) as [BackupRow, BackupRow];
  test.each<[string, BackupRow[], string | RegExp]>([
    ["nothing at all", [], "the header is missing"],
    ["no header", [document()], "the header is missing"],
    ["two headers", [header(), header()], "the header must come first, and once"],
    ["cut off", [header(), document(), ...audit(2)], "the end is missing: the file is cut off"],
    ["a row lost", [header(), ...audit(2), { row: "end", rows: 4 }], "4 rows were backed up and 3 arrived"],
    ["rows after the end", [...ended(header(), ...audit(2)), document()], "rows follow the end"],
    ["of another project", ended(header({ project: "other" }), ...audit(2)), 'this is a backup of "other"'],
    ["with another project's document", [header(), document({ key: "other" })], 'the rows are of "other"'],
    ["an epoch beyond counting", [header({ epoch: 2_000_000_000 })], /lies above/],
    [
      "a name that is no slug",
      [header(), document({ entity: "environment", key: "a/b" })],
      /has a name that cannot be/,
    ],
    ["a document that is no JSON", [header(), document({ body: "{" })], /cannot be read/],
    ["an entity that does not exist", [header(), document({ entity: "constructor" })], /cannot be read/],
    ["a document of the future", [header(), document({ revision: 3 })], /is of a revision after 2/],
    ["an audit row left out", [header(), second], "the audit chain breaks at revision 2"],
    ["an audit row altered", [header(), { ...first, comment: "forged" } as BackupRow], /breaks at revision 1/],
    ["audit rows left out at the end", ended(header(), first), /names revision 2, the audit ends at 1/],
    [
      "changes of another row",
      [header(), { row: "audit-more", revision: 2, part: 0, changes: "[]" }, first],
      /breaks at/,
    ],
    [
      "a list whose segment is no name",
      [header(), { row: "list", segment: "a/b", shard: 0, version: "1-1", hashes: "" }],
      /key of a segment/,
    ],
    ["a meta row of another project", [header(), { row: "meta", name: "project", value: "other" }], /of "other"/],
    ["a sealing secret that edges refuse", [header(), { row: "meta", name: "seal_key", value: "x" }], /64 hexa/],
    ["a time that is no date", [header(), document({ created_at: 2 ** 53 - 1 })], /a time that is no date/],
    ["a document twice", [header(), document(), document()], "document project shop comes twice"],
    ["the project missing", ended(header(), ...audit(2)), 'the project "shop" itself is missing'],
    ["an actor that is none", [header(), { ...first, actor: "null" } as BackupRow], /revision 1 cannot be read/],
    ...([
      ["a state that is none", { entity: "state", before: null, after: 5 }],
      ["a state without rules", { entity: "state", before: null, after: { enabled: true } }],
      ["a rule that serves nothing", { entity: "state", before: null, after: stateWith({ when: { all: [] } }) }],
      ["a condition that is none", { entity: "state", before: null, after: stateWith({ when: 1, serve: {} }) }],
      ["a kill of no flag", { entity: "kill", before: null, after: {} }],
      ["a change without documents", { entity: "flag" }],
    ].map(([what, change]) => [
      what,
      [header(), { ...first, changes: JSON.stringify([{ environment: "e", key: "k", ...(change as object) }]) }],
      /revision 1 cannot be read/,
    ]) as [string, BackupRow[], RegExp][]),
    ["changes in no list", [header(), { ...first, changes: "{}" } as BackupRow], /revision 1 cannot be read/],
  ])("%s", (_what, rows, message) => {
    expect(refusal(rows)).toMatch(message);
  });
});
