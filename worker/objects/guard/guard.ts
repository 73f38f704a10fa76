import { testOf } from "../../../shared/guard/metrics/tests.ts";
import type { AssessedTile } from "../../../shared/guard/statistics/assess.ts";
import type { Observation } from "../../../shared/guard/statistics/guard-tests.ts";
import { seenBy } from "../../../shared/guard/statistics/seen.ts";
import { breachWords } from "../../../shared/guard/words.ts";
import { LIMITS } from "../../../shared/limits.ts";
import { ownOrNew } from "../../../shared/own.ts";
import type { Actor } from "../../../shared/schema/admin.ts";
import { GUARD_STATES, type GuardState, type GuardStatus, type GuardTile } from "../../../shared/schema/guard.ts";
import { type Slug, storedSlug } from "../../../shared/schema/names.ts";
import { joinKinds } from "../../../shared/telemetry/totals.ts";
import type { Env } from "../../env.ts";
import { log } from "../../log.ts";
import { isFree } from "../../plan.ts";
import { ok, type Result, reject } from "../../result.ts";
import { within } from "../../within.ts";
import type { Envelope } from "../flag-store/commands.ts";
import { rearm } from "../kernel/alarm.ts";
import { type Checkpoints, NO_CHECKPOINTS } from "../kernel/checkpoint.ts";
import { DurableBase } from "../kernel/durable-base.ts";
import { migrate } from "../kernel/migrations.ts";
import { flagStore } from "../stubs.ts";
import { clientTotals, serverTotals } from "../telemetry-shard/totals.ts";
import { ClientCounts } from "./client-counts.ts";
import { GuardBook, type Watch } from "./guard-book.ts";
import { holdsOf, lookAtAll, preparedTests } from "./guard-look.ts";
import { guardStateWords, silentOf } from "./guard-state.ts";
import { LatestFindings } from "./latest-findings.ts";
import { LOOK_MS, LookCadence } from "./look-cadence.ts";
import type { GuardMethods, WatchOrder } from "./methods.ts";
import { GUARD_MIGRATIONS } from "./migrations.ts";

/**
 * Counts and the store's answers are waited for so long (ms), then the look has failed and the next one tries again:
 * what never answers must not leave a guard blind for good.
 */
const COUNTS_TIMEOUT_MS = 2_000;
const STORE_TIMEOUT_MS = 5_000;
const GUARD: Actor = { type: "guard", id: "guard", name: "Guard", role: "engineer" };
/** Control units of an earlier stage that make a baseline, at least. */
const BASELINE_UNITS = 100;

/** A breach counts as one in the metrics for so long (ms), an hour: its series ends with it. */
const RECENT_BREACH_MS = 3_600_000;

/**
 * Watches the releases of one environment: looks at their counts every other second while they move, and stops what
 * does harm. A shell around `shared/guard/statistics` and `guard-look.ts`. With nothing to watch it sleeps.
 */
export class Guard extends DurableBase implements GuardMethods {
  protected readonly methods = new Set<keyof GuardMethods>([
    "watch",
    "status",
    "statuses",
    "states",
    "approve",
    "moved",
  ]);
  readonly #env: Env;
  readonly #storage: DurableObjectStorage;
  readonly #book: GuardBook;
  readonly #checkpoints: Checkpoints;
  readonly #tests = preparedTests();
  readonly #cadence = new LookCadence();
  readonly #latest = new LatestFindings();
  readonly #clientCounts = new ClientCounts();
  #ready = false;
  #looking = false;

  constructor(state: DurableObjectState, env: Env, checkpoints: Checkpoints = NO_CHECKPOINTS) {
    super(state);
    this.#env = env;
    this.#storage = state.storage;
    this.#checkpoints = checkpoints;
    this.#book = new GuardBook(state.storage.sql);
    const [table] = state.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'migration'");
    if (!table) return;
    this.#prepare();
    rearm(this.#storage, () => {
      if (this.#book.active().length > 0 && !isFree(this.#env)) return this.#storage.setAlarm(Date.now() + LOOK_MS);
    });
  }

