import { describe, expect, test } from "vitest";
import type { Actor } from "../../../../shared/schema/admin.ts";
import { CANARY_FLAG, DRILL_ACTOR } from "../../../../shared/schema/drill.ts";
import { aFlag, aSplit, everybody, FakeProject } from "../../../testing/fake-project.ts";
import type { Change } from "../entities.ts";
import { deliveryEventsOf, reach } from "./delivery.ts";

const at = { environment: "production", flag: "checkout" };
const person: Actor = { type: "token", id: "t", name: "Ada", role: "admin" };
const guard: Actor = { type: "guard", id: "guard", name: "Guard", role: "engineer" };
const rule = (...weights: [string, number][]) => ({ id: "all", when: everybody, serve: aSplit(...weights) });

function shop(purpose: "release" | "ops" = "release") {
  const project = FakeProject.with("staging", "production");
  project.must({ type: "putFlag", flag: "checkout", definition: aFlag({ purpose }) });
  const kinds = (action: string, changes: Change[], actor = person) =>
    deliveryEventsOf({ revision: 9, at: 1_000, actor, action, comment: "", changes }, project).map(
      ({ kind, environment, flag }) => [kind, environment, flag],
    );
  /** Patches the state, and tells what that was. */
  const patch = (changed: object, action = "patchState") =>
    kinds(action, project.must({ type: "patchState", ...at, patch: changed as never }).changes);
  return { project, kinds, patch };
}
const released = [["release", "production", "checkout"]];

describe("a release is when more people are served a flag", () => {
  test("switched on or ramped up; not switched off or ramped down", () => {
    const { patch } = shop();
    patch({ enabled: true, fallthrough: { variant: "off" } });
    expect(patch({ rules: [rule(["on", 1_000], ["off", 99_000])] })).toEqual(released);
    expect(patch({ rules: [rule(["on", 50_000], ["off", 50_000])] })).toEqual(released);
    expect(patch({ rules: [rule(["on", 10_000], ["off", 90_000])] })).toEqual([]);
    expect(patch({ enabled: false })).toEqual([]);
    expect(patch({ enabled: true })).toEqual(released);
  });

  test("a plan is one release: its further stages are steps, and being put back is a rollback", () => {
    const { patch } = shop();
    patch({ enabled: true, fallthrough: { variant: "off" } });
    expect(patch({ rules: [rule(["on", 1_000], ["off", 99_000])] }, "startPlan")).toEqual(released);
    expect(patch({ rules: [rule(["on", 9_000], ["off", 91_000])] }, "advancePlan")).toEqual([
      ["step", "production", "checkout"],
    ]);
    const back = [["rollback", "production", "checkout"]];
    expect(patch({ rules: [rule(["on", 1_000], ["off", 99_000])] }, "stepBackPlan")).toEqual(back);
    expect(patch({ rules: [] }, "rollbackPlan")).toEqual(back);
  });

  test("controls are no releases, their kills are incidents all the same", () => {
    const { project, patch, kinds } = shop("ops");
    expect(patch({ enabled: true })).toEqual([]);
    expect(kinds("kill", project.must({ type: "kill", ...at }).changes)).toEqual([["kill", "production", "checkout"]]);
  });
});

test("a kill tells who and since when; a restore, and the drill's own kill, tell nothing", () => {
  const { project, kinds } = shop();
  const onsetAt = "2026-11-22T11:55:00.000Z";
  const { changes } = project.must({ type: "kill", ...at, onsetAt });
  const row = { revision: 9, at: 1_000, action: "kill", comment: "", changes };
  expect(deliveryEventsOf({ ...row, actor: guard }, project)).toMatchObject([
    { cause: "guard", onsetAt: Date.parse(onsetAt), revision: 9 },
  ]);
  expect(deliveryEventsOf({ ...row, actor: { ...person, type: "system", id: DRILL_ACTOR } }, project)).toEqual([]);
  expect(kinds("restore", project.must({ type: "restore", ...at }).changes)).toEqual([]);
});

test("reach counts everybody's share without the off variant, and a part for each rule that singles people out", () => {
  const state = {
    enabled: true,
    prerequisites: [],
    rules: [
      { id: "staff", when: { attribute: "email", op: "exists" as const, values: [] }, serve: { variant: "on" } },
      { ...rule(["on", 3_000], ["off", 97_000]), serve: { ...aSplit(["on", 3_000], ["off", 97_000]), by: "u" } },
    ],
    fallthrough: { variant: "on" },
  } as never;
  expect(reach(state, { offVariant: "off" })).toBe(3_001);
  expect(reach({ ...(state as object), enabled: false } as never, { offVariant: "off" })).toBe(0);
});

test("the drill restores its own canary and nothing else; no other automation restores anything", () => {
  const { project } = shop();
  const drill: Actor = { type: "system", id: DRILL_ACTOR, name: "The kill drill", role: "engineer" };
  project.must({ type: "putFlag", flag: CANARY_FLAG, definition: aFlag() });
  for (const flag of [CANARY_FLAG, "checkout"]) project.must({ type: "kill", environment: "production", flag });
  const restore = (flag: string, actor: Actor) =>
    project.refusal({ type: "restore", environment: "production", flag }, { actor });
  expect(restore("checkout", drill)).toBe("forbidden");
  expect(restore(CANARY_FLAG, guard)).toBe("forbidden");
  expect(restore(CANARY_FLAG, { ...drill, id: "budget" })).toBe("forbidden");
  expect(restore(CANARY_FLAG, drill)).toBeNull();
});
