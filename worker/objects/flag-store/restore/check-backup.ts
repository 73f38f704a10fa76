import type { z } from "zod";
import { ownOf } from "../../../../shared/own.ts";
import type { Actor } from "../../../../shared/schema/admin.ts";
import type { BackupRow } from "../../../../shared/schema/backup.ts";
import { parseKeyName } from "../../../../shared/schema/names.ts";
import { type Rejection, type Result, reject } from "../../../result.ts";
import { LedgerOrder, type LedgerRow } from "../../test-ledger/ledger-backup.ts";
import { auditHash, GENESIS } from "../audit.ts";
import { type Change, ENTITIES } from "../entities.ts";
import { BACKUP_FORMAT } from "./backup-tables.ts";
import { DocumentLimits, type DocumentRow, isNamed, isOfThePast, MOST_EPOCH } from "./document-checks.ts";
import { hasInstants, isReadable, isUsable, placeOf } from "./row-checks.ts";

/** What a whole backup says of itself. */
export interface CheckedBackup {
  readonly epoch: number;
  readonly revision: number;
  /** Whether it holds what tests counted: backups of earlier versions do not. */
  readonly ledgers: boolean;
}

type Row<Kind extends BackupRow["row"]> = Extract<BackupRow, { row: Kind }>;

/** Checks that rows are one whole, unaltered backup of this project, before anything is touched. */
export function checkBackup(rows: Iterable<BackupRow>, project: string): Result<CheckedBackup> {
  const check = new BackupCheck(project);
  for (const row of rows) {
    const rejection = check.add(row);
    if (rejection) return reject(rejection);
  }
  return check.result();
}

const wrong = (message: string): Rejection => ({ code: "invalid", issues: [{ field: "rows", message }] });

/** Reads the rows in their order; what is wrong with one is answered with it. */
class BackupCheck {
  readonly #project: string;
  #header: Row<"header"> | null = null;
  #rows = 0;
  #ended = false;
  /** The last audit row that came. */
  #revision = 0;
  #hash = GENESIS;
  #auditParts: Row<"audit-more">[] = [];
  /** Where a row has come already. */
  readonly #places = new Set<string>();
  /** Versions of the shards that came, by place, and those that documents name. */
  readonly #shards = new Map<string, string>();
  readonly #namedShards: [place: string, version: string][] = [];
  readonly #limits = new DocumentLimits();
  readonly #ledgers = new LedgerOrder();

  constructor(project: string) {
    this.#project = project;
  }

