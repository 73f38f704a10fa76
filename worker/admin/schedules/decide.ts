import { LIMITS } from "../../../shared/limits.ts";
import { zonedInstant } from "../../../shared/release/zoned-time.ts";
import { roleIn } from "../../../shared/role-in.ts";
import type { Actor } from "../../../shared/schema/admin.ts";
import type { ScheduleTime } from "../../../shared/schema/schedule.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  actorsAuthority,
  type Circumstances,
  change,
  type Decision,
  decision,
  versionConflict,
} from "../../objects/flag-store/decide/decision.ts";
import { mayChange, unentitled, unentitledToExpose } from "../../objects/flag-store/decide/rights.ts";
import type { Body, ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { rejectionWords } from "../../rejection-words.ts";
import { type Rejection, type Result, reject } from "../../result.ts";
import { patchState } from "../flags/decide.ts";
import { changedSince, leftBy, seenBy } from "./changed-since.ts";

/** The key of the schedule that a revision made. */
export const scheduleKey = (revision: number): string => `schedule-${revision}`;

/**
 * Plans a change of a flag's state. The patch must be valid on the state as it stands today, although it is made on
 * the state of its time: its author should meet a typing error.
 */
export function createSchedule(command: CommandOf<"createSchedule">, c: Circumstances): Result<Decision> {
  const { environment, flag, patch, acknowledgeExposure, applyAnyway } = command;
  const made = { type: "patchState", environment, flag, patch } as const;
  const asked = patchState(made, unconditional(c));
  const exposed = exposedBy(asked);
  const today = exposed && acknowledgeExposure ? patchState({ ...made, acknowledgeExposure }, unconditional(c)) : asked;
  if (!today.ok) return today;
  const refused = unentitled(actorsAuthority(c), today.value.changes, c.view);
  if (refused) return reject(refused);
  const time = timeOf(command.at);
  if (!time.ok) return time;
  const ahead = Date.parse(time.value.at) - c.now;
  if (ahead <= 0) return wrongTime(`${time.value.at} has passed; to change the flag now, PATCH its state`);
  if (ahead > LIMITS.scheduleAheadMs) {
    const days = Math.floor(LIMITS.scheduleAheadMs / 86_400_000);
    return wrongTime(`${time.value.at} is further ahead than ${days} days`);
  }
  const waiting = pendingSchedules(c.view).length + 1;
  const max = LIMITS.schedulesPerProject;
  if (waiting > max) return reject({ code: "limit-exceeded", limit: "schedulesPerProject", max, actual: waiting });
  const after: Body<"schedule"> = {
    flag,
    ...time.value,
    patch,
    seen: seenBy(c.view, environment, flag, patch),
    ...(applyAnyway ? { applyAnyway } : {}),
    comment: c.comment,
    ...(exposed ? { acknowledgedFlags: exposed } : {}),
    by: { ...c.actor, role: roleIn(actorsAuthority(c), environment) },
    rights: 1,
    status: "pending",
  };
  return decision(change("schedule", environment, scheduleKey(c.revision), null, after), []);
}

/** Takes a waiting schedule back. Repeats harmlessly; what has happened cannot be cancelled. */
export function cancelSchedule(command: CommandOf<"cancelSchedule">, c: Circumstances): Result<Decision> {
  const { environment, flag, id } = command;
  const row = c.view.get("schedule", environment, id);
  if (!row || row.body.flag !== flag) return reject({ code: "schedule-not-found", id });
  const refused =
    versionConflict(`schedule "${id}"`, row, c.ifVersion) ??
    mayChange(actorsAuthority(c), environment, c.view.get("flag", "", flag)?.body.purpose);
  if (refused) return reject(refused);
  const { status } = row.body;
  if (status === "cancelled") return decision([], []);
  if (status !== "pending")
    return reject({
      code: "already-done",
      what: `The schedule "${id}" ${status === "applied" ? "has been applied" : "has failed"} already`,
    });
  return decision(finish(row, { status: "cancelled" }, c), []);
}

/**
 * Carries a schedule out: its patch is decided like any other, by the right of its maker. What no longer fits, or would
 * undo what somebody changed since, changes nothing but the schedule, which says why. Does nothing unless the schedule waits and its time has come, so
 * an alarm may come twice or late. One that was stored before rights followed from changes is applied by the rules of
 * its time, except that it publishes no hidden flag that its maker may not change: that cannot be taken back.
 */
export function applySchedule(command: CommandOf<"applySchedule">, c: Circumstances): Result<Decision> {
  const row = c.view.get("schedule", command.environment, command.id);
  if (row?.body.status !== "pending" || Date.parse(row.body.at) > c.now) return decision([], []);
  const { flag, patch, acknowledgedFlags = [], acknowledgeExposure = false } = row.body;
  const made = { type: "patchState", environment: row.environment, flag, patch } as const;
  const theirs = { ...unconditional(c), actor: scheduleActor(row), grants: undefined };
  const asked = patchState(made, theirs);
  // What would be exposed by now may be more than somebody was asked about then.
  const meant = exposedBy(asked)?.every((one) => acknowledgeExposure || acknowledgedFlags.includes(one));
  const patched = meant ? patchState({ ...made, acknowledgeExposure: true }, theirs) : asked;
  const failed = (rejection: Rejection) =>
    decision(finish(row, { status: "failed", problem: problemOf(rejection) }, c), []);
  if (!patched.ok) return failed(patched.rejection);
  const { changes, publish } = patched.value;
  const lacks = row.body.rights === undefined ? unentitledToExpose : unentitled;
  const refused = lacks(actorsAuthority(theirs), changes, c.view);
  if (refused) return failed(refused);
  const fields = changedSince(row, changes, c.view);
  if (fields.length > 0) return failed({ code: "changed-since", flag, fields });
  const left = leftBy(row, changes, c.view);
  const applied = finish(row, { status: "applied", appliedRevision: c.revision, left }, c);
  return decision([...changes, ...applied], publish);
}

/** The hidden flags that a decision was refused for; null when it was not, or for something else. */
const exposedBy = (decided: Result<Decision>): string[] | null =>
  !decided.ok && decided.rejection.code === "exposes-hidden-flag" ? decided.rejection.hidden : null;

/** The audit names the schedule's author for what the schedule did. */
export const scheduleActor = ({ key, body }: Row<"schedule">): Actor => ({
  type: "schedule",
  id: key,
  name: body.by.name,
  role: body.by.role,
});

export const pendingSchedules = (view: ProjectView): Row<"schedule">[] =>
  view.mentioning("schedule", '"status":"pending"').filter((row) => row.body.status === "pending");

/** Schedules whose time has come, in the order in which they are to be applied: by time, then as they were made. */
export const dueSchedules = (view: ProjectView, now: number): Row<"schedule">[] =>
  pendingSchedules(view)
    .filter((row) => Date.parse(row.body.at) <= now)
    .sort(
      (a, b) => Date.parse(a.body.at) - Date.parse(b.body.at) || a.createdAt - b.createdAt || a.revision - b.revision,
    );

/** `If-Match` names the schedule's version, if anything, never the state's. */
const unconditional = (c: Circumstances): Circumstances => ({ ...c, ifVersion: undefined });

function finish(row: Row<"schedule">, outcome: Partial<Body<"schedule">>, c: Circumstances) {
  const finishedAt = new Date(c.now).toISOString();
  return change("schedule", row.environment, row.key, row.body, { ...row.body, ...outcome, finishedAt });
}

const wrongTime = (message: string) => reject({ code: "invalid", issues: [{ field: "at", message }] });

function timeOf(at: ScheduleTime): Result<Pick<Body<"schedule">, "at" | "local" | "timeZone" | "resolution">> {
  // One notation, so that instants compare as text.
  if (typeof at === "string") return { ok: true, value: { at: new Date(at).toISOString() } };
  const { local, timeZone } = at;
  const zoned = zonedInstant(local, timeZone);
  if (zoned === "timeZone") {
    const message = `"${timeZone}" is no time zone that we know; use a name such as Europe/Berlin`;
    return reject({ code: "invalid", issues: [{ field: "at.timeZone", message }] });
  }
  if (zoned === "local") {
    const message = `"${local}" is no date and time such as 2027-01-05T09:00`;
    return reject({ code: "invalid", issues: [{ field: "at.local", message }] });
  }
  return { ok: true, value: { at: new Date(zoned.at).toISOString(), local, timeZone, resolution: zoned.resolution } };
}

function problemOf(rejection: Rejection): { code: string; message: string } {
  const { title, detail, hint, errors } = rejectionWords(rejection);
  const fields = (errors ?? []).slice(0, 10).map(({ field, message }) => `${field}: ${message}`);
  return {
    code: rejection.code,
    message: [title, detail, hint, ...fields]
      .filter((words) => words !== undefined)
      .join(". ")
      .slice(0, 1_000),
  };
}
