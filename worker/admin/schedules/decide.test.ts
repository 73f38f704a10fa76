import { describe, expect, test } from "vitest";
import type { Actor } from "../../../shared/schema/admin.ts";
import type { Purpose } from "../../../shared/schema/flag.ts";
import type { Json } from "../../../shared/schema/primitives.ts";
import type { ScheduleTime } from "../../../shared/schema/schedule.ts";
import { aFlag, FakeProject } from "../../testing/fake-project.ts";
import { dueSchedules, scheduleActor } from "./decide.ts";

const NOW = Date.parse("2027-01-01T12:00:00Z");
const HOUR = 3_600_000;
const ENV = "production";
const at = { environment: ENV, flag: "f" } as const;
type Patch = Record<string, Json>;

const MARKETER = { type: "token", id: "tok_1", name: "Mia", role: "marketer" } as const;

/** A project in which it is NOW and the flag "f" is there. */
function shop(purpose: Purpose = "release"): FakeProject {
  const project = FakeProject.with(ENV);
  define(project, ["on", "off"], purpose);
  return project;
}

function define(project: FakeProject, variants: string[], purpose: Purpose = "release"): void {
  const values = Object.fromEntries(variants.map((variant) => [variant, variant]));
  project.must({ type: "putFlag", flag: "f", definition: aFlag({ purpose, variants: values }) });
}

type Input = Parameters<FakeProject["run"]>[0];

/** Each command takes a millisecond, so the clock is set before. */
function run(project: FakeProject, input: Input, now = NOW, actor?: Actor) {
  project.now = now - 1;
  return project.run(input, actor ? { actor } : {});
}

/** Schedules a patch and gives its id. */
function plan(project: FakeProject, patch: Patch, time: ScheduleTime = new Date(NOW + HOUR).toISOString()): string {
  const made = run(project, { type: "createSchedule", ...at, at: time, patch });
  if (!made.ok) throw new Error(JSON.stringify(made.rejection));
  return `schedule-${project.revision}`;
}

/** What the alarm does. */
function alarm(project: FakeProject, now: number): void {
  for (const row of dueSchedules(project, now))
    run(project, { type: "applySchedule", ...at, id: row.key }, now, scheduleActor(row));
}

const schedule = (project: FakeProject, id: string) => project.get("schedule", ENV, id)?.body;
const state = (project: FakeProject) => project.get("state", ENV, "f")?.body;

