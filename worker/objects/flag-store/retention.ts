import { LIMITS } from "../../../shared/limits.ts";
import type { ProjectTables } from "./project-tables.ts";
import type { KvCleanup } from "./publishing/kv-cleanup.ts";

/** Lets go of what has been kept for long enough, in the tables and in KV. */
export class Retention {
  readonly #tables: Pick<ProjectTables, "documents" | "delivery">;
  readonly #kv: Pick<KvCleanup, "forgetTombstones" | "deleteRetired">;

  constructor(
    tables: Pick<ProjectTables, "documents" | "delivery">,
    kv: Pick<KvCleanup, "forgetTombstones" | "deleteRetired">,
  ) {
    this.#tables = tables;
    this.#kv = kv;
  }

  async run(): Promise<void> {
    await this.#kv.forgetTombstones();
    const { documents, delivery } = this.#tables;
    documents.forgetSchedules(Date.now() - LIMITS.scheduleKeepMs);
    documents.forgetDeployments(Date.now() - LIMITS.deploymentKeepMs);
    delivery.forget(Date.now());
    await this.#kv.deleteRetired();
  }
}
