import { parseSlug } from "../../../shared/schema/names.ts";
import { type ServedReport, servedReport } from "../../../shared/schema/propagation.ts";
import type { Env } from "../../env.ts";
import { ALARM_RETRY_MS } from "../kernel/alarm.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import { migrate } from "../kernel/migrations.ts";
import { flagStore } from "../stubs.ts";
import { NO_FIGURES, type PropagationFigures, type PropagationReportsMethods } from "./methods.ts";
import { PROPAGATION_REPORTS_MIGRATIONS } from "./migrations.ts";
import { ServedTables } from "./served-tables.ts";

/** The store hears so long (ms) after news when kills were confirmed: data centres that are awake serve one in two seconds. */
const CONFIRM_MS = 20_000;
/** Firsts of longer ago (ms) confirm nothing any more. */
const SETTLED_MS = 10 * 60_000;

/**
 * What data centres report of the changes that they serve, apart from the store: a kill must not wait behind thousands
 * of reports. Nothing is stored before the first report, so that asking leaves no trace.
 */
export class PropagationReports extends DurableBase implements PropagationReportsMethods {
  protected readonly methods = new Set<keyof PropagationReportsMethods>(["take", "figures"]);
  readonly #storage: DurableObjectStorage;
  readonly #env: Env;
  readonly #tables: ServedTables;
  #ready = false;
  #failures = 0;

  constructor(state: DurableObjectState, env: Env) {
    super(state);
    this.#storage = state.storage;
    this.#env = env;
    this.#tables = new ServedTables(state.storage.sql);
    const [table] = state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'migration'");
    if (table) this.#prepare();
  }

  #prepare(): void {
    if (this.#ready) return;
    migrate(this.#storage, PROPAGATION_REPORTS_MIGRATIONS);
    this.#ready = true;
  }

  async take(project: string, report: ServedReport): Promise<void> {
    const parsed = servedReport.safeParse(report);
    if (!parsed.success || parseSlug(project) === null) return;
    this.#prepare();
    const isNews = this.#storage.transactionSync(() => {
      this.#storage.sql.exec("INSERT OR IGNORE INTO meta (name, value) VALUES ('project', ?)", project);
      return this.#tables.take(parsed.data, Date.now());
    });
    if (isNews && (await this.#storage.getAlarm()) === null) await this.#storage.setAlarm(Date.now() + CONFIRM_MS);
  }

  figures(environment: string | null, since: number | null = null): PropagationFigures {
    if (!this.#ready) return NO_FIGURES;
    return { centres: this.#tables.centres(), served: this.#tables.served(environment, since) };
  }

  /** Tells the store once for all data centres. One that does not answer is told later. */
  async alarm(): Promise<void> {
    const [row] = this.#storage.sql.exec<{ value: string }>("SELECT value FROM meta WHERE name = 'project'");
    const project = parseSlug(row?.value ?? "");
    if (project === null) return;
    try {
      await flagStore(this.#env, project).confirmServed(this.#tables.served(null, Date.now() - SETTLED_MS));
      this.#failures = 0;
    } catch {
      if (++this.#failures * ALARM_RETRY_MS < SETTLED_MS) await this.#storage.setAlarm(Date.now() + ALARM_RETRY_MS);
    }
  }
}
