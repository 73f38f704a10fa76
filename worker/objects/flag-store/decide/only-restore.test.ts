import fc from "fast-check";
import { expect, test } from "vitest";
import { applyKills, compile } from "../../../../shared/evaluation/compile/compile.ts";
import { re2 } from "../../../../shared/evaluation/operators/regex/regex.ts";
import { evaluate, prepare } from "../../../../shared/evaluation/run/evaluate.ts";
import { activeKills } from "../../../admin/kills/decide.ts";
import { aFlag, aSplit, everybody, FakeProject } from "../../../testing/fake-project.ts";
import { buildSnapshot } from "../build-snapshot.ts";
import { exportProject } from "../export-project.ts";

const at = { environment: "production", flag: "checkout" };
const live = { enabled: true, rules: [{ id: "all", when: everybody, serve: { variant: "on" } }] };
const canary = {
  enabled: true,
  rules: [{ id: "all", when: everybody, serve: aSplit(["on", 50_000], ["blue", 50_000]) }],
};

function shop(): FakeProject {
  const project = FakeProject.with("production");
  project.must({ type: "putFlag", flag: "checkout", definition: aFlag() });
  project.must({ type: "putState", ...at, state: live });
  return project;
}

/** What the edge would serve if everything were published now. */
function served(project: FakeProject): string | null | undefined {
  const identity = { project: "shop", environment: "production", epoch: 1, revision: project.revision };
  const snapshot = buildSnapshot(project, identity, () => "");
  const compiled = compile(snapshot, re2);
  applyKills(compiled, snapshot.kills);
  return evaluate(compiled, "checkout", prepare(compiled, { targetingKey: "u1" }, 0))?.variant;
}

type Step = (project: FakeProject) => void;
const steps: Record<string, Step> = {
  "putState live": (p) => p.run({ type: "putState", ...at, state: live }),
  "putState canary": (p) => p.run({ type: "putState", ...at, state: canary }),
  "patchState on": (p) => p.run({ type: "patchState", ...at, patch: { enabled: true } }),
  "patchState killVariant": (p) => p.run({ type: "patchState", ...at, patch: { killVariant: "blue" } }),
  putFlag: (p) => p.run({ type: "putFlag", flag: "checkout", definition: aFlag(), reuse: true }),
  patchFlag: (p) => p.run({ type: "patchFlag", flag: "checkout", patch: { description: "x", offVariant: null } }),
  archiveFlag: (p) => p.run({ type: "archiveFlag", flag: "checkout" }),
  kill: (p) => p.run({ type: "kill", ...at }),
  "kill variant": (p) => p.run({ type: "kill", ...at, variant: "on" }),
  import: (p) => p.run({ type: "import", document: exportProject(shop(), "shop", 1, 0) }),
  "revert to the beginning": (p) => p.run({ type: "revert", revision: 1 }),
  "revert to when it was live": (p) => p.run({ type: "revert", revision: 3 }),
  "delete and remake the environment": (p) => {
    p.run({ type: "deleteEnvironment", environment: "production" });
    p.run({ type: "putEnvironment", environment: "production" });
  },
  "delete and remake the project": (p) => {
    p.run({ type: "deleteProject" });
    p.run({ type: "putProject", environments: ["production"] });
  },
};
const orders = fc.array(fc.constantFrom(...Object.keys(steps)), { maxLength: 8 });

test("only restore clears a kill: no other commands, in any order, bring a killed flag back on", () => {
  fc.assert(
    fc.property(orders, (names) => {
      const project = shop();
      project.must({ type: "kill", ...at });
      for (const name of names) {
        steps[name]?.(project);
        expect(["off", null, undefined]).toContain(served(project));
      }
    }),
    { numRuns: 300 },
  );
});

test("restore does: after any such commands the flag serves what stands beneath", () => {
  fc.assert(
    fc.property(orders, (names) => {
      const project = shop();
      project.must({ type: "kill", ...at });
      for (const name of names) steps[name]?.(project);
      project.run({ type: "putFlag", flag: "checkout", definition: aFlag(), reuse: true });
      project.must({ type: "restore", ...at });
      expect(activeKills(project, "production")).toEqual([]);
      project.must({ type: "putState", ...at, state: live });
      expect(served(project)).toBe("on");
    }),
    { numRuns: 100 },
  );
});
