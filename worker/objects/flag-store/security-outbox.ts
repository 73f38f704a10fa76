import type { Env } from "../../env.ts";
import { log } from "../../log.ts";
import { within } from "../../within.ts";
import { backoff } from "../kernel/outbox.ts";
import { directory } from "../stubs.ts";
import type { AuditEntry, AuditLog } from "./audit.ts";
import { securityActsOf } from "./decide/security-acts.ts";
import type { StoreMeta } from "./store-meta.ts";

const DIRECTORY_TIMEOUT_MS = 5_000;
/** Acts of one report, which the directory bounds. */
const ACTS_AT_ONCE = 100;
const ROWS_AT_ONCE = 50;
/** The first revision whose acts the directory has not confirmed; absent or empty: none. */
const OWED_FROM = "security_owed_from";

/**
 * What the installation's security log must still learn of this project. The audit holds it already, so one revision is
 * all that is kept: it is written in the transaction of the act, and goes once the log has confirmed.
 */
export class SecurityOutbox {
  readonly #audit: AuditLog;
  readonly #meta: StoreMeta;
  readonly #env: Env;
  #running: Promise<void> | null = null;
  #failures = 0;
  #nextAt = 0;

  constructor(audit: AuditLog, meta: StoreMeta, env: Env) {
    this.#audit = audit;
    this.#meta = meta;
    this.#env = env;
  }

  /** In the transaction of the act. */
  note(row: AuditEntry): void {
    if (this.#owedFrom !== null || securityActsOf(undefined, row).length === 0) return;
    this.#meta.set(OWED_FROM, String(row.revision));
  }

  /** After a restore, whose audit is another one: its own row is what is owed. */
  beginAnew(revision: number): void {
    this.#meta.set(OWED_FROM, String(revision));
  }

  get #owedFrom(): number | null {
    return Number(this.#meta.get(OWED_FROM) || 0) || null;
  }

  /** When to hand over next (epoch ms); null while nothing is owed. */
  get dueAt(): number | null {
    return this.#owedFrom === null ? null : this.#nextAt;
  }

  /** Hands over what is owed, oldest first; who asks meanwhile waits for the same. Told twice, an act is recorded once. */
  handOver(): Promise<void> {
    this.#running ??= this.#handOver().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #handOver(): Promise<void> {
    try {
      for (let from = this.#owedFrom; from !== null; from = this.#owedFrom) await this.#tell(from);
      this.#failures = 0;
    } catch (error) {
      this.#failures++;
      log({ event: "security-log-unreachable", attempts: this.#failures, error: String(error) });
    } finally {
      this.#nextAt = Date.now() + backoff(this.#failures);
    }
  }

  async #tell(from: number): Promise<void> {
    const { rows, next } = this.#audit.page(from - 1, ROWS_AT_ONCE);
    const project = this.#meta.slug;
    const epoch = this.#meta.epoch;
    const acts = rows.flatMap((row) =>
      securityActsOf(project, { ...row, at: Date.parse(row.at) } as AuditEntry).map((event, index) => ({
        event,
        source: `${project}/${epoch}/${row.revision}/${index}`,
      })),
    );
    for (let at = 0; at < acts.length; at += ACTS_AT_ONCE) {
      const told = directory(this.#env).recordActs(acts.slice(at, at + ACTS_AT_ONCE));
      const answer = await within(DIRECTORY_TIMEOUT_MS, told);
      if (!answer.ok) throw new Error(`refused: ${JSON.stringify(answer.rejection)}`);
    }
    const last = rows.at(-1)?.revision ?? from;
    // A revision that came meanwhile may owe acts of its own: it is looked at next.
    const isDone = next === null && last >= this.#audit.latestRevision;
    this.#meta.set(OWED_FROM, isDone ? "" : String(last + 1));
  }
}
