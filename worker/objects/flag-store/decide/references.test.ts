import { describe, expect, test } from "vitest";
import { DEPENDENCY_DEPTH } from "../../../../shared/limits.ts";
import { pendingSchedules } from "../../../admin/schedules/decide.ts";
import { aFlag, aSplit, everybody, FakeProject } from "../../../testing/fake-project.ts";
import { exportProject } from "../export-project.ts";

const production = { environment: "production" };
const needs = (flag: string, variant = "on") => ({ prerequisites: [{ flag, variants: [variant] }] });

function shop(...flags: string[]): FakeProject {
  const project = FakeProject.with("staging", "production");
  for (const flag of flags) project.must({ type: "putFlag", flag, definition: aFlag() });
  return project;
}
const issuesOf = (result: ReturnType<FakeProject["run"]>): string[] =>
  !result.ok && result.rejection.code === "invalid" ? result.rejection.issues.map(({ field }) => field) : [];

describe("a name that leads nowhere is refused with its field", () => {
  const rule = (when: object, serve: object = { variant: "on" }) => ({ rules: [{ id: "r", when, serve }] });
  test.each([
    ["killVariant", { killVariant: "gone" }],
    ["fallthrough.variant", { fallthrough: { variant: "gone" } }],
    ["fallthrough.split.1.variant", { fallthrough: aSplit(["on", 1], ["gone", 99_999]) }],
    ["rules.0.serve.variant", rule(everybody, { variant: "gone" })],
    ["rules.0.serve.split.0.variant", rule(everybody, aSplit(["gone", 100_000]))],
    ["rules.0.when", rule({ all: [{ not: { segment: "gone" } }] })],
    ["rules.0.when", rule({ any: [{ flag: "gone", variants: ["on"] }] })],
    ["rules.0.when", rule({ any: [{ flag: "banner", variants: ["gone"] }] })],
    ["rules.0.when.values.0", rule({ attribute: "plan", op: "matches", values: ["(?=x)"] })],
    ["prerequisites.0", needs("gone")],
    ["prerequisites.0", needs("banner", "gone")],
    ["layer", { layer: { layer: "gone", from: 0, to: 1 } }],
    ["holdout", { holdout: "gone" }],
  ])("%s", (field, state) => {
    const project = shop("checkout", "banner");
    const refused = project.run({ type: "putState", ...production, flag: "checkout", state: state as never });
    expect(issuesOf(refused)).toEqual([field]);
  });

  test("all of them at once", () => {
    const state = { killVariant: "gone", holdout: "gone", ...needs("gone") };
    const refused = shop("checkout").run({ type: "putState", ...production, flag: "checkout", state });
    expect(issuesOf(refused).sort()).toEqual(["holdout", "killVariant", "prerequisites.0"]);
  });

  test("an archived flag counts as gone", () => {
    const project = shop("checkout", "banner");
    project.must({ type: "archiveFlag", flag: "banner" });
    const refused = project.run({ type: "putState", ...production, flag: "checkout", state: needs("banner") });
    expect(issuesOf(refused)).toEqual(["prerequisites.0"]);
  });

  test("an ops flag cannot opt into a holdout", () => {
    const project = shop();
    project.must({ type: "putHoldout", holdout: "q4", definition: { share: 1 } });
    project.must({ type: "putFlag", flag: "ops", definition: aFlag({ purpose: "ops" }) });
    const refused = project.run({ type: "putState", ...production, flag: "ops", state: { holdout: "q4" } });
    expect(issuesOf(refused)).toEqual(["holdout"]);
  });
});

describe("a cycle is refused and named", () => {
  test("between flags, in one environment", () => {
    const project = shop("a", "b", "c");
    project.must({ type: "putState", ...production, flag: "a", state: needs("b") });
    project.must({ type: "putState", ...production, flag: "b", state: needs("c") });
    const refused = project.run({ type: "putState", ...production, flag: "c", state: needs("a") });
    expect(refused).toEqual({ ok: false, rejection: { code: "cycle", what: "flags", path: ["c", "a", "b", "c"] } });
    expect(project.refusal({ type: "putState", environment: "staging", flag: "c", state: needs("a") })).toBeNull();
  });

  test("of a flag with itself", () => {
    const refused = shop("a").run({ type: "putState", ...production, flag: "a", state: needs("a") });
    expect(refused).toMatchObject({ rejection: { code: "cycle", path: ["a", "a"] } });
  });

  test("between segments", () => {
    const project = shop();
    project.must({ type: "putSegment", segment: "a", definition: { included: ["u1"] } });
    project.must({ type: "putSegment", segment: "b", definition: { when: { segment: "a" } } });
    const refused = project.run({ type: "putSegment", segment: "a", definition: { when: { not: { segment: "b" } } } });
    expect(refused).toMatchObject({ rejection: { code: "cycle", what: "segments", path: ["a", "b", "a"] } });
  });

  test("and so is a chain deeper than the evaluator goes", () => {
    const flags = Array.from({ length: DEPENDENCY_DEPTH + 2 }, (_, index) => `f${index}`);
    const project = shop(...flags);
    const codes = flags
      .slice(1)
      .map((flag, index) => project.refusal({ type: "putState", ...production, flag, state: needs(`f${index}`) }));
    expect(codes.slice(0, DEPENDENCY_DEPTH)).toEqual(Array(DEPENDENCY_DEPTH).fill(null));
    expect(codes[DEPENDENCY_DEPTH]).toBe("limit-exceeded");
  });
});

