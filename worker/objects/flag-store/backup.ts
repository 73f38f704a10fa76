import type { z } from "zod";
import { LIMITS } from "../../../shared/limits.ts";
import { ownOf } from "../../../shared/own.ts";
import type { Actor } from "../../../shared/schema/admin.ts";
import { type BackupPage, type BackupRow, backupRow } from "../../../shared/schema/backup.ts";
import { parseKeyName, parseSlug } from "../../../shared/schema/names.ts";
import { fromBase64, toBase64 } from "../../crypto/base64.ts";
import { type Rejection, type Result, reject } from "../../result.ts";
import { LedgerOrder, type LedgerOutbox } from "../test-ledger/ledger-backup.ts";
import { auditHash, GENESIS } from "./audit.ts";
import { overLimit } from "./decide/decision.ts";
import type { Confirmation } from "./delivery-log.ts";
import { type Body, type Change, ENTITIES } from "./entities.ts";

/** What a backup does with the store's tables. A new table has a place here, which a test sees to. */
export const TABLES = {
  /** The truth: carried by backups, replaced by a restore. Documents of every entity are among it. */
  carried: ["meta", "document", "list_shard", "audit", "audit_more"],
  /** Belongs to what a restore replaces. */
  emptied: ["command", "change_log", "first_served", "list_outbox", "list_upload", "list_part", "ledger_owed"],
  /** Publication, clean-up and observations, which go on. */
  kept: [
    "migration",
    "outbox",
    "published",
    "snapshot_part",
    "retired",
    "restore_part",
    "centre",
    "flag_asked",
    "attribute_seen",
    "trigger_call",
    "trigger_episode",
    "trigger_minute",
    "notice",
    "usage_reporter",
    "usage_total",
    "usage_month",
    "delivery_event",
  ],
} as const;

/** What is written; older ones are still read. */
const FORMAT = "blastdoor-backup-2";

/** Characters of one page: several pages' worth of memory stay far below an isolate's. */
const PAGE_CHARS = 1_000_000;
const PAGE_ROWS = 1_000;

type Document = Omit<Extract<BackupRow, { row: "document" }>, "row">;
type Shard = { segment: string; shard: number; version: string; hashes: ArrayBuffer };
type Audit = Omit<Extract<BackupRow, { row: "audit" }>, "row">;
type AuditMore = Omit<Extract<BackupRow, { row: "audit-more" }>, "row">;

/**
 * Reads pages of a backup. The cursor says where to go on; the caller compares the pages' revisions and starts over
 * when somebody wrote meanwhile. After the last of these pages ledgers follow (`readLedgerPage`).
 */
