import { expect, test } from "vitest";
import { applyKills, compile } from "../../../../shared/evaluation/compile/compile.ts";
import { re2 } from "../../../../shared/evaluation/operators/regex/regex.ts";
import { evaluate, prepare } from "../../../../shared/evaluation/run/evaluate.ts";
import { dueSchedules, scheduleActor } from "../../../admin/schedules/decide.ts";
import { aFlag, everybody, FakeProject } from "../../../testing/fake-project.ts";
import { buildSnapshot } from "../build-snapshot.ts";
import { exportProject } from "../export-project.ts";

// Kill, revert, promote, schedule, plan and PUT in every order there is.

const at = { environment: "production", flag: "checkout" };
const live = { enabled: true, rules: [{ id: "all", when: everybody, serve: { variant: "on" } }] };
const HOUR = 3_600_000;

function shop(): FakeProject {
  const project = FakeProject.with("production");
  project.must({ type: "putFlag", flag: "checkout", definition: aFlag() });
  project.must({ type: "putState", ...at, state: live });
  return project;
}
const elsewhere = exportProject(shop(), "shop", 1, 0);

function served(project: FakeProject): string | null | undefined {
  const identity = { project: "shop", environment: "production", epoch: 1, revision: project.revision };
  const snapshot = buildSnapshot(project, identity, () => "");
  const compiled = compile(snapshot, re2);
  applyKills(compiled, snapshot.kills);
  return evaluate(compiled, "checkout", prepare(compiled, { targetingKey: "u1" }, 0))?.variant;
}

/** A schedule made, and come due. */
function schedule(project: FakeProject): void {
  const due = new Date(project.now + HOUR).toISOString();
  project.must({ type: "createSchedule", ...at, at: due, patch: live });
  project.now += HOUR;
  for (const row of dueSchedules(project, project.now))
    project.must({ type: "applySchedule", ...at, id: row.key }, { actor: scheduleActor(row) });
}

const steps: Record<string, (project: FakeProject) => void> = {
  kill: (p) => p.must({ type: "kill", ...at }),
  revert: (p) => p.must({ type: "revert", revision: 3 }),
  promote: (p) => p.must({ type: "import", document: elsewhere }),
  schedule,
  put: (p) => p.must({ type: "putState", ...at, state: live }),
  patch: (p) => p.must({ type: "patchState", ...at, patch: { enabled: true } }),
};

function ordersOf<T>(things: readonly T[]): T[][] {
  if (things.length === 0) return [[]];
  return things.flatMap((first, index) =>
    ordersOf(things.filter((_, at) => at !== index)).map((rest) => [first, ...rest]),
  );
}
const orders = ordersOf(Object.keys(steps));

test("in every order of kill, revert, promote, schedule, PUT and PATCH, a killed flag stays off until it is restored", () => {
  expect(orders).toHaveLength(720);
  for (const order of orders) {
    const project = shop();
    let killed = false;
    for (const name of order) {
      steps[name]?.(project);
      killed ||= name === "kill";
      expect({ order, name, serves: served(project) }).toEqual({ order, name, serves: killed ? "off" : "on" });
    }
    project.must({ type: "restore", ...at });
    expect({ order, serves: served(project) }).toEqual({ order, serves: "on" });
  }
});
