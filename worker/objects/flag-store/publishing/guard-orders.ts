import { storedSlug } from "../../../../shared/schema/names.ts";
import { sha256 } from "../../../crypto/sha256.ts";
import { watchList } from "../../guard/guard-watch.ts";
import type { GuardMethods } from "../../guard/methods.ts";
import { guardRow } from "../../kernel/outbox.ts";
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
  note(environments: readonly string[], revision: number, now: number): void {
    const { documents, meta, publications } = this.#tables;
    for (const environment of new Set(environments)) {
      if (environment === "") continue;
      const list = watchList(documents, environment);
      const before = meta.get(`watched/${environment}`) ?? "nothing";
      const mark = list.length === 0 ? "nothing" : sha256(JSON.stringify(list));
      if (mark === before) continue;
      meta.set(`watched/${environment}`, mark);
      publications.enqueue(guardRow(environment), revision, now);
    }
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
