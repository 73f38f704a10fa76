import { dueOf, nextDueAt } from "../../../shared/expiry.ts";
import { ownOf } from "../../../shared/own.ts";
import type { Actor } from "../../../shared/schema/admin.ts";
import type { BreakGlass } from "../../../shared/schema/pointer.ts";
import { plansByTime } from "../../admin/plans/decide.ts";
import { dueSchedules, scheduleActor } from "../../admin/schedules/decide.ts";
import { overdueTests } from "../../admin/tests/decide.ts";
import { log } from "../../log.ts";
import type { Result } from "../../result.ts";
import { runSteps } from "../kernel/alarm.ts";
import type { Envelope } from "./commands.ts";
import type { Documents } from "./documents.ts";
import type { ProjectView } from "./entities.ts";

/** After a fault, a due schedule or test is tried again after this long (ms). */
const SCHEDULE_RETRY_MS = 30_000;
/** A due plan is looked at again after this long (ms), while a break-glass kill holds it or after a fault. */
const PLAN_RETRY_MS = 30_000;
/** Who stands in the audit for a step that time made. The right to make it was that of the person who started the plan. */
const PLAN_ACTOR: Actor = { type: "schedule", id: "release-plan", name: "Release plan", role: "engineer" };

/** Who ends a test that has reached its own end: with the right of those who make tests. */
export const STOP_RULE: Actor = { type: "system", id: "stop-rule", name: "Stop rule", role: "marketer" };

/** Who ends a key whose time is over. */
export const EXPIRY: Actor = { type: "system", id: "expiry", name: "Expiry date", role: "engineer" };

const expiringKeys = (documents: ProjectView) =>
  documents.mentioning("key", '"expiresAt":').flatMap((row) => {
    const { expiresAt, warned } = row.body;
    return expiresAt === undefined ? [] : [{ row, lifetime: { expiresAt: Date.parse(expiresAt), warned } }];
  });

export interface TimedWorkDeps {
  readonly documents: ProjectView & Pick<Documents, "nextSchedule" | "nextTestEnd">;
  readonly project: () => string;
  /** Carries a command out in a transaction of its own. */
  readonly transact: (asked: Envelope) => Result<{ changed: boolean }>;
  /** The break-glass lane; null when it cannot be read. */
  readonly breakGlass: () => Promise<BreakGlass | null>;
}

/** What happens to a project because its time has come: schedules, stages of plans, the end of tests. */
export class TimedWork {
  readonly #deps: TimedWorkDeps;
  /** After a fault, schedules and tests are not tried again before (epoch ms). */
  #schedulesHeldUntil = 0;
  /** Likewise plans. */
  #plansHeldUntil = 0;

  constructor(deps: TimedWorkDeps) {
    this.#deps = deps;
  }