export function readBackupPage(
  sql: SqlStorage,
  identity: Omit<Extract<BackupRow, { row: "header" }>, "row" | "format">,
  confirmations: readonly Confirmation[],
  cursor: string | null,
): BackupPage {
  const [table, position] = cursor === null ? ["start", 0] : [cursor.split(":")[0], Number(cursor.split(":")[1])];
  const { revision } = identity;
  if (table === "start") {
    const header = { row: "header" as const, format: FORMAT, ...identity } as const;
    const meta = sql.exec<{ name: string; value: string }>("SELECT name, value FROM meta ORDER BY name").toArray();
    const rows: BackupRow[] = [header, ...meta.map((one) => ({ row: "meta" as const, ...one }))];
    return { revision, rows, next: "document:0" };
  }
  const rows: BackupRow[] = [];
  let chars = 0;
  if (table === "list") {
    const query = "SELECT segment, shard, version, hashes FROM list_shard ORDER BY segment, shard LIMIT -1 OFFSET ?";
    for (const { hashes, ...one } of sql.exec<Shard>(query, position)) {
      rows.push({ row: "list", ...one, hashes: toBase64(new Uint8Array(hashes)) });
      chars += (hashes.byteLength * 4) / 3;
      if (chars >= PAGE_CHARS) return { revision, rows, next: `list:${position + rows.length}` };
    }
    return { revision, rows, next: "audit:0" };
  }
  if (table === "document") {
    const query =
      "SELECT entity, environment, key, version, body, created_at, updated_at, revision FROM document ORDER BY entity, environment, key LIMIT -1 OFFSET ?";
    for (const one of sql.exec<Document>(query, position)) {
      rows.push({ row: "document", ...one });
      chars += one.body.length;
      if (chars >= PAGE_CHARS || rows.length >= PAGE_ROWS)
        return { revision, rows, next: `document:${position + rows.length}` };
    }
    return { revision, rows, next: "list:0" };
  }
  let read = position;
  for (const one of sql.exec<Audit>("SELECT * FROM audit ORDER BY revision LIMIT -1 OFFSET ?", position)) {
    // Before the row that they belong to, so that its hash can be checked when it comes.
    for (const more of sql.exec<AuditMore>("SELECT * FROM audit_more WHERE revision = ? ORDER BY part", one.revision)) {
      rows.push({ row: "audit-more", ...more });
      chars += more.changes.length;
    }
    rows.push({ row: "audit", ...one });
    chars += one.changes.length;
    read++;
    if (chars >= PAGE_CHARS || rows.length >= PAGE_ROWS) return { revision, rows, next: `audit:${read}` };
  }
  const total = (name: string) => sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${name}`).one().n;
  for (const one of confirmations) rows.push({ row: "confirmation", ...one });
  const told = 1 + confirmations.length + TABLES.carried.reduce((sum, name) => sum + total(name), 0);
  return { revision, rows, next: `ledger:0:0:${told}:` };
}

/** Whether a document stands where commands could have put it. Keys in KV and of other objects are made of its names. */
function isNamed({ entity, environment, key }: Extract<BackupRow, { row: "document" }>): boolean {
  if (environment !== "" && parseSlug(environment) === null) return false;
  return (entity === "project" || entity === "environment" ? parseSlug(key) : parseKeyName(key)) !== null;
}

/** Restores that a project may see. Numbers above have no next one that JSON holds, and edges never go back. */
const MOST_EPOCH = 1_000_000_000;
/** Changes that one document may see, for the same reason. */
const MOST_VERSIONS = 1_000_000_000;

/** Whether nothing of a document claims a later revision: a kill's decides which kill is served, and when it is lifted. */
function isOfThePast(
  { entity, version, revision }: Extract<BackupRow, { row: "document" }>,
  body: unknown,
  latest: number,
): boolean {
  const claimed = [revision];
  if (entity === "kill") {
    const kill = body as Body<"kill">;
    claimed.push(kill.revision, kill.clearedRevision ?? 0);
  }
  return version >= 1 && version <= MOST_VERSIONS && claimed.every((one) => one >= 0 && one <= latest);
}

/** Undefined: the text is no JSON. A backup file may have been edited or cut, which its sender has to hear. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** How many documents of a kind a project, or an environment of it, may have: as commands count them. */
const LIMITED: Partial<Record<string, keyof typeof LIMITS>> = {
  environment: "environmentsPerProject",
  flag: "flagsPerProject",
  segment: "segmentsPerProject",
  list: "segmentListsPerProject",
  layer: "layersPerProject",
  holdout: "holdoutsPerProject",
  planTemplate: "planTemplatesPerProject",
  webhook: "webhooksPerProject",
  schedule: "schedulesPerProject",
  key: "keysPerEnvironment",
  trigger: "triggersPerEnvironment",
  freeze: "freezesPerEnvironment",
};

/** Holds a backup's documents to the limits that commands keep: it may have been made up. */
class DocumentLimits {
  readonly #counts = new Map<string, number>();

  add({ entity, environment, body }: Extract<BackupRow, { row: "document" }>, parsed: unknown): Rejection | null {
    const tooLarge = overLimit("documentBytes", body.length * 3 <= LIMITS.documentBytes ? 0 : utf8Bytes(body));
    const limit = LIMITED[entity];
    // What is over is shown for a while, and not counted.
    if (tooLarge || !limit || (entity === "schedule" && (parsed as Body<"schedule">).status !== "pending"))
      return tooLarge;
    const place = limit.endsWith("PerEnvironment") ? `${limit} ${environment}` : limit;
    const count = (this.#counts.get(place) ?? 0) + 1;
    this.#counts.set(place, count);
    return overLimit(limit, count);
  }
}

const utf8Bytes = (text: string): number => new TextEncoder().encode(text).byteLength;

/** The parts of a restore under way, kept until the last one is there. */
export class RestoreStage {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Adds a part; null when parts before it are missing. */
  add(part: number, rows: BackupRow[]): Result<null> {
    if (part === 0) this.#sql.exec("DELETE FROM restore_part");
    const expected = this.#sql.exec<{ n: number }>("SELECT count(DISTINCT part) AS n FROM restore_part").one().n;
    if (part !== expected) {
      return reject({
        code: "invalid",
        issues: [{ field: "part", message: `part ${expected} is due, not ${part}; begin again with part 0` }],
      });
    }
    for (const [position, row] of rows.entries()) {
      this.#sql.exec(
        "INSERT INTO restore_part (part, position, body) VALUES (?, ?, ?)",
        part,
        position,
        JSON.stringify(row),
      );
    }
    return { ok: true, value: null };
  }

  clear(): void {
    this.#sql.exec("DELETE FROM restore_part");
  }

  /** Checks that the parts are one whole, unaltered backup of this project, before anything is touched. */
  check(project: string): Result<{ epoch: number; revision: number; ledgers: boolean }> {
    const wrong = (message: string) => reject({ code: "invalid", issues: [{ field: "rows", message }] });
    let header: Extract<BackupRow, { row: "header" }> | null = null;
    let previous = GENESIS;
    let revision = 0;
    let count = 0;
    let ended = false;
    /** Versions of the shards that came, by place. */
    const lists = new Map<string, string>();
    const named: [place: string, version: string][] = [];
    let more: Extract<BackupRow, { row: "audit-more" }>[] = [];
    const limits = new DocumentLimits();
    const ledgers = new LedgerOrder();
    for (const row of this.rows()) {
      if (ended) return wrong("rows follow the end");
      if (row.row === "header") {
        if (count > 0) return wrong("the header must come first, and once");
        if (row.epoch > MOST_EPOCH) return wrong(`the header's epoch ${row.epoch} lies above ${MOST_EPOCH}`);
        header = row;
      } else if (!header) return wrong("the header is missing");
      else if (row.row === "document") {
        const schema = ownOf<z.ZodType>(ENTITIES, row.entity);
        if (row.entity === "project" && row.key !== project) return wrong(`the rows are of "${row.key}"`);
        if (!isNamed(row)) return wrong(`the ${row.entity} "${row.key}" has a name that cannot be one`);
        const parsed = schema?.safeParse(parsedJson(row.body));
        if (!parsed?.success) return wrong(`the ${row.entity} "${row.key}" cannot be read`);
        if (!isOfThePast(row, parsed.data, header.revision))
          return wrong(`the ${row.entity} "${row.key}" is of a revision after ${header.revision}, the backup's own`);
        const full = limits.add(row, parsed.data);
        if (full) return reject(full);
        if (row.entity === "list") {
          const { shards } = ENTITIES.list.parse(parsed.data);
          for (const [shard, version] of shards.entries()) if (version) named.push([`${row.key}\n${shard}`, version]);
        }
      } else if (row.row === "audit") {
        const { at, action, comment, hash, previous_hash } = row;
        const [who, ...lists] = [row.actor, row.changes, ...more.map((one) => one.changes)].map(parsedJson);
        if (who === undefined || lists.includes(undefined))
          return wrong(`the audit row of revision ${row.revision} cannot be read`);
        const entry = {
          revision: row.revision,
          at,
          actor: who as Actor,
          action,
          comment,
          changes: lists.flat() as Change[],
        };
        const belong = more.every((one, part) => one.revision === row.revision && one.part === part);
        more = [];
        const follows =
          belong && row.revision === revision + 1 && previous_hash === previous && auditHash(previous, entry) === hash;
        if (!follows) return wrong(`the audit chain breaks at revision ${row.revision}`);
        revision = row.revision;
        previous = hash;
      } else if (row.row === "meta") {
        // The store builds its keys of this name and calls the guards and ledgers of it.
        if (row.name === "project" && row.value !== project) return wrong(`the rows are of "${row.value}"`);
      } else if (row.row === "audit-more") more.push(row);
      else if (row.row === "list") {
        if (parseKeyName(row.segment) === null) return wrong(`"${row.segment}" cannot be the key of a segment`);
        lists.set(`${row.segment}\n${row.shard}`, row.version);
      } else if (row.row === "ledger") {
        const gap = ledgers.add(row);
        if (gap !== null) return wrong(`a part of the results of ${gap} is missing`);
      } else if (row.row === "end") {
        if (row.rows !== count) return wrong(`${row.rows} rows were backed up and ${count} arrived`);
        ended = true;
        continue;
      }
      count++;
    }
    if (!header) return wrong("the header is missing");
    if (!ended) return wrong("the end is missing: the file is cut off");
    if (ledgers.unfinished !== null) return wrong(`the last part of the results of ${ledgers.unfinished} is missing`);
    if (header.project !== project) return wrong(`this is a backup of "${header.project}"`);
    for (const [place, version] of named) {
      if (lists.get(place) !== version) return wrong(`a shard of the list of "${place.split("\n")[0]}" is missing`);
    }
    if (header.revision !== revision)
      return wrong(`the header names revision ${header.revision}, the audit ends at ${revision}`);
    return { ok: true, value: { epoch: header.epoch, revision, ledgers: header.format === FORMAT } };
  }

  *rows(): Generator<BackupRow> {
    for (const { body } of this.#sql.exec<{ body: string }>("SELECT body FROM restore_part ORDER BY part, position")) {
      yield backupRow.parse(JSON.parse(body));
    }
  }

  /**
   * Puts the rows in place of whatever is there, and hands on what belongs elsewhere: ledgers' parts to whoever carries
   * them there, confirmations to the caller. Only inside a transaction, after `check`.
   */
  apply(ledgers: Pick<LedgerOutbox, "append">): Confirmation[] {
    const sql = this.#sql;
    const confirmations: Confirmation[] = [];
    for (const table of [...TABLES.carried, ...TABLES.emptied]) {
      // Its rows are replaced one by one: what the backup does not know of, such as a secret made since, stays.
      if (table !== "meta") sql.exec(`DELETE FROM ${table}`);
    }
    for (const row of this.rows()) {
      if (row.row === "meta") sql.exec("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", row.name, row.value);
      else if (row.row === "document") {
        sql.exec(
          "INSERT INTO document (entity, environment, key, version, body, created_at, updated_at, revision) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
          row.entity,
          row.environment,
          row.key,
          row.version,
          row.body,
          row.created_at,
          row.updated_at,
          row.revision,
        );
      } else if (row.row === "list") {
        sql.exec(
          "INSERT INTO list_shard (segment, shard, version, hashes) VALUES (?, ?, ?, ?)",
          row.segment,
          row.shard,
          row.version,
          fromBase64(row.hashes),
        );
      } else if (row.row === "audit") {
        sql.exec(
          "INSERT INTO audit (revision, at, actor, action, comment, changes, previous_hash, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
          row.revision,
          row.at,
          row.actor,
          row.action,
          row.comment,
          row.changes,
          row.previous_hash,
          row.hash,
        );
      } else if (row.row === "audit-more") {
        const { revision, part, changes } = row;
        sql.exec("INSERT INTO audit_more (revision, part, changes) VALUES (?, ?, ?)", revision, part, changes);
      } else if (row.row === "ledger") ledgers.append(row, row);
      else if (row.row === "confirmation") confirmations.push(row);
    }
    this.clear();
    return confirmations;
  }
}
