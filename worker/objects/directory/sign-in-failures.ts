import { z } from "zod";
import { LIMITS } from "../../../shared/limits.ts";
import { FAILURE_KINDS, type FailureKind } from "../../../shared/schema/admin.ts";

/** Failed tries of one kind from one network, as an isolate reports them. */
export const failureReport = z
  .array(
    z.strictObject({
      kind: z.enum(FAILURE_KINDS),
      network: z.string().max(50),
      count: z.int().min(1).max(1_000_000_000),
      firstAt: z.int(),
      lastAt: z.int(),
    }),
  )
  .max(LIMITS.failuresPerReport);
export type FailureReport = z.infer<typeof failureReport>;

export interface FailureRecord {
  kind: FailureKind;
  network: string;
  count: number;
  firstAt: string;
  lastAt: string;
}

type Row = { kind: FailureKind; network: string; count: number; first_at: number; last_at: number };

/** Stands for the networks that had to make room. */
export const OTHER_NETWORKS = "other";

/** Failed sign-ins by kind and network, in a bounded table: a flood pushes no count out, only a network's name. */
export class SignInFailures {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  note(report: FailureReport, now: number): void {
    this.#sql.exec("DELETE FROM sign_in_failure WHERE last_at < ?", now - LIMITS.failuresKeepMs);
    // A clock ahead of ours must not keep a row for ever.
    for (const { kind, network, count, firstAt, lastAt } of report)
      this.#add({ kind, network, count, first_at: Math.min(firstAt, now), last_at: Math.min(lastAt, now) });
    const beyond = this.#sql.exec<Row>(
      "SELECT * FROM sign_in_failure WHERE network <> ? ORDER BY last_at DESC, count DESC LIMIT -1 OFFSET ?",
      OTHER_NETWORKS,
      LIMITS.failureRows,
    );
    for (const row of [...beyond]) {
      this.#sql.exec("DELETE FROM sign_in_failure WHERE kind = ? AND network = ?", row.kind, row.network);
      this.#add({ ...row, network: OTHER_NETWORKS });
    }
  }

  list(now: number): FailureRecord[] {
    const rows = this.#sql.exec<Row>(
      "SELECT * FROM sign_in_failure WHERE last_at >= ? ORDER BY last_at DESC, kind, network",
      now - LIMITS.failuresKeepMs,
    );
    return [...rows].map(({ kind, network, count, first_at, last_at }) => ({
      kind,
      network,
      count,
      firstAt: new Date(first_at).toISOString(),
      lastAt: new Date(last_at).toISOString(),
    }));
  }

  #add({ kind, network, count, first_at, last_at }: Row): void {
    this.#sql.exec(
      `INSERT INTO sign_in_failure (kind, network, count, first_at, last_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (kind, network) DO UPDATE SET count = count + excluded.count,
         first_at = min(first_at, excluded.first_at), last_at = max(last_at, excluded.last_at)`,
      kind,
      network,
      count,
      first_at,
      last_at,
    );
  }
}