describe("a schedule", () => {
  test("changes nothing before its time, and the state when it has come", () => {
    const project = shop();
    const id = plan(project, { enabled: true });
    alarm(project, NOW + HOUR - 1);
    expect(state(project)?.enabled).toBe(false);
    alarm(project, NOW + HOUR);
    expect(state(project)?.enabled).toBe(true);
    expect(schedule(project, id)).toMatchObject({ status: "applied", appliedRevision: project.revision });
  });

  test("is applied once, however often and late the alarm comes, and whatever was changed since", () => {
    const project = shop();
    const id = plan(project, { enabled: true });
    alarm(project, NOW + 50 * HOUR);
    run(project, { type: "patchState", ...at, patch: { enabled: false } }, NOW + 51 * HOUR);
    const { revision } = project;
    for (let time = 51; time < 55; time++) {
      alarm(project, NOW + time * HOUR);
      run(project, { type: "applySchedule", ...at, id }, NOW + time * HOUR);
    }
    expect(project.revision).toBe(revision);
    expect(state(project)?.enabled).toBe(false);
  });

  test("patches the state as it stands when its time comes", () => {
    const project = shop();
    plan(project, { enabled: true });
    run(project, { type: "patchState", ...at, patch: { fallthrough: { variant: "off" } } }, NOW);
    alarm(project, NOW + HOUR);
    expect(state(project)).toMatchObject({ enabled: true, fallthrough: { variant: "off" } });
  });

  describe("of what somebody changed after it was made", () => {
    const toOff = { fallthrough: { variant: "off" } };
    const toOn = { fallthrough: { variant: "on" } };
    const patchNow = (project: FakeProject, patch: Patch, now = NOW) =>
      run(project, { type: "patchState", ...at, patch }, now);

    test("fails, says which field, and changes nothing", () => {
      const project = shop();
      const id = plan(project, { ...toOff, enabled: true });
      patchNow(project, { rules: [] });
      patchNow(project, { fallthrough: { split: [{ variant: "on", weight: 100_000 }] } });
      const before = state(project);
      alarm(project, NOW + HOUR);
      expect(state(project)).toEqual(before);
      expect(schedule(project, id)).toMatchObject({ status: "failed", problem: { code: "changed-since" } });
      expect(schedule(project, id)?.problem?.message).toMatch(/change of: fallthrough\./);
    });

    test.each<[string, Input]>([
      ["a PUT", { type: "putState", ...at, state: { ...toOn, enabled: true } }],
      ["a revert", { type: "revert", revision: 3 }],
    ])("fails after %s, too", (_, input) => {
      const project = shop();
      patchNow(project, { enabled: true });
      patchNow(project, toOff);
      patchNow(project, { fallthrough: { split: [{ variant: "on", weight: 100_000 }] } });
      const id = plan(project, toOff);
      expect(run(project, input, NOW).ok).toBe(true);
      alarm(project, NOW + HOUR);
      expect(schedule(project, id)).toMatchObject({ status: "failed", problem: { code: "changed-since" } });
    });

    test("applies where its maker chose that", () => {
      const project = shop();
      const time = new Date(NOW + HOUR).toISOString();
      run(project, { type: "createSchedule", ...at, at: time, patch: toOff, applyAnyway: true });
      const id = `schedule-${project.revision}`;
      patchNow(project, toOn);
      alarm(project, NOW + HOUR);
      expect(schedule(project, id)).toMatchObject({ status: "applied", applyAnyway: true });
      expect(state(project)).toMatchObject(toOff);
    });

    test("applies where the change was taken back, or made what the schedule makes", () => {
      const project = shop();
      patchNow(project, toOn);
      const takenBack = plan(project, toOff);
      patchNow(project, toOff);
      patchNow(project, toOn);
      const alike = plan(project, { enabled: true });
      patchNow(project, { enabled: true });
      alarm(project, NOW + HOUR);
      for (const id of [takenBack, alike]) expect(schedule(project, id)?.status).toBe("applied");
    });

    test("takes what another schedule changed for what it is: on at nine, off at five", () => {
      const project = shop();
      plan(project, { enabled: true }, new Date(NOW + HOUR).toISOString());
      const off = plan(project, { enabled: false }, new Date(NOW + 2 * HOUR).toISOString());
      const on = plan(project, { enabled: true }, new Date(NOW + 3 * HOUR).toISOString());
      alarm(project, NOW + HOUR);
      alarm(project, NOW + 2 * HOUR);
      expect([schedule(project, off)?.status, state(project)?.enabled]).toEqual(["applied", false]);
      patchNow(project, { enabled: true }, NOW + 2 * HOUR);
      patchNow(project, { enabled: false }, NOW + 2 * HOUR);
      alarm(project, NOW + 3 * HOUR);
      expect(schedule(project, on)?.status).toBe("applied");
    });

    test("fails where somebody changed what another schedule had left", () => {
      const project = shop();
      plan(project, toOff, new Date(NOW + HOUR).toISOString());
      const back = plan(project, toOn, new Date(NOW + 2 * HOUR).toISOString());
      alarm(project, NOW + HOUR);
      patchNow(project, { fallthrough: { split: [{ variant: "off", weight: 100_000 }] } }, NOW + HOUR);
      alarm(project, NOW + 2 * HOUR);
      expect(schedule(project, back)).toMatchObject({ status: "failed", problem: { code: "changed-since" } });
    });

    test("is not asked of a schedule that an earlier version stored", () => {
      const project = shop();
      const id = plan(project, toOff);
      const { seen: _, ...stored } = schedule(project, id) as NonNullable<ReturnType<typeof schedule>>;
      project.put("schedule", ENV, id, stored);
      patchNow(project, toOn);
      alarm(project, NOW + HOUR);
      expect(schedule(project, id)?.status).toBe("applied");
    });
  });

  test("several that are late apply in the order of their times", () => {
    const project = shop();
    plan(project, { fallthrough: { variant: "off" } }, new Date(NOW + 2 * HOUR).toISOString());
    plan(project, { fallthrough: { variant: "on" }, enabled: true }, new Date(NOW + HOUR).toISOString());
    alarm(project, NOW + 3 * HOUR);
    expect(state(project)).toMatchObject({ enabled: true, fallthrough: { variant: "off" } });
  });

  test("that no longer fits is marked failed with the reason, and changes nothing else", () => {
    const project = shop();
    define(project, ["on", "off", "new"]);
    const id = plan(project, { enabled: true, fallthrough: { variant: "new" } });
    define(project, ["on", "off"]);
    const before = state(project);
    alarm(project, NOW + HOUR);
    expect(state(project)).toEqual(before);
    expect(schedule(project, id)).toMatchObject({ status: "failed", problem: { code: "invalid" } });
    expect(schedule(project, id)?.problem?.message).toContain('no variant "new"');
  });

  test("of a flag that was archived fails", () => {
    const project = shop();
    const id = plan(project, { enabled: true });
    run(project, { type: "archiveFlag", flag: "f" }, NOW);
    alarm(project, NOW + HOUR);
    expect(schedule(project, id)).toMatchObject({ status: "failed", problem: { code: "flag-archived" } });
  });

  test("works beneath a kill and leaves it in force", () => {
    const project = shop();
    plan(project, { enabled: true });
    run(project, { type: "kill", ...at }, NOW);
    const [kill] = project.list("kill");
    alarm(project, NOW + HOUR);
    expect(state(project)?.enabled).toBe(true);
    expect(project.list("kill")).toEqual([kill]);
  });

  test("says in its own name who made it, and has their right only", () => {
    const project = shop("experiment");
    const patch = { enabled: true };
    const time = new Date(NOW + HOUR).toISOString();
    expect(run(project, { type: "createSchedule", ...at, at: time, patch }, NOW, MARKETER).ok).toBe(true);
    const id = `schedule-${project.revision}`;
    const row = project.get("schedule", ENV, id);
    expect(row && scheduleActor(row)).toEqual({ type: "schedule", id, name: "Mia", role: "marketer" });
    define(project, ["on", "off"], "release");
    alarm(project, NOW + HOUR);
    expect(schedule(project, id)).toMatchObject({ status: "failed", problem: { code: "forbidden" } });
  });
});