describe("a layer", () => {
  test("is shared without overlap, in each environment for itself", () => {
    const project = shop("a", "b");
    project.must({ type: "putLayer", layer: "pricing", definition: {} });
    const share = (from: number, to: number) => ({ layer: { layer: "pricing", from, to } });
    project.must({ type: "putState", ...production, flag: "a", state: share(0, 50_000) });
    for (const [from, to] of [
      [0, 1],
      [49_999, 60_000],
      [10, 20],
      [0, 100_000],
    ] as const) {
      const refused = project.run({ type: "putState", ...production, flag: "b", state: share(from, to) });
      expect(issuesOf(refused)).toEqual(["layer"]);
    }
    expect(project.refusal({ type: "putState", environment: "staging", flag: "b", state: share(0, 1) })).toBeNull();
    expect(project.refusal({ type: "putState", ...production, flag: "b", state: share(50_000, 100_000) })).toBeNull();
    expect(project.refusal({ type: "putState", ...production, flag: "a", state: share(0, 40_000) })).toBeNull();
  });

  test("an archived flag's share is free", () => {
    const project = shop("a", "b");
    project.must({ type: "putLayer", layer: "pricing", definition: {} });
    const state = { layer: { layer: "pricing", from: 0, to: 100_000 } };
    project.must({ type: "putState", ...production, flag: "a", state });
    project.must({ type: "archiveFlag", flag: "a" });
    expect(project.refusal({ type: "putState", ...production, flag: "b", state })).toBeNull();
  });
});

describe("what is in use cannot be deleted", () => {
  test.each([
    ["segment", { rules: [{ id: "r", when: { not: { segment: "x" } }, serve: { variant: "on" } }] }],
    ["layer", { layer: { layer: "x", from: 0, to: 1 } }],
    ["holdout", { holdout: "x" }],
  ] as const)("a %s that a flag names", (kind, state) => {
    const project = shop("checkout");
    project.must({ type: "putSegment", segment: "x", definition: {} });
    project.must({ type: "putLayer", layer: "x", definition: {} });
    project.must({ type: "putHoldout", holdout: "x", definition: { share: 1 } });
    project.must({ type: "putState", ...production, flag: "checkout", state: state as never });
    const remove = {
      segment: { type: "deleteSegment", segment: "x" },
      layer: { type: "deleteLayer", layer: "x" },
      holdout: { type: "deleteHoldout", holdout: "x" },
    } as const;
    expect(project.run(remove[kind])).toMatchObject({
      rejection: { code: "in-use", by: ["flag checkout in production"] },
    });
    project.must({ type: "putState", ...production, flag: "checkout", state: {} });
    expect(project.refusal(remove[kind])).toBeNull();
  });
});