  add(row: BackupRow): Rejection | null {
    if (this.#ended) return wrong("rows follow the end");
    const rejection = row.row === "header" ? this.#begin(row) : (this.#impossible(row) ?? this.#read(row));
    if (row.row !== "end") this.#rows++;
    return rejection;
  }

  /** Asked after the last row. */
  result(): Result<CheckedBackup> {
    const header = this.#header;
    if (!header) return reject(wrong("the header is missing"));
    const rejection = this.#incomplete(header);
    if (rejection) return reject(rejection);
    const { epoch, format } = header;
    return { ok: true, value: { epoch, revision: this.#revision, ledgers: format === BACKUP_FORMAT } };
  }

  #incomplete(header: Row<"header">): Rejection | null {
    if (!this.#ended) return wrong("the end is missing: the file is cut off");
    const unfinished = this.#ledgers.unfinished;
    if (unfinished !== null) return wrong(`the last part of the results of ${unfinished} is missing`);
    if (header.project !== this.#project) return wrong(`this is a backup of "${header.project}"`);
    for (const [place, version] of this.#namedShards)
      if (this.#shards.get(place) !== version)
        return wrong(`a shard of the list of "${place.split("\n")[0]}" is missing`);
    if (header.revision !== this.#revision)
      return wrong(`the header names revision ${header.revision}, the audit ends at ${this.#revision}`);
    if (!this.#places.has(`document\nproject\n\n${this.#project}`))
      return wrong(`the project "${this.#project}" itself is missing`);
    return null;
  }

  #begin(header: Row<"header">): Rejection | null {
    if (this.#rows > 0) return wrong("the header must come first, and once");
    if (header.epoch > MOST_EPOCH) return wrong(`the header's epoch ${header.epoch} lies above ${MOST_EPOCH}`);
    this.#header = header;
    return null;
  }

  #impossible(row: BackupRow): Rejection | null {
    if (!hasInstants(row)) return wrong(`a ${row.row} row has a time that is no date`);
    const place = placeOf(row);
    if (place === null) return null;
    if (this.#places.has(place)) return wrong(`${place.split("\n").filter(Boolean).join(" ")} comes twice`);
    this.#places.add(place);
    return null;
  }

  #read(row: Exclude<BackupRow, Row<"header">>): Rejection | null {
    if (!this.#header) return wrong("the header is missing");
    switch (row.row) {
      case "document":
        return this.#document(row, this.#header.revision);
      case "audit":
        return this.#audit(row);
      case "audit-more":
        this.#auditParts.push(row);
        return null;
      case "meta":
        return this.#meta(row);
      case "list":
        return this.#shard(row);
      case "ledger":
        return this.#ledger(row);
      case "end":
        this.#ended = true;
        return row.rows === this.#rows ? null : wrong(`${row.rows} rows were backed up and ${this.#rows} arrived`);
      default:
        return null;
    }
  }

  #meta(row: Row<"meta">): Rejection | null {
    // The store builds its keys of this name and calls the guards and ledgers of it.
    if (row.name === "project" && row.value !== this.#project) return wrong(`the rows are of "${row.value}"`);
    return isUsable(row) ? null : wrong(`the ${row.name} is none: it has to be 64 hexadecimal digits`);
  }

  #document(row: DocumentRow, latest: number): Rejection | null {
    const name = `the ${row.entity} "${row.key}"`;
    if (row.entity === "project" && row.key !== this.#project) return wrong(`the rows are of "${row.key}"`);
    if (!isNamed(row)) return wrong(`${name} has a name that cannot be one`);
    const parsed = ownOf<z.ZodType>(ENTITIES, row.entity)?.safeParse(parsedJson(row.body));
    if (!parsed?.success) return wrong(`${name} cannot be read`);
    if (!isOfThePast(row, parsed.data, latest))
      return wrong(`${name} is of a revision after ${latest}, the backup's own`);
    if (row.entity === "list")
      for (const [shard, version] of ENTITIES.list.parse(parsed.data).shards.entries())
        if (version) this.#namedShards.push([`${row.key}\n${shard}`, version]);
    return this.#limits.add(row, parsed.data);
  }

  #audit(row: Row<"audit">): Rejection | null {
    const { revision, at, action, comment, hash, previous_hash } = row;
    const parts = this.#auditParts;
    this.#auditParts = [];
    const [actor, ...changes] = [row.actor, row.changes, ...parts.map((part) => part.changes)].map(parsedJson);
    if (!isReadable(actor, changes)) return wrong(`the audit row of revision ${revision} cannot be read`);
    const entry = { revision, at, actor: actor as Actor, action, comment, changes: changes.flat() as Change[] };
    const ownParts = parts.every((part, index) => part.revision === revision && part.part === index);
    const follows = revision === this.#revision + 1 && previous_hash === this.#hash;
    if (!ownParts || !follows || auditHash(this.#hash, entry) !== hash)
      return wrong(`the audit chain breaks at revision ${revision}`);
    this.#revision = revision;
    this.#hash = hash;
    return null;
  }

  #shard({ segment, shard, version }: Row<"list">): Rejection | null {
    if (parseKeyName(segment) === null) return wrong(`"${segment}" cannot be the key of a segment`);
    this.#shards.set(`${segment}\n${shard}`, version);
    return null;
  }

  #ledger(row: LedgerRow): Rejection | null {
    const gap = this.#ledgers.add(row);
    return gap === null ? null : wrong(`a part of the results of ${gap} is missing`);
  }
}

/** Undefined: the text is no JSON. A backup file may have been edited or cut, which its sender has to hear. */
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