describe("made", () => {
  const making = (patch: object, time: ScheduleTime, project = shop(), actor?: typeof MARKETER) =>
    run(project, { type: "createSchedule", ...at, at: time, patch: patch as Patch }, NOW, actor);
  const later = new Date(NOW + HOUR).toISOString();

  test.each([
    ["unknown fields", { nope: 1 }, later],
    ["a variant that does not exist today", { fallthrough: { variant: "new" } }, later],
    ["a time that has passed", { enabled: true }, new Date(NOW).toISOString()],
    ["a time too far away", { enabled: true }, "2031-01-01T00:00:00Z"],
    ["an unknown time zone", { enabled: true }, { local: "2027-02-01T09:00", timeZone: "Europe/Atlantis" }],
    ["a day that no calendar has", { enabled: true }, { local: "2027-02-30T09:00", timeZone: "Europe/Berlin" }],
  ])("is refused with %s", (_, patch, time) => {
    expect(making(patch, time)).toMatchObject({ ok: false, rejection: { code: "invalid" } });
  });

  test("by a marketer only for tests of demand", () => {
    expect(making({}, later, shop("release"), MARKETER)).toMatchObject({ rejection: { code: "forbidden" } });
    expect(making({}, later, shop("experiment"), MARKETER).ok).toBe(true);
  });

  test("for a wall-clock time, it keeps what was asked for beside the instant", () => {
    const project = shop();
    const id = plan(project, {}, { local: "2027-03-28T02:30", timeZone: "Europe/Berlin" });
    expect(schedule(project, id)).toMatchObject({
      at: "2027-03-28T01:30:00.000Z",
      local: "2027-03-28T02:30",
      timeZone: "Europe/Berlin",
      resolution: "gap",
    });
  });
});

describe("cancelled", () => {
  test("it never applies, stays visible, and can be cancelled again", () => {
    const project = shop();
    const id = plan(project, { enabled: true });
    expect(run(project, { type: "cancelSchedule", ...at, id }, NOW).ok).toBe(true);
    expect(run(project, { type: "cancelSchedule", ...at, id }, NOW)).toMatchObject({ value: { changes: [] } });
    alarm(project, NOW + HOUR);
    expect(state(project)?.enabled).toBe(false);
    expect(schedule(project, id)?.status).toBe("cancelled");
  });

  test("too late, it is refused", () => {
    const project = shop();
    const id = plan(project, { enabled: true });
    alarm(project, NOW + HOUR);
    expect(run(project, { type: "cancelSchedule", ...at, id }, NOW)).toMatchObject({
      rejection: { code: "already-done" },
    });
  });
});

test("a revert leaves schedules as they are", () => {
  const project = shop();
  const { revision } = project;
  const id = plan(project, { enabled: true });
  run(project, { type: "revert", revision }, NOW);
  expect(schedule(project, id)?.status).toBe("pending");
});

test("schedules go with their environment", () => {
  const project = shop();
  plan(project, { enabled: true });
  run(project, { type: "deleteEnvironment", environment: ENV }, NOW);
  expect(project.list("schedule")).toEqual([]);
});