  #prepare(): void {
    if (this.#ready) return;
    migrate(this.#storage, GUARD_MIGRATIONS);
    this.#ready = true;
  }

  /** Follows the store's list. Repeats and comes late harmlessly. */
  watch(order: WatchOrder): boolean {
    this.#prepare();
    return this.#storage.transactionSync(() => {
      const known = this.#book.meta("told");
      const told: [number, number] = known ? JSON.parse(known) : [0, 0];
      if (order.epoch < told[0] || (order.epoch === told[0] && order.revision < told[1])) return false;
      this.#book.setMeta("told", JSON.stringify([order.epoch, order.revision]));
      this.#book.setMeta("project", order.project);
      this.#book.setMeta("environment", order.environment);
      this.#beginAnew(order.madeAt);
      this.#book.follow(order.list, Date.now());
      const sleeps = order.list.length === 0 || isFree(this.#env);
      void (sleeps ? this.#storage.deleteAlarm() : this.#storage.setAlarm(Date.now() + LOOK_MS));
      return true;
    });
  }

  /** An environment made under the name of a deleted one has nothing to do with what was watched there. */
  #beginAnew(madeAt: number | null | undefined): void {
    if (madeAt === undefined) return;
    const known = this.#book.meta("made_at");
    const isAnother = known !== undefined && known !== String(madeAt);
    if (madeAt === null || isAnother) {
      this.#book.clear();
      this.#latest.clear();
      this.#clientCounts.clear();
    }
    this.#book.setMeta("made_at", String(madeAt));
  }

