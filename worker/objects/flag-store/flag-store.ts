import type { CentreServed } from "../../../shared/delivery/first-served.ts";
import type { Actor } from "../../../shared/schema/admin.ts";
import type { Dora } from "../../../shared/schema/delivery.ts";
import type { Pointer } from "../../../shared/schema/pointer.ts";
import type { ServedReport } from "../../../shared/schema/propagation.ts";
import type { Signal } from "../../../shared/schema/trigger.ts";
import type { UsageReport } from "../../../shared/schema/usage.ts";
import type { Env } from "../../env.ts";
import { log } from "../../log.ts";
import { type Result, reject } from "../../result.ts";
import { atMost, within } from "../../within.ts";
import { rearm, runSteps } from "../kernel/alarm.ts";
import { type Checkpoints, NO_CHECKPOINTS } from "../kernel/checkpoint.ts";
import { migrate } from "../kernel/migrations.ts";
import { NO_FIGURES } from "../propagation-reports/methods.ts";
import type { RelayAsk } from "../relay/methods.ts";
import { propagationReports } from "../stubs.ts";
import { type Command, type Envelope, envelope } from "./commands.ts";
import { fieldIssues } from "./decide/parse.ts";
import { MethodAdmission } from "./method-admission.ts";
import { METHODS } from "./method-classes.ts";
import type { FlagStoreMethods, Reply, TriggerAnswer } from "./methods.ts";
import { FLAG_STORE_MIGRATIONS } from "./migrations.ts";
import { ProjectReader } from "./project-reader.ts";
import { mayRestore, type RestoreAnswer, type RestorePart } from "./restore/project-restore.ts";
import { type StoreParts, storeParts } from "./store-parts.ts";

/** A write waits this long (ms) for its publication, so that its author's next evaluation sees it. */
const PUBLISH_WAIT_MS = 1_000;

/**
 * The single writer and the truth of one project. A shell: it parses, opens one transaction, lets a part decide and
 * write, and lets the outbox carry the result to the edges. `store-parts.ts` puts the parts together; what only reads
 * is in `ProjectReader`.
 */
export class FlagStore extends ProjectReader implements FlagStoreMethods {
  protected readonly methods = METHODS;
  readonly #storage: DurableObjectStorage;
  readonly #checkpoints: Checkpoints;
  readonly #admission: MethodAdmission;
  readonly #parts: StoreParts;

  constructor(state: DurableObjectState, env: Env, checkpoints: Checkpoints = NO_CHECKPOINTS) {
    super(state, env);
    this.#storage = state.storage;
    this.#checkpoints = checkpoints;
    this.#admission = new MethodAdmission(() => this.tables.charsRead);
    this.#parts = storeParts(state.storage, env, this.tables, checkpoints);
    const [table] = state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'migration'");
    if (!table) return;
    this.#prepare();
    rearm(this.#storage, () => this.#parts.alarm.schedule());
  }

  /** Creates or updates the tables. Not before the first write: asking for a made-up project must leave no trace. */
  #prepare(): void {
    if (this.ready) return;
    migrate(this.#storage, FLAG_STORE_MIGRATIONS);
    this.#parts.identity.begin();
    this.#storage.transactionSync(() => this.#parts.derivation.begin());
    this.ready = true;
    // A store that is older than these tables: what they hold follows from its audit.
    if (this.tables.meta.get("delivery_built") === undefined) {
      this.tables.rebuildDelivery();
      this.tables.meta.set("delivery_built", "1");
    }
  }

  protected override admits(method: string): boolean {
    return this.#admission.admits(method, Date.now());
  }

  protected override begins(method: string): boolean {
    return this.#admission.begins(method, Date.now());
  }

  protected override ends(method: string, chars: number): void {
    this.#admission.ends(method, chars);
  }

  protected override refusalOf(method: string): 429 | 503 {
    return this.#admission.refusalOf(method);
  }

  // Writes.

  /** Carries out a command, once: with the same id again, the first answer comes back. */
  async execute(sent: Envelope): Promise<Result<Reply>> {
    const parsed = envelope.safeParse(sent);
    if (!parsed.success) return reject({ code: "invalid", issues: fieldIssues(parsed.error) });
    if (!this.ready) {
      const { command, project } = parsed.data;
      if (command.type !== "putProject") return reject({ code: "project-not-found", project });
      this.#prepare();
    }
    const asked = { ...parsed.data, command: this.#sealed(parsed.data.command) };
    await this.#checkpoints.reach("received");
    await this.#checkpoints.reach("in-transaction");
    const result = this.#storage.transactionSync(() => this.#parts.transaction.run(asked));
    if (!result.ok || !result.value.changed || result.value.replayed || asked.dryRun) return result;
    await this.#checkpoints.reach("committed");
    await this.#carryOut(asked.command, result.value);
    return result;
  }

  /** The URL of a webhook often holds a secret of its receiver. */
  #sealed(command: Command): Command {
    if ((command.type !== "createWebhook" && command.type !== "patchWebhook") || command.url === undefined)
      return command;
    return { ...command, url: this.tables.meta.sealWebhookUrl(command.url) };
  }

  /** Tells everybody of a change who must know before its author hears that it is made, but does not wait for long. */
  async #carryOut(command: Command, { created, changes }: Reply): Promise<void> {
    const draining = this.#parts.publisher.drain();
    // Tokens of a deleted project end before its deletion is confirmed: publications under way may keep the outbox busy.
    if (command.type === "deleteProject" || (command.type === "putProject" && created))
      await within(PUBLISH_WAIT_MS, this.#parts.identity.register()).catch(() => {});
    // Nobody who hears that a test is gone, or made, finds people of before; an object out of reach is told later.
    if (changes.some(({ entity }) => entity === "test" || entity === "environment"))
      await within(PUBLISH_WAIT_MS, this.#parts.ledgers.handOver()).catch(() => {});
    // A kill is in force through the pointer already; everything else waits for its snapshot.
    if (command.type !== "kill") await atMost(PUBLISH_WAIT_MS, draining);
  }

  /** Opens the upload of a segment's long list: under which name its shards come, and the key to hash with. */
  beginList(segment: string): Result<{ upload: string; key: string }> {
    if (!this.getProject()) return reject({ code: "project-not-found", project: this.tables.meta.project });
    if (!this.tables.documents.get("segment", "", segment)) return reject({ code: "segment-not-found", segment });
    const begun = this.#storage.transactionSync(() => this.#parts.listVersions.beginUpload(segment, Date.now()));
    return { ok: true, value: begun };
  }

  /** Takes some of an upload's shards. They count when the upload is put in place by a command. */
  addToList(upload: string, parts: { shard: number; hashes: string }[]): boolean {
    return this.ready && this.#storage.transactionSync(() => this.tables.lists.add(upload, parts));
  }

  /** The signing secret that goes with a salt, for the caller that has just drawn it. */
  webhookSecret(salt: string): string | null {
    return this.ready ? this.tables.meta.webhookSecret(salt) : null;
  }

  /** Whether this is a trigger's secret, for a caller that is about to read the body. */
  knowsTrigger(environment: string, id: string, hash: string): boolean {
    return this.ready && this.#parts.triggers.find(environment, id, hash) !== null;
  }

  /**
   * A call of a trigger: the kill, what is remembered of the outbreak and the log stand in one transaction. Null: no
   * such trigger, or not its secret.
   */
  async callTrigger(environment: string, id: string, hash: string, sent: Signal): Promise<TriggerAnswer | null> {
    const { triggers, publisher } = this.#parts;
    const row = this.ready ? triggers.find(environment, id, hash) : null;
    if (!row) return null;
    const answered = this.#storage.transactionSync(() => triggers.answer(row, sent, Date.now()));
    if (answered.outcome === "killed") void publisher.drain();
    return answered;
  }

  /** Takes a part of a backup; the last one rebuilds the project from all of them. */
  async restorePart(project: string, sent: RestorePart, actor: Actor): Promise<RestoreAnswer> {
    const permitted = mayRestore(actor);
    if (!permitted.ok) return permitted;
    this.#prepare();
    const { restoring, alarm, derivation, publisher, security } = this.#parts;
    // The audit that holds what the security log must still learn is about to be replaced.
    if (sent.last && security.dueAt !== null) {
      await security.handOver();
      if (security.dueAt !== null) throw new Error("the security log is out of reach, so nothing is restored");
    }
    const result = this.#storage.transactionSync(() => {
      const taken = restoring.take(project, sent, actor, Date.now());
      if (taken.ok && taken.value.done) {
        derivation.begin();
        alarm.armSafety(Date.now());
      }
      return taken;
    });
    if (result.ok && result.value.done) await atMost(PUBLISH_WAIT_MS, publisher.drain());
    return result;
  }