describe("a public flag that depends on a hidden one", () => {
  const hidden = (visibility: "targeted" | "server-only") => {
    const project = shop();
    project.must({ type: "putFlag", flag: "banner", definition: aFlag({ visibility: "public" }) });
    project.must({ type: "putFlag", flag: "launch", definition: aFlag({ visibility }) });
    return project;
  };
  const put = { type: "putState", ...production, flag: "banner", state: needs("launch") } as const;

  test.each(["targeted", "server-only"] as const)("%s: needs an acknowledgement", (visibility) => {
    const project = hidden(visibility);
    expect(project.run(put)).toMatchObject({
      rejection: { code: "exposes-hidden-flag", flag: "banner", hidden: ["launch"] },
    });
    expect(project.refusal({ ...put, acknowledgeExposure: true })).toBeNull();
  });

  test("whichever of the two is changed last", () => {
    const project = hidden("server-only");
    project.must({ type: "patchFlag", flag: "launch", patch: { visibility: "public" } });
    project.must(put);
    const hide = { type: "patchFlag", flag: "launch", patch: { visibility: "targeted" } } as const;
    expect(project.run(hide)).toMatchObject({
      rejection: { code: "exposes-hidden-flag", flag: "banner", hidden: ["launch"] },
    });
    expect(project.refusal({ ...hide, acknowledgeExposure: true })).toBeNull();
    expect(project.refusal({ type: "patchFlag", flag: "launch", patch: { owner: "me" } })).toBeNull();
  });

  test("in an import or a promotion, unless it was exposed already", () => {
    const source = hidden("targeted");
    source.must({ ...put, acknowledgeExposure: true });
    const command = { type: "import", document: exportProject(source, "shop", 1, 0) } as const;
    expect(source.refusal(command)).toBeNull();
    for (const project of [shop(), hidden("targeted")]) {
      expect(project.run(command)).toMatchObject({
        rejection: { code: "exposes-hidden-flag", flag: "banner", hidden: ["launch"] },
      });
      expect(project.refusal({ ...command, acknowledgeExposure: true })).toBeNull();
    }
  });

  test("in an import names all of them at once, since all are acknowledged at once", () => {
    const source = hidden("targeted");
    source.must({ type: "putFlag", flag: "other", definition: aFlag({ visibility: "server-only" }) });
    source.must({ type: "putFlag", flag: "footer", definition: aFlag({ visibility: "public" }) });
    source.must({ ...put, acknowledgeExposure: true });
    source.must({ ...put, flag: "footer", state: needs("other"), acknowledgeExposure: true });
    expect(shop().run({ type: "import", document: exportProject(source, "shop", 1, 0) })).toMatchObject({
      rejection: { code: "exposes-hidden-flag", flag: "banner", others: ["footer"], hidden: ["launch", "other"] },
    });
  });

  test("in a revert", () => {
    const project = hidden("targeted");
    project.must({ ...put, acknowledgeExposure: true });
    const { revision } = project;
    project.must({ type: "putState", ...production, flag: "banner", state: {} });
    const back = { type: "revert", revision } as const;
    expect(project.run(back)).toMatchObject({
      rejection: { code: "exposes-hidden-flag", flag: "banner", hidden: ["launch"] },
    });
    expect(project.refusal({ ...back, acknowledgeExposure: true })).toBeNull();
  });

  test("or newly on one behind it, whichever is edited", () => {
    const project = hidden("targeted");
    project.must({ type: "putFlag", flag: "secret", definition: aFlag({ visibility: "server-only" }) });
    project.must({ ...put, acknowledgeExposure: true });
    const behind = { ...put, flag: "launch", state: needs("secret") } as const;
    expect(project.run(behind)).toMatchObject({
      rejection: { code: "exposes-hidden-flag", flag: "banner", hidden: ["secret"] },
    });
    expect(project.refusal({ ...behind, acknowledgeExposure: true })).toBeNull();
    expect(project.refusal(behind)).toBeNull();
  });

  test("but not on what stands behind another public flag, which was asked about there", () => {
    const project = hidden("targeted");
    project.must({ ...put, acknowledgeExposure: true });
    project.must({ type: "putFlag", flag: "footer", definition: aFlag({ visibility: "public" }) });
    expect(project.refusal({ ...put, flag: "footer", state: needs("banner") })).toBeNull();
    expect(project.refusal({ type: "patchFlag", flag: "banner", patch: { visibility: "targeted" } })).toBe(
      "exposes-hidden-flag",
    );
  });

  test("by a schedule, whatever else is exposed until its time", () => {
    const project = hidden("targeted");
    project.must({ type: "putFlag", flag: "secret", definition: aFlag({ visibility: "server-only" }) });
    const at = new Date(project.now + 60_000).toISOString();
    const plan = { type: "createSchedule", ...production, flag: "banner", at, patch: needs("launch") } as const;
    expect(project.refusal(plan)).toBe("exposes-hidden-flag");
    const meant = () => {
      project.must({ ...plan, acknowledgeExposure: true });
      return pendingSchedules(project).at(-1)?.key as string;
    };
    const [kept, grown] = [meant(), meant()];
    const apply = (id: string) => project.must({ type: "applySchedule", ...production, flag: "banner", id });
    project.now += 60_000;
    apply(kept);
    expect(project.get("schedule", "production", kept)?.body.status).toBe("applied");
    project.must({ ...put, state: {} });
    project.must({ ...put, flag: "launch", state: needs("secret") });
    apply(grown);
    expect(project.get("schedule", "production", grown)?.body).toMatchObject({
      status: "failed",
      problem: { code: "exposes-hidden-flag", message: expect.stringContaining("secret") },
    });
  });

  test("is not asked about again by edits that expose nothing new", () => {
    const project = hidden("targeted");
    project.must({ ...put, acknowledgeExposure: true });
    expect(project.refusal({ ...put, state: { ...needs("launch"), enabled: false } })).toBeNull();
    expect(project.refusal({ type: "patchFlag", flag: "banner", patch: { owner: "me" } })).toBeNull();
  });

  test("is found when the dependant itself becomes public", () => {
    const project = hidden("targeted");
    project.must({ type: "patchFlag", flag: "banner", patch: { visibility: "targeted" } });
    project.must(put);
    const open = { type: "patchFlag", flag: "banner", patch: { visibility: "public" } } as const;
    expect(project.refusal(open)).toBe("exposes-hidden-flag");
    expect(project.refusal({ ...open, acknowledgeExposure: true })).toBeNull();
  });
});