  async alarm(): Promise<void> {
    // On Free there are no events to look at, and each look would take a row.
    if (!this.#ready || isFree(this.#env)) return;
    // Set before anything can fail or hang: whatever happens to this look, there is a next one.
    const planned = this.#cadence.next(this.#active(), Date.now());
    await this.#storage.setAlarm(Date.now() + planned);
    if (this.#looking) return;
    this.#looking = true;
    try {
      await lookAtAll(this.#deps());
    } catch (error) {
      log({ event: "guard-blind", project: this.#project, environment: this.#environment, error: String(error) });
    } finally {
      this.#looking = false;
      const active = this.#active();
      const next = this.#cadence.next(active, Date.now());
      if (active.length === 0) await this.#storage.deleteAlarm();
      else if (next < planned) await this.#storage.setAlarm(Date.now() + next);
    }
  }

  /** A shard has stored events of something that is watched. */
  async moved(): Promise<void> {
    this.#clientCounts.moved();
    if (!this.#ready || !this.#cadence.wake(Date.now()) || this.#book.active().length === 0) return;
    await this.#storage.setAlarm(Date.now() + LOOK_MS);
  }

  /** What is watched, as of the latest look. */
  #active(): Watch[] {
    return this.#book.active().map((watch) => this.#latest.of(watch));
  }

  #deps() {
    return {
      now: () => Date.now(),
      watches: () => this.#active(),
      totals: async (ids: string[]) => {
        const place = [this.#env, this.#project, this.#environment, ids] as const;
        const [servers, clients] = await Promise.all([
          within(COUNTS_TIMEOUT_MS, serverTotals(...place)),
          this.#clientCounts.latest(() => clientTotals(...place), Date.now()),
        ]);
        const totals = joinKinds(servers, clients);
        this.#cadence.note(totals, Date.now());
        return totals;
      },
      baseline: (watch: Watch) => this.#baseline(watch),
      tests: this.#tests,
      save: (watch: Watch) => {
        if (this.#latest.isDue(watch, Date.now())) this.#storage.transactionSync(() => this.#book.save(watch));
      },
      chart: (watch: Watch, now: number) => {
        if (this.#latest.hasMoved(watch)) this.#storage.transactionSync(() => this.#book.chart(watch, now));
      },
      mayKill: (flag: string) => this.#mayKill(flag),
      act: (watch: Watch) => this.#act(watch, ""),
      tell: async ({ series, body, breach }: Watch, waiting: boolean): Promise<Result<unknown>> => {
        if (!breach) return ok(null);
        const place = { environment: this.#environment, flag: body.flag };
        const comment = `${waiting ? "Waits for approval: the cap on automatic kills is reached. " : ""}${breachWords(breach)}`;
        return this.#execute({
          id: `guard/report/${series}`,
          comment: comment.slice(0, LIMITS.commentChars),
          command: { type: "reportBreach", ...place, evidence: breach, waiting },
        });
      },
      advance: async ({ body }: Watch) => {
        const { flag, plan } = body;
        if (!plan) return;
        const command = {
          type: "advancePlan",
          environment: this.#environment,
          flag,
          run: plan.run,
          from: plan.stage,
        } as const;
        // A new id each time: an answer that the plan still waits must not be remembered.
        await this.#execute({ id: crypto.randomUUID(), comment: "", command });
      },
      report: log,
    };
  }

  #mayKill(flag: string): boolean {
    return this.#book.killedOthers(flag, Date.now() - LIMITS.automaticKillWindowMs) < LIMITS.automaticKills;
  }

  /** Kill, or back to the stage before. The id is the series': it is done once, also by several attempts. */
  async #act({ series, body, breach }: Watch, approvedBy: string): Promise<Result<unknown>> {
    if (!breach) return ok(null);
    const { flag, onBreach, plan } = body;
    const place = { environment: this.#environment, flag };
    const comment = `${approvedBy === "" ? "" : `Approved by ${approvedBy}. `}${breachWords(breach)}`;
    const command: Envelope["command"] =
      onBreach === "step-back" && plan
        ? { type: "stepBackPlan", ...place, run: plan.run, from: plan.stage }
        : {
            type: "kill",
            ...place,
            // With several treatments the others go on.
            ...(body.series.arms.length > 2 ? { variant: breach.arm } : {}),
            evidence: breach,
          };
    await this.#checkpoints.reach("breach-written");
    // Noted before it is done: an object that dies in between has counted one too many for the cap, never one too few.
    this.#storage.transactionSync(() => this.#book.noteKill(flag, Date.now()));
    const result = await this.#execute({
      id: `guard/${series}`,
      comment: comment.slice(0, LIMITS.commentChars),
      command,
    });
    await this.#checkpoints.reach("kill-answered");
    return result;
  }

  #execute(asked: Pick<Envelope, "id" | "comment" | "command">) {
    const command = { ...asked, project: this.#project, actor: GUARD };
    return within(STORE_TIMEOUT_MS, flagStore(this.#env, this.#project).execute(command));
  }

  /** For a series without control: what the control did in the latest earlier series of the flag that had one. */
  #baseline({ series, body }: Watch): Observation["baseline"] {
    if (body.series.control !== null) return undefined;
    const rates: Record<string, { units: number; events: number }> = {};
    for (const earlier of this.#book.ofFlag(body.flag)) {
      if (earlier.series === series || earlier.breach || earlier.body.series.startedAt >= body.series.startedAt)
        continue;
      for (const { metric, kind, units, events } of earlier.findings?.tiles ?? []) {
        if (!testOf(kind).comparesWithEarlier || units.control === null || units.control < BASELINE_UNITS) continue;
        const { control } = units;
        ownOrNew(rates, metric, () => ({ units: control, events: events.control ?? 0 }));
      }
    }
    return rates;
  }

  /** A person lets a kill happen that the cap has held back. */
  async approve(flag: string, approvedBy: string): Promise<Result<{ done: boolean }>> {
    const waiting = this.#ready ? this.#book.ofFlag(flag).find(({ acted }) => acted?.outcome === "waiting") : undefined;
    if (!waiting) return reject({ code: "nothing-to-approve", flag });
    const result = await this.#act(waiting, approvedBy);
    if (!result.ok) return result;
    const acted = { outcome: "done" as const, at: Date.now(), detail: `approved by ${approvedBy}` };
    this.#storage.transactionSync(() => this.#book.save({ ...waiting, acted }));
    return ok({ done: true });
  }

  /** How many series are in which state, those breached within the last hour among them: for metrics. */
  states(): Record<GuardState, number> {
    const counts = Object.fromEntries(GUARD_STATES.map((state) => [state, 0])) as Record<GuardState, number>;
    if (!this.#ready) return counts;
    for (const watch of this.#book.activeOrBreachedSince(Date.now() - RECENT_BREACH_MS))
      counts[guardStateWords(watch).state]++;
    return counts;
  }

  /** What is watched of a flag, or was last; null when nothing ever was. */
  status(flag: string, charts = true): GuardStatus["watch"] {
    const known = this.#ready ? this.#book.ofFlag(flag, 1)[0] : undefined;
    if (!known) return null;
    const watch = this.#latest.of(known);
    const { series, active, body, findings, breach } = watch;
    const { state, reason } = guardStateWords(watch);
    const shown = (tile: AssessedTile): GuardTile => {
      const metric = body.series.metrics.find(({ name }) => name === tile.metric);
      return { ...tile, seen: metric ? seenBy(body.series, metric, tile) : null };
    };
    return {
      series,
      active,
      state,
      reason,
      onBreach: body.onBreach,
      startedAt: new Date(body.series.startedAt).toISOString(),
      checkedAt: findings && new Date(findings.checkedAt).toISOString(),
      exposed: findings?.exposed ?? {},
      tiles: findings?.tiles.map(shown) ?? [],
      clientAlerts: findings?.clientAlerts.map(shown) ?? [],
      mismatch: findings?.mismatch ?? null,
      silent: silentOf(watch),
      holds: holdsOf(watch) ?? [],
      breach,
      history: charts ? this.#book.history(series) : {},
      apart: findings?.apart ?? { unattributed: 0, afterKill: 0, mismatched: 0, excluded: 0 },
    };
  }

  /** The same of several flags, in their order; charts only where they are asked for. */
  statuses(flags: string[], charts: boolean): GuardStatus["watch"][] {
    return flags.map((flag) => this.status(flag, charts));
  }

  get #project(): Slug {
    return storedSlug(this.#book.meta("project") ?? "");
  }

  get #environment(): Slug {
    return storedSlug(this.#book.meta("environment") ?? "");
  }
}
