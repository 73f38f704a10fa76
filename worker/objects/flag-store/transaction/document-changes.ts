import type { Actor } from "../../../../shared/schema/admin.ts";
import { type Slug, storedSlug } from "../../../../shared/schema/names.ts";
import type { Rejection } from "../../../result.ts";
import type { LedgerPlace } from "../../test-ledger/ledger-backup.ts";
import type { Envelope } from "../commands.ts";
import type { Change } from "../entities.ts";
import type { ProjectTables } from "../project-tables.ts";
import type { Renderer } from "../rendering/renderer.ts";
import type { ListProposal } from "../segment-lists.ts";
import { snapshotTooHeavy, snapshotTooLarge, tooManyValues, valuesIn } from "../snapshot-size.ts";

const BY_PEOPLE: ReadonlySet<Actor["type"]> = new Set(["admin", "token", "session"]);

/** Rolls the documents of a command back. */
class TransactionRejected extends Error {
  readonly rejection: Rejection;

  constructor(rejection: Rejection) {
    super(rejection.code);
    this.rejection = rejection;
  }
}

/** What a change of documents reaches beyond the tables of the project. */
export interface DocumentEffects {
  /** Undoes what `work` wrote when it throws, inside the transaction around it. */
  atomically(work: () => void): void;
  /** Everything that people did with this flag, or ("") at this environment's desk, is to go. */
  clearLedger(place: LedgerPlace): void;
  /** The project is deleted: what it gave out opens nothing any more. */
  endIdentity(now: number): void;
  /** The project is deleted: parts of its backup do not wait for another of its name. */
  abandonRestore(): void;
}

/** Writes decided changes, with everything that hangs on the documents and goes, or begins anew, with them. */
export class DocumentChanges {
  readonly #tables: ProjectTables;
  readonly #renderer: Renderer;
  readonly #effects: DocumentEffects;

  constructor(tables: ProjectTables, renderer: Renderer, effects: DocumentEffects) {
    this.#tables = tables;
    this.#renderer = renderer;
    this.#effects = effects;
  }

  /** Null when the changes are written; else why not, and then nothing of them is kept. */
  write(
    { project, actor }: Envelope,
    changes: readonly Change[],
    publish: readonly string[],
    list: ListProposal | null,
    revision: number,
    now: number,
  ): Rejection | null {
    try {
      this.#effects.atomically(() => {
        for (const change of changes) {
          this.#tables.documents.apply(change, revision, now);
          this.#follow(project, change, list, revision, now);
        }
        this.#renderer.follow(changes);
        // Guards, triggers and time must not fail for a size that somebody else has brought about.
        const rejection = BY_PEOPLE.has(actor.type) ? this.#tooLarge(publish, changes) : null;
        if (rejection) throw new TransactionRejected(rejection);
      });
      return null;
    } catch (error) {
      if (error instanceof TransactionRejected) return error.rejection;
      throw error;
    }
  }

  #tooLarge(publish: readonly string[], changes: readonly Change[]): Rejection | null {
    const texts = new Map<string, string>();
    const sizes = {
      most: (environment: string) => this.#renderer.most(environment),
      isComplete: (environment: string) => this.#renderer.isComplete(environment),
      text: (environment: string) => {
        const text = texts.get(environment) ?? JSON.stringify(this.#tables.snapshotNow(environment));
        texts.set(environment, text);
        return text;
      },
      values: (environment: string) => valuesIn(this.#tables.documents, environment),
    };
    return (
      snapshotTooLarge(publish, changes, sizes) ??
      snapshotTooHeavy(publish, changes, sizes) ??
      tooManyValues(publish, changes, sizes)
    );
  }

  /** What hangs on a document: its snapshots, counts, shards of lists and calls. */
  #follow(project: string, change: Change, list: ListProposal | null, revision: number, now: number): void {
    const { publications, triggerCalls, lists } = this.#tables;
    const deleted = change.after === null;
    switch (change.entity) {
      case "environment":
        if (deleted) this.#forgetEnvironment(storedSlug(project), storedSlug(change.key), now);
        // Events of a deleted project's environment may have come late.
        else if (change.before === null && this.#tables.auditLog.predecessorEnd > 0)
          this.#effects.clearLedger({ environment: change.key, flag: "" });
        break;
      case "test":
        // Also as one is made: events may have come late, and earlier versions left people of deleted tests.
        if (deleted || change.before === null)
          this.#effects.clearLedger({ environment: change.environment, flag: change.key });
        break;
      case "list":
        for (const kvKey of lists.follow(storedSlug(project), change, list)) publications.retire(kvKey, now);
        break;
      case "trigger":
        if (deleted) triggerCalls.forget(change.key);
        break;
      case "project":
        publications.enqueue("", revision, now);
        if (deleted) {
          this.#effects.endIdentity(now);
          this.#effects.abandonRestore();
          this.#tables.counters.forgetMonths();
        }
    }
  }

  #forgetEnvironment(project: Slug, environment: Slug, now: number): void {
    this.#tables.publications.withdraw(project, environment, now);
    this.#effects.clearLedger({ environment, flag: "" });
    this.#tables.usageLog.forget(environment);
    this.#tables.counters.forget(environment);
    this.#tables.delivery.forgetEnvironment(environment);
    this.#tables.propagationLog.forget(environment);
  }
}
