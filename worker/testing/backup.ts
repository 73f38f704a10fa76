import type { BackupRow } from "../../shared/schema/backup.ts";
import { env } from "./bindings.ts";
import { done, fetched, ORIGIN } from "./http.ts";

/** All rows of a backup of the project at `at`, its path. */
export async function backupOf(at: string): Promise<BackupRow[]> {
  const rows: BackupRow[] = [];
  for (let cursor: string | null = null; ; ) {
    const page: { rows: BackupRow[]; next: string | null } = await done(
      "GET",
      `${at}/backup${cursor === null ? "" : `?cursor=${encodeURIComponent(cursor)}`}`,
    );
    rows.push(...page.rows);
    cursor = page.next;
    if (cursor === null) return rows;
  }
}

/** Puts the project back as the rows have it, over whatever is there. */
export const restore = (at: string, rows: BackupRow[], over: { revive?: boolean } = {}) =>
  fetched(`${ORIGIN}/api/v1${at}/restore`, {
    method: "POST",
    headers: { Authorization: `Bearer ${env.ADMIN_TOKEN}`, "Content-Type": "application/json" },
    body: JSON.stringify({ part: 0, rows, last: true, replace: true, ...over }),
  });
