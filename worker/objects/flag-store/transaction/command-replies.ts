import { LIMITS } from "../../../../shared/limits.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { type Result, reject } from "../../../result.ts";
import type { Command, Envelope } from "../commands.ts";
import type { Reply } from "../methods.ts";

/** Answers of commands that were carried out, by the command's id: one that is sent again gets the first answer. */
export class CommandReplies {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The earlier answer; a rejection when another command, or another person's, had this id; null when none had. */
  find(id: string, fingerprint: string): Result<Reply> | null {
    const [row] = this.#sql.exec<{ fingerprint: string; reply: string }>(
      "SELECT fingerprint, reply FROM command WHERE id = ?",
      id,
    );
    if (!row) return null;
    if (row.fingerprint !== fingerprint) return reject({ code: "idempotency-key-reused" });
    return { ok: true, value: { ...(JSON.parse(row.reply) as Reply), replayed: true } };
  }

  /** In the transaction of the command. Takes answers away that are older than ids are honoured. */
  keep(id: string, fingerprint: string, reply: Reply, now: number): void {
    this.#sql.exec("DELETE FROM command WHERE at < ?", now - LIMITS.idempotencyKeepMs);
    // The changes of an import are in the audit already; a replay needs the answer only.
    const kept = JSON.stringify({ ...reply, changes: [] });
    this.#sql.exec("INSERT INTO command (id, fingerprint, reply, at) VALUES (?, ?, ?, ?)", id, fingerprint, kept, now);
  }
}

/** Tells a command that is sent again from another one under the same id. */
export const fingerprintOf = ({ command, actor }: Envelope): string =>
  sha256(JSON.stringify([asAsked(command), actor.id]));

/** A command without what every attempt draws anew: a key's secret, an upload's name. */
function asAsked(command: Command): unknown {
  if (command.type === "createKey" || command.type === "createTrigger")
    return { ...command, id: "", hash: "", hint: "" };
  if (command.type === "createSigningKey") return { ...command, id: "" };
  if (command.type === "rotateKey") return { ...command, next: null };
  if (command.type === "createWebhook") return { ...command, id: "", salt: "" };
  if (command.type === "rotateWebhook") return { ...command, salt: "" };
  // The route reads them out of KV; a restore that is sent again finds others.
  if (command.type === "restore") return { ...command, breakGlassIds: [] };
  return command.type === "putList" ? { ...command, upload: "" } : command;
}
