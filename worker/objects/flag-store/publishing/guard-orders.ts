import { storedSlug } from "../../../../shared/schema/names.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { watchList } from "../../guard/guard-watch.ts";
import type { GuardMethods } from "../../guard/methods.ts";
import { guardRow } from "../../kernel/outbox.ts";
import type { Change } from "../entities.ts";
import type { ProjectTables } from "../project-tables.ts";

/** Hands an order to the guard of an environment, which is an object of its own. */
export type GiveOrder = (
  environment: ReturnType<typeof storedSlug>,
  order: Parameters<GuardMethods["watch"]>[0],
) => Promise<unknown>;

/** Lets guards know what to watch. An order waits in the outbox until its guard has it. */
export class GuardOrders {
  readonly #tables: Pick<ProjectTables, "auditLog" | "documents" | "meta" | "publications">;
  readonly #give: GiveOrder;

  constructor(tables: Pick<ProjectTables, "auditLog" | "documents" | "meta" | "publications">, give: GiveOrder) {
    this.#tables = tables;
    this.#give = give;
  }

  /** In a command's transaction: an order for each environment where there is, or was, something to watch. */
  note(environments: readonly string[], changes: readonly Change[], revision: number, now: number): void {
    const { documents, meta, publications } = this.#tables;
    for (const environment of environments) {
      if (environment === "" || !changes.some((change) => this.#concerns(change, environment))) continue;
      const list = watchList(documents, environment);
      const before = meta.get(`watched/${environment}`) ?? "nothing";
      const mark = list.length === 0 ? "nothing" : sha256(JSON.stringify(list));
      if (mark === before) continue;
      meta.set(`watched/${environment}`, mark);
      publications.enqueue(guardRow(environment), revision, now);
    }
  }

  /** Whether a change may alter what is watched in an environment: only of a flag with a plan or a guard of its own. */
  #concerns(change: Change, environment: string): boolean {
    if (change.entity === "environment") return change.key === environment;
    if (change.environment !== environment && change.entity !== "flag") return false;
    switch (change.entity) {
      case "plan":
      case "guard":
        return true;
      case "flag":
      case "state":
        return this.#hasWatch(environment, change.key);
      case "kill":
        return this.#hasWatch(environment, (change.after ?? change.before)?.flag ?? "");
      default:
        return false;
    }
  }

  #hasWatch(environment: string, flag: string): boolean {
    const { documents } = this.#tables;
    return documents.has("plan", environment, flag) || documents.has("guard", environment, flag);
  }

  /** Gives the order as the documents stand now, and takes it off the outbox. */
  async give(environment: string): Promise<void> {
    const { auditLog, documents, meta, publications } = this.#tables;
    const revision = auditLog.latestRevision;
    const list = watchList(documents, environment);
    const madeAt = documents.get("environment", "", environment)?.createdAt ?? null;
    const order = { project: meta.project, environment, epoch: meta.epoch, revision, madeAt, list };
    await this.#give(storedSlug(environment), order);
    publications.settle(guardRow(environment), revision);
  }
}