  // What edges ask.

  /** What edges re-read: current snapshots and kills. Null when there is no such project. */
  pointer(report?: ServedReport, relay?: RelayAsk): Pointer | null {
    if (!this.ready || !this.tables.hasProject()) return null;
    if (report) this.#handOn(report);
    if (relay) this.#parts.relays.asked(relay);
    return this.#parts.pointers.read(Date.now());
  }

  /** Edges of earlier versions report with their question. What cannot be handed on is lost: it is a figure. */
  #handOn(report: ServedReport): void {
    const { meta } = this.tables;
    const served = Array.isArray(report.served) ? report.served.map((one) => ({ ...one, epoch: meta.epoch })) : [];
    void propagationReports(this.env, meta.slug)
      .take(meta.slug, { ...report, served })
      .catch((error: unknown) => log({ event: "report-lost", error: String(error) }));
  }

  /** When data centres first served what: kills and rollbacks are confirmed by it. */
  confirmServed(served: readonly CentreServed[]): void {
    if (!this.ready || served.length === 0) return;
    this.#storage.transactionSync(() => this.tables.delivery.confirm(served, this.tables.meta.epoch, Date.now()));
  }

  /** Takes the latest that data centres have reported along. */
  override dora(named: string | null, window: { from: number; to: number }, figures = NO_FIGURES): Dora | null {
    this.confirmServed(figures.served);
    return super.dora(named, window);
  }

  /** What an edge was asked for. */
  noteUsage(environment: string, report: UsageReport): { everyMs: number } | null {
    if (!this.ready) return null;
    const { usageReports, alarm } = this.#parts;
    const { counters } = this.tables;
    const waited = counters.dueAt !== null;
    this.#storage.transactionSync(() => usageReports.take(environment, report, Date.now()));
    if (!waited && counters.dueAt !== null) alarm.schedule();
    return { everyMs: counters.everyMs };
  }

  // Time.

  /** Does what is due, publishes what waits, and lets go of what was kept for long enough. */
  async alarm(): Promise<void> {
    if (!this.ready) return;
    const { timedWork, derivation, publisher, retention, usageReports, alarm } = this.#parts;
    const earliest = await runSteps({
      "timed-work": () => timedWork.run(),
      derivation: () => derivation.run(),
      publish: () => publisher.drain(),
      retention: () => retention.run(),
      usage: () => this.#storage.transactionSync(() => usageReports.settle(Date.now())),
    });
    alarm.schedule(earliest);
  }
}
