import { type Actor, roleCovers } from "../../../../shared/schema/admin.ts";
import type { BackupRow } from "../../../../shared/schema/backup.ts";
import { storedSlug } from "../../../../shared/schema/names.ts";
import { carriedKills } from "../../../admin/kills/decide.ts";
import { type Result, reject } from "../../../result.ts";
import { guardRow } from "../../kernel/outbox.ts";
import type { LedgerOutbox, LedgerPlace } from "../../test-ledger/ledger-backup.ts";
import type { ProjectIdentity } from "../project-identity.ts";
import type { ProjectTables } from "../project-tables.ts";
import { stillTakenBack, TakenBack } from "../revocations.ts";
import type { SecurityOutbox } from "../security-outbox.ts";
import type { WebhookOutbox } from "../webhook-outbox.ts";
import { type CheckedBackup, checkBackup } from "./check-backup.ts";
import { RestoreStage } from "./restore-stage.ts";

/** A part of a backup; `replace`: over a project that is there; `revive`: also what was taken back since. */
export interface RestorePart {
  part: number;
  rows: BackupRow[];
  last: boolean;
  replace: boolean;
  revive?: boolean | undefined;
}
export type RestoreAnswer = Result<{ revision: number; epoch: number; done: boolean }>;

/** Who may restore. Answered before any table is made. */
export const mayRestore = (actor: Actor): Result<null> =>
  roleCovers(actor.role, "admin") ? { ok: true, value: null } : reject({ code: "forbidden", needs: "the role admin" });

/** What follows the audit, and begins anew when another audit is put in its place. */
interface Followers {
  readonly webhooks: Pick<WebhookOutbox, "beginAnew">;
  readonly security: Pick<SecurityOutbox, "beginAnew">;
}

/** Puts a backup in place of a project, once all of its parts are there and checked. */
export class ProjectRestore {
  readonly #tables: ProjectTables;
  readonly #identity: ProjectIdentity;
  readonly #ledgers: LedgerOutbox;
  readonly #followers: Followers;
  readonly #stage: RestoreStage;
  readonly #takenBack: TakenBack;

  constructor(tables: ProjectTables, identity: ProjectIdentity, ledgers: LedgerOutbox, followers: Followers) {
    this.#tables = tables;
    this.#identity = identity;
    this.#ledgers = ledgers;
    this.#followers = followers;
    this.#stage = new RestoreStage(tables.sql);
    this.#takenBack = new TakenBack(tables.sql);
  }

  /** Forgets the parts that came so far. */
  abandon(): void {
    this.#stage.clear();
  }

  /** Takes a part, in a transaction; the last one rebuilds the project from all of them. */
  take(project: string, sent: RestorePart, actor: Actor, now: number): RestoreAnswer {
    if (this.#tables.documents.get("project", "", project) && !sent.replace)
      return reject({
        code: "already-exists",
        what: `The project "${project}"`,
        fix: 'Send "replace": true to replace everything in it.',
      });
    const added = this.#stage.add(sent.part, sent.rows);
    if (!added.ok) return added;
    if (!sent.last) return { ok: true, value: { revision: 0, epoch: 0, done: false } };
    const checked = checkBackup(this.#stage.rows(), project);
    if (!checked.ok) return checked;
    return {
      ok: true,
      value: { ...this.#replace(project, checked.value, sent.revive ?? false, actor, now), done: true },
    };
  }

  /**
   * The epoch rises above both the backup's and the present one, so that edges follow although the revision may fall.
   */
  #replace(project: string, backup: CheckedBackup, revive: boolean, actor: Actor, now: number) {
    const { auditLog, documents, meta } = this.#tables;
    const epoch = Math.max(meta.epoch, backup.epoch) + 1;
    const revision = backup.revision + 1;
    const killed = documents.list("kill").filter(({ body }) => body.clearedRevision === undefined);
    const ledgersBefore = this.#ledgerPlaces();
    const taken = revive ? null : this.#takenBack.all(auditLog.entries());
    if (taken) this.#takenBack.keep(taken);
    else this.#takenBack.forget();
    this.#replaceTables(storedSlug(project), epoch, now);
    this.#followers.security.beginAnew(revision);
    // Whom tests counted that the backup does not know: a later test of that name must not find them.
    if (backup.ledgers) this.#clearLedgers(ledgersBefore);
    const changes = [...carriedKills(killed, documents, revision), ...(taken ? stillTakenBack(taken, documents) : [])];
    for (const change of changes) documents.apply(change, revision, now);
    auditLog.append({ revision, at: now, actor, action: "restoreBackup", comment: `epoch ${epoch}`, changes });
    this.#publishAll(revision, now);
    return { revision, epoch };
  }

  #replaceTables(project: ReturnType<typeof storedSlug>, epoch: number, now: number): void {
    const { auditLog, delivery, lists, meta, publications } = this.#tables;
    for (const { environment } of publications.published())
      publications.withdraw(project, storedSlug(environment), now);
    const shardsBefore = lists.kvKeys(project);
    const { deletedAt } = this.#identity;
    const confirmations = this.#stage.apply(this.#ledgers);
    auditLog.reread();
    meta.set("project", project);
    this.#identity.keepDeletedAt(deletedAt);
    lists.enqueueAll();
    const shards = new Set(lists.kvKeys(project));
    for (const kvKey of shardsBefore) if (!shards.has(kvKey)) publications.retire(kvKey, now);
    meta.set("epoch", String(epoch));
    this.#followers.webhooks.beginAnew(epoch);
    this.#tables.rebuildDelivery();
    for (const confirmation of confirmations) delivery.putConfirmation(confirmation);
  }

  /** Where people may have been counted: at tests, at desks, and where a clearing still waits. */
  #ledgerPlaces(): LedgerPlace[] {
    const { documents } = this.#tables;
    const tests = documents.list("test").map(({ environment, key: flag }) => ({ environment, flag }));
    const desks = documents.list("environment").map(({ key }) => ({ environment: key, flag: "" }));
    return [...tests, ...desks, ...this.#ledgers.clearings()];
  }

  #clearLedgers(places: readonly LedgerPlace[]): void {
    for (const place of places) {
      const { environment, flag } = place;
      const isThere =
        flag === ""
          ? this.#tables.hasEnvironment(environment)
          : this.#tables.documents.get("test", environment, flag) !== null;
      if (!isThere) this.#ledgers.append(place, null);
    }
  }

  #publishAll(revision: number, now: number): void {
    const { documents, publications } = this.#tables;
    publications.enqueue("", revision, now);
    for (const { key } of documents.list("environment")) {
      publications.enqueue(key, revision, now);
      publications.enqueue(guardRow(key), revision, now);
    }
  }
}
