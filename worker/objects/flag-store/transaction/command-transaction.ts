import { roleIn } from "../../../../shared/role-in.ts";
import { type Result, reject } from "../../../result.ts";
import type { AuditEntry } from "../audit.ts";
import type { Command, Envelope } from "../commands.ts";
import { decide } from "../decide/decide.ts";
import { deliveryEventsOf } from "../decide/delivery.ts";
import type { Change } from "../entities.ts";
import type { Reply } from "../methods.ts";
import type { ProjectTables } from "../project-tables.ts";
import { viewAfter } from "../resources.ts";
import type { ListProposal } from "../segment-lists.ts";
import { CommandReplies, fingerprintOf } from "./command-replies.ts";
import type { DocumentChanges } from "./document-changes.ts";

const placeOf = (command: Command): string => ("environment" in command ? (command.environment ?? "") : "");

/** What a transaction does beyond the tables of the project. */
export interface TransactionEffects {
  /** For a command on a long list: what the list would become. */
  proposedList(command: Command): ListProposal | null;
  /** Notes for webhooks, the security log and guards what they must learn; still inside the transaction. */
  noteFollowers(row: AuditEntry): void;
  orderGuards(environments: readonly string[], changes: readonly Change[], revision: number, now: number): void;
  /** The alarm that publishes what was committed, should this process die. */
  armSafetyAlarm(now: number): void;
  /** Tests keep the transaction open here. */
  linger(): void;
}

/** One command, wholly or not at all: documents, audit row, outbox rows and the reply. Callers open the transaction. */
export class CommandTransaction {
  readonly #tables: ProjectTables;
  readonly #documentChanges: DocumentChanges;
  readonly #replies: CommandReplies;
  readonly #effects: TransactionEffects;

  constructor(tables: ProjectTables, documentChanges: DocumentChanges, effects: TransactionEffects) {
    this.#tables = tables;
    this.#documentChanges = documentChanges;
    this.#replies = new CommandReplies(tables.sql);
    this.#effects = effects;
  }

  /** Idempotency, then the decision, then everything that is written of it. */
  run(asked: Envelope): Result<Reply> {
    const now = Date.now();
    const fingerprint = fingerprintOf(asked);
    const earlier = this.#replies.find(asked.id, fingerprint);
    if (earlier) return earlier;
    const { auditLog, documents, meta } = this.#tables;
    const { project, command, actor, grants, comment, ifVersion } = asked;
    const revision = auditLog.latestRevision + 1;
    // What stood in a deleted project of this name is nothing to revert to.
    const historySince = (since: number, key?: string) => {
      if (since >= revision || since < auditLog.predecessorEnd) return null;
      return auditLog.isWithinReach(since) ? auditLog.changesSince(since, key) : "too-long";
    };
    const historyOf = (one: number) => (one > auditLog.predecessorEnd ? auditLog.changesIn(one) : null);
    const list = this.#effects.proposedList(command);
    const given = {
      project,
      view: documents,
      historySince,
      historyOf,
      actor,
      grants,
      comment,
      revision,
      now,
      ifVersion,
      list,
    };
    const decided = decide(command, given);
    if (!decided.ok) return decided;
    const { changes, publish } = decided.value;
    const written = !asked.dryRun && changes.length > 0;
    if (written) {
      if (command.type === "putProject") meta.set("project", project);
      const rejection = this.#documentChanges.write(asked, changes, publish, list, revision, now);
      if (rejection) return reject(rejection);
      // The audit names the role that admitted it.
      const by = { ...actor, role: roleIn({ role: actor.role, grants }, placeOf(command)) };
      this.#record({ revision, at: now, actor: by, action: command.type, comment, changes }, publish);
    }
    const after = written ? revision : revision - 1;
    const reply: Reply = {
      revision: after,
      changed: changes.length > 0,
      created: written && changes.some((change) => change.before === null && change.entity !== "kill"),
      changes,
      view: viewAfter(documents, command, { project, revision: after, epoch: meta.epoch, now }),
    };
    // Also one that changed nothing: a kill that found the flag killed must not, repeated after a restore, kill it.
    if (!asked.dryRun) this.#replies.keep(asked.id, fingerprint, reply, now);
    if (written) {
      this.#effects.armSafetyAlarm(now);
      this.#effects.linger();
    }
    return { ok: true, value: reply };
  }

  /** Audit, delivery figures, and what must learn of it. */
  #record(row: AuditEntry & { changes: Change[] }, publish: readonly string[]): void {
    const { auditLog, delivery, documents, publications, propagationLog } = this.#tables;
    const { revision, at, changes } = row;
    auditLog.append(row);
    this.#effects.noteFollowers(row);
    for (const event of deliveryEventsOf(row, documents)) delivery.note(event);
    for (const environment of publish) {
      publications.enqueue(environment, revision, at);
      propagationLog.committed(environment, revision, row.action, at);
    }
    const environments = new Set([...publish, ...changes.map((change) => change.environment)]);
    this.#effects.orderGuards([...environments], changes, revision, at);
  }
}
