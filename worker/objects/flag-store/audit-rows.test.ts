import { beforeAll, expect, test } from "vitest";
import type { BackupRow } from "../../../shared/schema/backup.ts";
import { accepted, envelope, inTables, must, newProject, storeOf } from "../../testing/store.ts";
import { type AuditPage, auditHash, inRows } from "./audit.ts";
import type { Change } from "./entities.ts";

/** Cloudflare's limit of a row; workerd on a desk has none. */
const ROW_BYTES = 2_000_000;
const FLAGS = 1_200;

const actor = { type: "admin", id: "admin", name: "Admin", role: "admin" } as const;
const keyOf = (n: number) => `flag-${String(n).padStart(4, "0")}`;
let project: string;
let revision: number;

beforeAll(async () => {
  project = await newProject();
  const description = "ß".repeat(900);
  const flags = Object.fromEntries(
    Array.from({ length: FLAGS }, (_, n) => [
      keyOf(n),
      { type: "boolean" as const, variants: { on: true, off: false }, offVariant: "off", description },
    ]),
  );
  const document = { format: "blastdoor-export-1" as const, project, environments: {}, flags, states: {} };
  revision = (await must(project, { type: "import", document } as never)).revision;
});

const largestRow = (table: string) =>
  inTables(
    project,
    (sql) => sql.exec<{ n: number }>(`SELECT max(length(CAST(changes AS BLOB))) AS n FROM ${table}`).one().n,
  );
const imported = async () => (await storeOf(project).audit(revision - 1, 1))?.[0];

test("an import larger than a row of SQLite is kept in several, in order, and chained as one", async () => {
  const row = await imported();
  const changes = row?.changes as Change[];
  expect(changes.filter(({ entity }) => entity === "flag").map(({ key }) => key)).toEqual(
    Array.from({ length: FLAGS }, (_, n) => keyOf(n)),
  );
  expect(JSON.stringify(changes).length).toBeGreaterThan(1_000_000);
  expect(await largestRow("audit")).toBeLessThan(ROW_BYTES);
  expect(await largestRow("audit_more")).toBeLessThan(ROW_BYTES);
  const entry = { ...row!, at: Date.parse(row!.at), changes };
  expect(auditHash(row!.previousHash, entry)).toBe(row!.hash);
});

test("a search finds what stands in a later row", async () => {
  const found = await storeOf(project).searchAudit({ limit: 10, flag: keyOf(FLAGS - 1) });
  expect(found?.map((one) => one.revision)).toEqual([revision]);
});

test("a page ends before a megabyte of changes, or with one revision that has more, and the next goes on there", async () => {
  const large = await newProject();
  const first = (await storeOf(large).getProject())?.revision ?? 0;
  const put = (letter: string, chars: number) => {
    const variants = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`v${n}`, letter.repeat(chars / 20)]));
    const definition = { type: "string", variants, offVariant: "v0" };
    return must(large, { type: "putFlag", flag: "f", definition } as never);
  };
  // Of 300, 300 + 300, 300 + 800, 800 + 800 and 800 + 1 thousand bytes: what was, and what is.
  for (const [nth, kilo] of [300, 300, 800, 800].entries()) await put(String(nth), kilo * 1_000);
  await put("x", 20);
  const pages: number[][] = [];
  for (let after: number | null = first; after !== null; ) {
    const page: { rows: { revision: number }[]; next: number | null } | null = await storeOf(large).auditPage(
      after,
      200,
    );
    pages.push(page?.rows.map((row) => row.revision - first) ?? []);
    after = page?.next ?? null;
  }
  expect(pages).toEqual([[1, 2], [3], [4], [5]]);
  const searched: number[][] = [];
  for (let before: number | undefined; ; ) {
    const page: AuditPage | null = await storeOf(large).searchAuditPage({ limit: 200, flag: "f", before });
    searched.push(page?.rows.map((row) => row.revision - first) ?? []);
    if (!page || page.next === null) break;
    before = page.next;
  }
  expect(searched).toEqual([[5], [4], [3], [2, 1]]);
});

test("a search looks through 16 MB at a time, and says where the next goes on", async () => {
  const long = await newProject();
  const first = (await storeOf(long).getProject())?.revision ?? 0;
  // Each revision has 5 MB of changes; the oldest page is the third.
  await inTables(long, (sql) => {
    for (let nth = 1; nth <= 8; nth++) {
      const change = { entity: "flag", environment: "", key: nth === 1 ? "old" : "new", before: null, after: null };
      sql.exec(
        "INSERT INTO audit (revision, at, actor, action, comment, changes, previous_hash, hash) VALUES (?, 1, '{}', '', '', ?, '', '')",
        first + nth,
        JSON.stringify([change]),
      );
      const rest = JSON.stringify([{ ...change, after: "x".repeat(1_000_000) }]);
      for (let part = 0; part < 5; part++)
        sql.exec("INSERT INTO audit_more (revision, part, changes) VALUES (?, ?, ?)", first + nth, part, rest);
    }
  });
  const pages: { found: number[]; next: number | null }[] = [];
  for (let before: number | undefined; pages.length < 9; ) {
    const page: AuditPage | null = await storeOf(long).searchAuditPage({ limit: 1, environment: "none", before });
    pages.push({ found: page?.rows.map((row) => row.revision) ?? [], next: (page?.next ?? 0) - first });
    if (!page?.next) break;
    before = page.next;
    // The budget of reads is paid back meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 2_600));
  }
  expect(pages.slice(0, -1)).toEqual([
    { found: [], next: 6 },
    { found: [], next: 3 },
  ]);
});

test("a backup carries it, and a restore checks and keeps it", async () => {
  const rows: BackupRow[] = [];
  for (let cursor: string | null = null; ; ) {
    const page = await storeOf(project).backupPage(cursor);
    rows.push(...(page?.rows ?? []));
    cursor = page?.next ?? null;
    if (cursor === null) break;
  }
  const before = await imported();
  const restore = (sent: BackupRow[]) =>
    storeOf(project).restorePart(project, { part: 0, rows: sent, last: true, replace: true }, actor);

  const lacking = rows.filter((row) => row.row !== "audit-more");
  expect(await restore(lacking)).toMatchObject({ ok: false });
  accepted((await restore(rows)) as never);
  expect(await imported()).toEqual(before);
});

test("changes are divided between rows, never within one change", () => {
  const change = (key: string) => ({ entity: "tombstone", environment: "e", key, before: null, after: null }) as never;
  const changes = ["a", "b", "c", "d", "e"].map(change);
  for (const chars of [1, 100, 200, 10_000]) {
    const rows = inRows(changes, chars);
    expect(rows.flatMap((row) => JSON.parse(row))).toEqual(changes);
    for (const row of rows) expect(row.length <= chars + 2 || JSON.parse(row).length === 1).toBe(true);
  }
  expect(inRows([])).toEqual(["[]"]);
});

test("a document that would not fit a row is refused with the number, and nothing is kept", async () => {
  const variants = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`v${n}`, "x".repeat(60_000)]));
  const definition = { type: "string" as const, variants, offVariant: "v0" };
  const put = envelope(project, { type: "putFlag", flag: "huge", definition } as never);
  expect(await storeOf(project).execute(put)).toMatchObject({
    ok: false,
    rejection: { code: "limit-exceeded", limit: "documentBytes", max: 900_000 },
  });
  expect(await storeOf(project).getFlag("huge")).toBeNull();
});