  /** When there is something to do (epoch ms), in no order. */
  dueTimes(): number[] {
    const { documents } = this.#deps;
    const dates = [documents.nextSchedule(), documents.nextTestEnd()].filter((at) => at !== null);
    return [
      ...dates.map((at) => Math.max(at, this.#schedulesHeldUntil)),
      ...expiringKeys(documents).map(({ lifetime }) => Math.max(nextDueAt(lifetime), this.#schedulesHeldUntil)),
      ...plansByTime(documents, Date.now()).map(({ at }) => Math.max(at, this.#plansHeldUntil)),
    ];
  }

  async run(): Promise<void> {
    const earliest = await runSteps({
      schedules: () => this.#applySchedules(),
      plans: () => this.#advancePlans(),
      tests: () => this.#stopOverdueTests(),
      keys: () => this.#endKeys(),
    });
    if (earliest <= Date.now()) return;
    this.#schedulesHeldUntil = Math.max(this.#schedulesHeldUntil, earliest);
    this.#plansHeldUntil = Math.max(this.#plansHeldUntil, earliest);
  }

  /** Under an id of its own: however often the alarm comes, once. */
  #applySchedules(): void {
    for (const row of dueSchedules(this.#deps.documents, Date.now())) {
      const { key: id, environment, body } = row;
      const command = { type: "applySchedule", environment, flag: body.flag, id } as const;
      const asked = { id: `schedule/${id}`, actor: scheduleActor(row), comment: body.comment, command };
      this.#carryOut(asked, { event: "schedule-failed", schedule: id });
    }
  }

  /** Tests end on their date, also when nobody visits any more. */
  #stopOverdueTests(): void {
    for (const { key: flag, environment, body } of overdueTests(this.#deps.documents, Date.now())) {
      const command = { type: "stopTest", environment, flag, reason: "date", run: body.run } as const;
      const id = `test/${environment}/${flag}/${body.run}/date`;
      const asked = { id, actor: STOP_RULE, comment: "Its date has come", command };
      this.#carryOut(asked, { event: "test-not-stopped", flag });
    }
  }

  /** Warns of keys that end soon, and takes out those that have ended. */
  #endKeys(): void {
    const now = Date.now();
    for (const { row, lifetime } of expiringKeys(this.#deps.documents)) {
      const due = dueOf(lifetime, now);
      if (due === null) continue;
      const { key: id, environment, body, version } = row;
      const type = due === "end" ? "expireKey" : "warnOfKeyExpiry";
      const comment = due === "end" ? `It expired at ${body.expiresAt}` : `It expires at ${body.expiresAt}`;
      const asked = { id: `key/${id}/${version}/${due}`, actor: EXPIRY, comment };
      this.#carryOut({ ...asked, command: { type, environment, id } }, { event: "key-not-expired", key: id });
    }
  }

  /**
   * One that cannot be carried out now, or is refused, must not keep the others waiting, nor call the alarm at once: it
   * comes back later.
   */
  #carryOut(asked: Omit<Envelope, "project">, failure: { event: string } & Record<string, string>): void {
    let error: string | null;
    try {
      const result = this.#deps.transact({ ...asked, project: this.#deps.project() });
      error = result.ok ? null : `refused: ${result.rejection.code}`;
    } catch (thrown) {
      error = String(thrown);
    }
    if (error === null) return;
    this.#schedulesHeldUntil = Date.now() + SCHEDULE_RETRY_MS;
    log({ ...failure, error });
  }

  /**
   * Takes plans on whose stage ends by time alone. The command names run and stage, so an alarm that comes twice goes
   * on once. A kill in the break-glass lane, which the store does not hold, keeps a plan where it is as any other.
   */
  async #advancePlans(): Promise<void> {
    const { documents, project, transact, breakGlass } = this.#deps;
    const due = plansByTime(documents, Date.now()).filter(({ at }) => at <= Date.now());
    if (due.length === 0) return;
    const lane = await breakGlass();
    for (const { row } of due) {
      const { key: flag, environment, body } = row;
      const broken = lane === null || ownOf(lane.environments, environment)?.some((kill) => kill.flag === flag);
      if (broken || !body.run) {
        this.#plansHeldUntil = Date.now() + PLAN_RETRY_MS;
        continue;
      }
      const { id: run, stage: from } = body.run;
      const command = { type: "advancePlan", environment, flag, run, from } as const;
      // A new id each time: one that found the plan waiting must not be answered from memory for a day.
      const asked = { id: crypto.randomUUID(), project: project(), actor: PLAN_ACTOR, comment: "", command };
      try {
        const result = transact(asked);
        if (result.ok && result.value.changed) continue;
        log({ event: "plan-waits", plan: run, flag, reason: result.ok ? "overtaken" : result.rejection.code });
      } catch (error) {
        log({ event: "plan-failed", plan: run, flag, error: String(error) });
      }
      this.#plansHeldUntil = Date.now() + PLAN_RETRY_MS;
    }
  }
}
