import { expect, test } from "vitest";
import { metric } from "../../../shared/schema/series.ts";
import { seriesOf } from "../../objects/flag-store/series.ts";
import { watchList } from "../../objects/guard/guard-watch.ts";
import { aFlag, aSplit, everybody, FakeProject } from "../../testing/fake-project.ts";

const at = { environment: "production", flag: "checkout" };
const metrics = [metric.parse({ name: "errors", kind: "error" })];
const split = (on: number) => ({
  enabled: true,
  rules: [{ id: "all", when: everybody, serve: aSplit(["on", on], ["off", 100_000 - on]) }],
});

function guarded() {
  const project = FakeProject.with("production", "staging");
  project.must({ type: "putFlag", flag: "checkout", definition: aFlag() });
  project.must({ type: "putState", ...at, state: split(10_000) });
  project.must({ type: "putGuard", ...at, guard: { metrics } });
  const run = () => project.get("guard", "production", "checkout")?.body.run;
  const watched = () => watchList(project, "production").map(({ series }) => series.id);
  return { project, run, watched };
}

test("a guard watches the flag's split, its off variant being the control", () => {
  const { project, run } = guarded();
  expect(seriesOf(project, "production", "checkout")).toMatchObject({
    id: run()?.id,
    arms: [
      { variant: "on", share: 10_000 },
      { variant: "off", share: 90_000 },
    ],
    control: "off",
    rule: "all",
    source: "server",
  });
  expect(seriesOf(project, "staging", "checkout")).toBeUndefined();
});

test("each change of who gets what is another entry, and takes its part of alpha; others are none", () => {
  const { project, run } = guarded();
  const entries = [run()?.entry];
  const change = (...command: Parameters<FakeProject["must"]>) => {
    project.must(...command);
    entries.push(run()?.entry);
  };
  change({ type: "patchState", ...at, patch: { killVariant: "off" } });
  change({ type: "patchFlag", flag: "checkout", patch: { owner: "me" } });
  change({ type: "putState", ...at, state: split(20_000) });
  change({ type: "kill", ...at });
  change({ type: "restore", ...at });
  change({ type: "patchState", ...at, patch: { enabled: false } });
  change({ type: "patchState", ...at, patch: { enabled: true } });
  change({ type: "patchState", environment: "staging", flag: "checkout", patch: { enabled: true } });
  change({ type: "revert", revision: 2 });
  expect(entries).toEqual([1, 1, 1, 2, 2, 3, 3, 4, 4, 4]);
});

test("a killed flag, one that is off and an archived one are not watched", () => {
  const { project, run, watched } = guarded();
  expect(watched()).toEqual([run()?.id]);
  project.must({ type: "kill", ...at });
  expect(watched()).toEqual([]);
  // Late events still find the series that the kill closed.
  expect(seriesOf(project, "production", "checkout")?.id).toBe(run()?.id);
  project.must({ type: "restore", ...at });
  expect(watched()).toEqual([run()?.id]);
  project.must({ type: "patchState", ...at, patch: { enabled: false } });
  expect(watched()).toEqual([]);
  project.must({ type: "patchState", ...at, patch: { enabled: true } });
  project.must({ type: "archiveFlag", flag: "checkout" });
  expect(watched()).toEqual([]);
  expect(project.get("guard", "production", "checkout")).toBeNull();
});

test("without a split there is no concurrent control", () => {
  const { project } = guarded();
  project.must({ type: "putState", ...at, state: { enabled: true, fallthrough: { variant: "on" } } });
  expect(seriesOf(project, "production", "checkout")).toMatchObject({
    arms: [{ variant: "on", share: 100_000 }],
    control: null,
  });
});

test("a plan under way takes the guard's place", () => {
  const { project, watched } = guarded();
  const plan = { variant: "on", baseline: "off", stages: [{ audience: { share: 50_000 }, guards: metrics }] };
  project.must({ type: "putPlan", ...at, plan });
  project.must({ type: "startPlan", ...at });
  expect(watched()).toHaveLength(1);
  expect(watched()[0]).toMatch(/^plan-/);
});

test("only a guard brings evidence, and no guard lifts a kill", () => {
  const { project } = guarded();
  const guard = { type: "guard", id: "guard", name: "Guard", role: "engineer" } as const;
  project.must({ type: "kill", ...at }, { actor: guard, comment: "5 % of units failed" });
  expect(project.refusal({ type: "restore", ...at }, { actor: guard })).toBe("forbidden");
  expect(project.refusal({ type: "restore", ...at })).toBeNull();
});

const evidence = {
  series: "guard-3",
  test: "comparison",
  arm: "on",
  metric: "errors",
  kind: "error",
  units: { treatment: 100, control: 100 },
  events: { treatment: 50, control: 1 },
  rate: { treatment: 0.5, control: 0.01 },
  change: 49,
  interval: { low: 5, high: null },
  confidence: 0.95,
  tolerated: 0,
  logEvidence: 20,
  alpha: 0.001,
  exposed: { on: 100, off: 100 },
  at: "2026-11-25T22:00:00.000Z",
} as const;

test("a breach is reported by a guard alone, and changes nothing that is served", () => {
  const { project } = guarded();
  const report = { type: "reportBreach", ...at, evidence, waiting: true } as const;
  expect(project.refusal(report)).toBe("forbidden");
  expect(project.refusal({ type: "kill", ...at, evidence })).toBe("forbidden");
  const actor = { type: "guard", id: "guard", name: "Guard", role: "engineer" } as const;
  const { changes, publish } = project.must(report, { actor });
  expect([changes.map(({ entity }) => entity), publish]).toEqual([["breach"], []]);
});

test("a marketer guards tests of demand only", () => {
  const { project } = guarded();
  for (const command of [
    { type: "putGuard", ...at, guard: { metrics } } as const,
    { type: "deleteGuard", ...at } as const,
  ])
    expect(project.refusal(command, { role: "marketer" })).toBe("forbidden");
});

test("an environment that is deleted takes its breaches with it", () => {
  const { project } = guarded();
  const actor = { type: "guard", id: "guard", name: "Guard", role: "engineer" } as const;
  for (const environment of ["production", "staging"])
    project.must({ type: "reportBreach", ...at, environment, evidence, waiting: true }, { actor });
  project.must({ type: "deleteEnvironment", environment: "production" });
  expect(project.list("breach").map(({ environment }) => environment)).toEqual(["staging"]);
});
