import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../shared/limits.ts";
import { aFlag, everybody, FakeProject } from "../../testing/fake-project.ts";

const at = { environment: "production", flag: "checkout" };
const put = (over = {}) => ({ type: "putFlag", flag: "checkout", definition: aFlag(over) }) as const;
const live = { enabled: true, rules: [{ id: "all", when: everybody, serve: { variant: "on" } }] };

function shop(): FakeProject {
  const project = FakeProject.with("staging", "production");
  project.must(put());
  return project;
}

describe("a new flag", () => {
  test("is off in every environment, and would serve its first variant that is not the off variant", () => {
    for (const { body } of shop().list("state")) {
      expect(body).toMatchObject({ enabled: false, rules: [], fallthrough: { variant: "on" } });
    }
  });

  test("gets its own key as seed, and keeps its seed through edits that do not name one", () => {
    const project = shop();
    expect(project.get("flag", "", "checkout")?.body.seed).toBe("checkout");
    project.must(put({ seed: "other" }));
    project.must(put({ owner: "me" }));
    expect(project.get("flag", "", "checkout")?.body.seed).toBe("other");
    project.must({ type: "patchFlag", flag: "checkout", patch: { owner: "you" } });
    expect(project.get("flag", "", "checkout")?.body.seed).toBe("other");
  });

  test("gets a state in environments that are made later, and archived flags do not", () => {
    const project = shop();
    project.must({ type: "putFlag", flag: "old", definition: aFlag() });
    project.must({ type: "archiveFlag", flag: "old" });
    project.must({ type: "putEnvironment", environment: "preview" });
    expect(project.list("state", "preview").map(({ key }) => key)).toEqual(["checkout"]);
  });
});

test("a project at its limit takes no further flag, and says how many it would be", () => {
  const full = Object.assign(shop(), { count: () => LIMITS.flagsPerProject });
  const refused = full.run({ type: "putFlag", flag: "one-more", definition: aFlag() });
  const max = LIMITS.flagsPerProject;
  expect(refused).toMatchObject({
    rejection: { code: "limit-exceeded", limit: "flagsPerProject", max, actual: max + 1 },
  });
  expect(full.refusal({ type: "putFlag", flag: "checkout", definition: aFlag() })).toBeNull();
});

describe("an archived flag", () => {
  const archived = () => {
    const project = shop();
    project.must({ type: "putState", ...at, state: live });
    project.must({ type: "archiveFlag", flag: "checkout" });
    return project;
  };

  test.each([
    ["PUT", put()],
    ["PATCH", { type: "patchFlag", flag: "checkout", patch: {} }],
    ["a state", { type: "putState", ...at, state: {} }],
    ["a kill", { type: "kill", ...at }],
    ["a restore", { type: "restore", ...at }],
    ["archiving again", { type: "archiveFlag", flag: "checkout" }],
  ] as const)("keeps its key: %s is refused", (_what, command) => {
    expect(archived().refusal(command as never)).toBe("flag-archived");
  });

  test("used again on purpose starts as a new flag does: off, without the old rules", () => {
    const project = archived();
    project.must({ ...put(), reuse: true });
    expect(project.get("flag", "", "checkout")?.body.archivedAt).toBeUndefined();
    expect(project.get("state", "production", "checkout")?.body).toMatchObject({ enabled: false, rules: [] });
  });

  test("used again is still killed, if it was", () => {
    const project = shop();
    project.must({ type: "kill", ...at });
    project.must({ type: "archiveFlag", flag: "checkout" });
    project.must({ ...put(), reuse: true });
    expect(project.list("kill", "production")[0]?.body.clearedRevision).toBeUndefined();
  });

  test("cannot be one that other flags depend on", () => {
    const project = shop();
    project.must({ type: "putFlag", flag: "banner", definition: aFlag() });
    const prerequisites = [{ flag: "checkout", variants: ["on"] }];
    project.must({ type: "putState", environment: "staging", flag: "banner", state: { prerequisites } });
    expect(project.run({ type: "archiveFlag", flag: "checkout" })).toMatchObject({
      rejection: { code: "in-use", by: ["banner"] },
    });
    project.must({ type: "archiveFlag", flag: "banner" });
    expect(project.refusal({ type: "archiveFlag", flag: "checkout" })).toBeNull();
  });
});

describe("what code relies on", () => {
  test("the type of a flag never changes, by PUT, by PATCH or by reuse", () => {
    const boolean = { type: "boolean", variants: { on: true, off: false } } as const;
    const project = shop();
    expect(project.refusal(put(boolean as never))).toBe("type-change");
    expect(
      project.refusal({
        type: "patchFlag",
        flag: "checkout",
        patch: { ...boolean, variants: { on: true, off: false, blue: null } },
      }),
    ).toBe("type-change");
    project.must({ type: "archiveFlag", flag: "checkout" });
    expect(project.refusal({ ...put(boolean as never), reuse: true })).toBe("type-change");
  });

  test("a variant that the flag's own state serves cannot be removed", () => {
    const project = shop();
    project.must({ type: "putState", ...at, state: { fallthrough: { variant: "blue" } } });
    const refused = project.run({ type: "patchFlag", flag: "checkout", patch: { variants: { blue: null } } });
    expect(refused).toMatchObject({ rejection: { code: "invalid", issues: [{ field: "fallthrough.variant" }] } });
  });

  test("a variant that another flag tests for cannot be removed; one of the same name elsewhere can", () => {
    const project = shop();
    project.must({ type: "putFlag", flag: "banner", definition: aFlag() });
    const when = { any: [{ flag: "checkout", variants: ["on"] }] };
    const rules = [{ id: "r", when, serve: { variant: "blue" } }];
    project.must({ type: "putState", environment: "staging", flag: "banner", state: { rules } });
    const without = (variant: string) =>
      ({ type: "patchFlag", flag: "checkout", patch: { variants: { [variant]: null } } }) as const;
    for (const environment of ["staging", "production"]) {
      project.must({ type: "putState", environment, flag: "checkout", state: { fallthrough: { variant: "off" } } });
    }
    expect(project.run(without("on"))).toMatchObject({
      rejection: { code: "in-use", by: ["flag banner in staging"] },
    });
    expect(project.refusal(without("blue"))).toBeNull();
  });
});
