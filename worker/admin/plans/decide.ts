import { LIMITS } from "../../../shared/limits.ts";
import { frozen } from "../../../shared/release/freeze.ts";
import {
  endsByTime,
  isActive,
  NOBODY,
  presentShare,
  ripeAt,
  segmentsAt,
  shareAt,
  stageState,
  standsAt,
  takeOverProblem,
} from "../../../shared/release/plan.ts";
import { waitsOf } from "../../../shared/release/waits.ts";
import type { Actor } from "../../../shared/schema/admin.ts";
import { type FlagState, flagState } from "../../../shared/schema/flag.ts";
import type { HaltReason, Plan, PlanDefinition, PlanRun, PlanStep } from "../../../shared/schema/plan.ts";
import { splitPercent } from "../../../shared/split-percent.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  flagDocument,
} from "../../objects/flag-store/decide/decision.ts";
import { parseOrReject } from "../../objects/flag-store/decide/parse.ts";
import type { Body, Change, ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { type FieldIssue, type Rejection, type Result, reject } from "../../result.ts";

/*
 * Release plans. Laws, each held by a test: no command of a plan lifts a kill; going on never takes the variant from
 * anybody; a step asked for twice is made once; automation goes on only where the plan says so, and never beneath a
 * kill, on a flag that is off, in a freeze, or after somebody changed the plan's rules by hand.
 */

type Running = Plan & { run: PlanRun };

interface Concerned {
  environment: string;
  flag: Row<"flag">;
  state: FlagState;
  row: Row<"plan"> | null;
}

/** Saves how a flag is to be released. Of a run under way only what lies ahead can be changed. */
export function putPlan(command: CommandOf<"putPlan">, c: Circumstances): Result<Decision> {
  const concerned = concernedBy(command, c);
  if (!concerned.ok) return concerned;
  const { environment, flag, row } = concerned.value;
  const definition = command.plan;
  const issues = planIssues(c.view, flag, definition);
  if (issues.length > 0) return reject({ code: "invalid", issues });
  if (row && isActive(row.body)) {
    const issue = changesTheRun(row.body, definition);
    if (issue) return reject({ code: "invalid", issues: [issue] });
  }
  const after: Plan = { ...definition, ...(row?.body.run ? { run: row.body.run } : {}) };
  // The running stage's guards are part of what edges know.
  return decision(change("plan", environment, flag.key, row?.body ?? null, after), row ? [environment] : []);
}

export function deletePlan(command: CommandOf<"deletePlan">, c: Circumstances): Result<Decision> {
  const concerned = concernedBy(command, c);
  if (!concerned.ok) return concerned;
  const { environment, flag, row } = concerned.value;
  if (!row) return reject({ code: "plan-not-found", flag: flag.key, environment });
  if (isActive(row.body))
    return refuse("The plan is under way", "Roll it back or let it reach its end; then it can be deleted.");
  return decision(change("plan", environment, flag.key, row.body, null), []);
}

/** Makes the first stage (or a later one) live. Takes the variant from nobody: a stage below what is live is refused. */
export function startPlan(command: CommandOf<"startPlan">, c: Circumstances): Result<Decision> {
  if (isAutomation(c.actor)) return reject({ code: "forbidden", needs: "a person" });
  const found = planOf(command, c);
  if (!found.ok) return found;
  const { row, state } = found.value;
  if (isActive(row.body)) return refuse("The plan is under way", "Resume it, advance it, or roll it back.");
  const { run: _earlier, ...plan } = row.body;
  const stage = command.stage ?? 0;
  const beyond = noSuchStage(plan, stage);
  if (beyond) return reject(beyond);
  const issues = planIssues(c.view, found.value.flag, plan);
  if (issues.length > 0) return reject({ code: "invalid", issues });
  const problem = takeOverProblem(state, plan);
  if (problem)
    return refuse("The plan cannot take over", `${capital(problem)}. Change that first, or switch the flag off.`);
  const present = presentShare(state, plan.variant);
  if (present > shareAt(plan, stage)) {
    const message = `${splitPercent(present)} of everybody get "${plan.variant}" now, and this stage would take it from some; start at a later stage, or lower the share first`;
    return reject({ code: "invalid", issues: [{ field: "stage", message }] });
  }
  const at = iso(c.now);
  const run: PlanRun = {
    id: `plan-${c.revision}`,
    status: "running",
    stage,
    entry: 1,
    enteredAt: at,
    startedAt: at,
    steps: [step("started", stage, c)],
  };
  return enter(found.value, { ...plan, run }, stage, { enable: true });
}

/** Keeps the plan where it is. What is live stays live, and its guards go on watching. */
export function pausePlan(command: CommandOf<"pausePlan">, c: Circumstances): Result<Decision> {
  const found = runOf(command, c);
  if (!found.ok) return found;
  const { plan } = found.value;
  if (plan.run.status === "paused") return decision([], []);
  if (plan.run.status !== "running") return refuse("The plan is halted", "It goes on only when somebody resumes it.");
  return keep(found.value, withStep({ ...plan.run, status: "paused" }, "paused", c));
}

/**
 * Goes on from the present stage, or from a stage that a person chooses; after a halt they must choose. Writes the
 * rules beneath a kill, if there is one: what is killed stays killed, and the stage's time begins when it is restored.
 */
export function resumePlan(command: CommandOf<"resumePlan">, c: Circumstances): Result<Decision> {
  if (isAutomation(c.actor)) return reject({ code: "forbidden", needs: "a person" });
  const found = runOf(command, c);
  if (!found.ok) return found;
  const { plan, state } = found.value;
  const { run } = plan;
  const chosen = command.stage;
  if (chosen === undefined) {
    if (run.status === "running") return decision([], []);
    if (run.status === "halted")
      return stageNeeded("the plan was halted; say at which stage it goes on, counted from 0");
    if (!standsAt(state, plan, run.stage))
      return stageNeeded("the plan's rules were changed by hand; say at which stage it goes on, counted from 0");
    const { halted: _, ...resumed } = run;
    return keep(found.value, withStep({ ...resumed, status: "running" }, "resumed", c));
  }
  const beyond = noSuchStage(plan, chosen);
  if (beyond) return reject(beyond);
  const { halted: _, ...resumed } = run;
  const entered = reenter({ ...resumed, status: "running" }, chosen, c.now);
  return enter(found.value, { ...plan, run: withStep(entered, "resumed", c) }, chosen, { enable: true });
}

/**
 * On to the next stage, or to the end. A person may do so at any time while the plan runs. Automation names the run
 * and stage it means: when that is no longer the present one nothing happens, so a repeated alarm does no harm.
 */
export function advancePlan(command: CommandOf<"advancePlan">, c: Circumstances): Result<Decision> {
  const found = runOf(command, c);
  if (!found.ok) return command.run === undefined ? found : decision([], []);
  const { plan, state } = found.value;
  const { run } = plan;
  if (isLate(command, run)) return decision([], []);
  if (isAutomation(c.actor)) {
    if (command.run === undefined || command.from === undefined)
      return reject({ code: "forbidden", needs: "a person" });
    if (isEarly(found.value, c)) return decision([], []);
    if (Date.parse(run.enteredAt) > c.now) {
      // The clock was set back. How long the stage has lasted is unknown, so it begins anew.
      return keep(found.value, withStep({ ...run, enteredAt: iso(c.now) }, "clock-set-back", c));
    }
    if (!standsAt(state, plan, run.stage)) return keep(found.value, halted(run, "edited", c));
  } else {
    if (run.status !== "running") return refuse(`The plan is ${run.status}`, "Resume it first.");
    if (!standsAt(state, plan, run.stage))
      return refuse(
        "The plan's rules were changed by hand",
        "Going on could take the variant from people. Resume it and say at which stage.",
      );
  }
  const next = run.stage + 1;
  if (next < plan.stages.length) {
    const entered = reenter(run, next, c.now);
    return enter(found.value, { ...plan, run: withStep(entered, "advanced", c) }, next, { enable: false });
  }
  const { halted: _, ...rest } = run;
  return keep(found.value, withStep({ ...rest, status: "completed", finishedAt: iso(c.now) }, "completed", c));
}

/** Everybody back to the baseline, at once, also after the plan has ended. Kills stay as they are. */
export function rollbackPlan(command: CommandOf<"rollbackPlan">, c: Circumstances): Result<Decision> {
  const found = planOf(command, c);
  if (!found.ok) return found;
  const { row } = found.value;
  const { run } = row.body;
  if (isAutomation(c.actor)) return reject({ code: "forbidden", needs: "a person; automation steps back or kills" });
  if (!run) return refuse("The plan has not been started", "There is nothing to roll back.");
  if (run.status === "rolled-back" && standsAt(found.value.state, row.body, NOBODY)) return decision([], []);
  const { halted: _, ...rest } = run;
  const ended = withStep({ ...rest, status: "rolled-back", finishedAt: iso(c.now) }, "rolled-back", c);
  return enter(found.value, { ...row.body, run: ended }, NOBODY, { enable: false });
}

/** Back to the stage before, where the plan stays halted until a person chooses. From the first stage: nobody. */
export function stepBackPlan(command: CommandOf<"stepBackPlan">, c: Circumstances): Result<Decision> {
  const found = runOf(command, c);
  if (!found.ok) return command.run === undefined ? found : decision([], []);
  const { plan } = found.value;
  if (isLate(command, plan.run)) return decision([], []);
  const before = plan.run.stage - 1;
  const entered = reenter(plan.run, Math.max(0, before), c.now);
  const run = withStep({ ...entered, status: "halted", halted: "breached" }, "stepped-back", c);
  return enter(found.value, { ...plan, run }, before, { enable: false });
}

/** What a kill does to the flag's plan: halted until a person chooses the stage. */
export function haltByKill(view: ProjectView, environment: string, flag: string, c: Circumstances): Change[] {
  const row = view.get("plan", environment, flag);
  if (!row || !isActive(row.body) || row.body.run.status === "halted") return [];
  return change("plan", environment, flag, row.body, { ...row.body, run: halted(row.body.run, "killed", c) });
}

/** What the restore of the last kill does to a plan that was resumed beneath it: its stage begins now. */
export function beginAtRestore(view: ProjectView, environment: string, flag: string, c: Circumstances): Change[] {
  const row = view.get("plan", environment, flag);
  if (!row || !isActive(row.body) || row.body.run.status === "halted") return [];
  const run = reenter(row.body.run, row.body.run.stage, c.now);
  return change("plan", environment, flag, row.body, { ...row.body, run });
}

/** Plans of live flags with a stage that time alone ends, and when (epoch ms; the past: overdue). */
export function plansByTime(view: ProjectView, now: number): { row: Row<"plan">; at: number }[] {
  return view.mentioning("plan", '"status":"running"').flatMap((row) => {
    const plan = row.body;
    if (!isActive(plan) || plan.run.status !== "running" || !endsByTime(plan)) return [];
    const situation = situationOf(view, row, now);
    if (!situation || situation.killed || !situation.enabled) return [];
    // A stage that seems to begin in the future was entered before the clock was set back.
    if (Date.parse(plan.run.enteredAt) > now) return [{ row, at: now }];
    const ripe = ripeAt(plan);
    const windows = freezesOf(view, row.environment);
    return [{ row, at: frozen(windows, Math.max(ripe, now))?.until ?? ripe }];
  });
}

export function situationOf(view: ProjectView, row: Row<"plan">, now: number) {
  const flag = view.get("flag", "", row.key)?.body;
  const state = view.get("state", row.environment, row.key)?.body;
  if (!flag || flag.archivedAt || !state) return null;
  return {
    now,
    enabled: state.enabled,
    killed: isKilled(view, row.environment, row.key),
    frozen: frozen(freezesOf(view, row.environment), now),
  };
}

/** Plans that a test picks out, in words. */
export const plansNaming = (view: ProjectView, test: (plan: Plan, flag: string) => boolean): string[] =>
  view
    .list("plan")
    .filter(({ key, body }) => test(body, key))
    .map(({ key, environment }) => `the plan of ${key} in ${environment}`);

export const usesSegment = (plan: Plan, segment: string): boolean =>
  segmentsAt(plan, plan.stages.length - 1).includes(segment);

const isKilled = (view: ProjectView, environment: string, flag: string): boolean =>
  view.list("kill", environment).some(({ body }) => body.flag === flag && body.clearedRevision === undefined);

const freezesOf = (view: ProjectView, environment: string) => view.list("freeze", environment).map(({ body }) => body);

export const isAutomation = ({ type }: Actor): boolean => type === "guard" || type === "schedule" || type === "system";

const isLate = (command: { run?: string; from?: number }, run: PlanRun): boolean =>
  (command.run !== undefined && command.run !== run.id) || (command.from !== undefined && command.from !== run.stage);

/** Whether the plan itself forbids automation to go on now. The sender of the command judges units and guards. */
function isEarly({ row, plan }: { row: Row<"plan">; plan: Running }, c: Circumstances): boolean {
  const situation = situationOf(c.view, row, c.now);
  if (!situation) return true;
  // A clock that was set back must reach `advancePlan`, which begins the stage anew.
  const setBack = Date.parse(plan.run.enteredAt) > c.now;
  return waitsOf(plan, situation).some(
    (wait) => wait.for !== "units" && wait.for !== "guards" && !(setBack && wait.for === "time"),
  );
}

function concernedBy(command: { environment: string; flag: string }, c: Circumstances): Result<Concerned> {
  const { environment, flag: key } = command;
  const found = flagDocument("plan", command, c);
  if (!found.ok) return found;
  const state = c.view.get("state", environment, key)?.body;
  if (!state) return reject({ code: "flag-not-found", flag: key });
  return { ok: true, value: { environment, ...found.value, state } };
}

type WithPlan = Concerned & { row: Row<"plan"> };

function planOf(command: { environment: string; flag: string }, c: Circumstances): Result<WithPlan> {
  const found = concernedBy(command, c);
  if (!found.ok) return found;
  const { row, environment, flag } = found.value;
  if (!row) return reject({ code: "plan-not-found", flag: flag.key, environment });
  return { ok: true, value: { ...found.value, row } };
}

function runOf(command: { environment: string; flag: string }, c: Circumstances): Result<WithPlan & { plan: Running }> {
  const found = planOf(command, c);
  if (!found.ok) return found;
  const plan = found.value.row.body;
  if (isActive(plan)) return { ok: true, value: { ...found.value, plan } };
  const ended = plan.run ? `has ended (${plan.run.status})` : "has not been started";
  return refuse(`The plan ${ended}`, "Start it first.");
}

function planIssues(view: ProjectView, flag: Row<"flag">, plan: PlanDefinition): FieldIssue[] {
  const issues: FieldIssue[] = [];
  const variants = Object.keys(flag.body.variants).join(", ");
  for (const field of ["variant", "baseline"] as const) {
    if (!Object.hasOwn(flag.body.variants, plan[field]))
      issues.push({ field, message: `"${flag.key}" has no variant "${plan[field]}"; it has ${variants}` });
  }
  for (const [index, { audience }] of plan.stages.entries()) {
    if ("segment" in audience && !view.get("segment", "", audience.segment))
      issues.push({
        field: `stages.${index}.audience.segment`,
        message: `there is no segment "${audience.segment}"`,
      });
  }
  return issues;
}

/** What a new definition would change about stages that people are in already. */
function changesTheRun(running: Running, after: PlanDefinition): FieldIssue | null {
  const { stage } = running.run;
  for (const field of ["variant", "baseline", "by", "holdback", "alpha"] as const) {
    if (running[field] !== after[field]) return { field, message: "cannot change while the plan is under way" };
  }
  for (let index = 0; index <= stage; index++) {
    const same = JSON.stringify(running.stages[index]?.audience) === JSON.stringify(after.stages[index]?.audience);
    if (!same) return { field: `stages.${index}.audience`, message: "this stage has been reached and cannot change" };
  }
  const now = running.stages[stage];
  const guards = JSON.stringify(now?.guards) === JSON.stringify(after.stages[stage]?.guards);
  const measured = guards && running.windowSeconds === after.windowSeconds && running.outcomes === after.outcomes;
  if (!measured)
    return { field: `stages.${stage}.guards`, message: "this stage is being measured; change those that follow" };
  return null;
}

const noSuchStage = ({ stages }: PlanDefinition, stage: number): Rejection | null =>
  stages[stage]
    ? null
    : {
        code: "invalid",
        issues: [{ field: "stage", message: `the last of ${stages.length} stages is ${stages.length - 1}` }],
      };

const stageNeeded = (message: string) => reject({ code: "invalid", issues: [{ field: "stage", message }] });
const refuse = (what: string, fix: string) => reject({ code: "plan-state", what, fix });
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const iso = (now: number): string => new Date(now).toISOString();

/** Saves a run that changes nothing about who is served what. At its end edges learn that nothing is measured. */
const keep = ({ row }: WithPlan, run: PlanRun): Result<Decision> =>
  decision(
    change("plan", row.environment, row.key, row.body, { ...row.body, run }),
    run.status === "completed" ? [row.environment] : [],
  );

/** Saves a plan together with the rules of a stage. */
function enter(
  { row, state, environment }: WithPlan,
  plan: Body<"plan">,
  stage: number,
  { enable }: { enable: boolean },
): Result<Decision> {
  const wanted = { ...stageState(state, plan, stage), ...(enable ? { enabled: true } : {}) };
  const after = parseOrReject(flagState, wanted);
  if (!after.ok) return after;
  return decision(
    [
      ...change("state", environment, row.key, state, after.value),
      ...change("plan", environment, row.key, row.body, plan),
    ],
    [environment],
  );
}

const reenter = (run: PlanRun, stage: number, now: number): PlanRun => ({
  ...run,
  stage,
  entry: run.entry + 1,
  enteredAt: iso(now),
});

const halted = (run: PlanRun, reason: HaltReason, c: Circumstances): PlanRun =>
  withStep({ ...run, status: "halted", halted: reason }, "halted", c);

const step = (what: PlanStep["what"], stage: number, c: Circumstances): PlanStep => ({
  at: iso(c.now),
  what,
  stage,
  by: c.actor.name,
  ...(c.comment ? { comment: c.comment } : {}),
});

const withStep = (run: PlanRun, what: PlanStep["what"], c: Circumstances): PlanRun => ({
  ...run,
  steps: [...run.steps, step(what, run.stage, c)].slice(-LIMITS.planStepsKept),
});
