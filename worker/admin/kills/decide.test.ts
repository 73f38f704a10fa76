import { describe, expect, test } from "vitest";
import { aFlag, FakeProject } from "../../testing/fake-project.ts";
import { activeKills } from "./decide.ts";

const at = { environment: "production", flag: "checkout" };

function shop(): FakeProject {
  const project = FakeProject.with("staging", "production");
  project.must({ type: "putFlag", flag: "checkout", definition: aFlag() });
  return project;
}
const kills = (project: FakeProject, environment = "production") =>
  activeKills(project, environment).map(({ body }) => [body.flag, body.variant ?? "all", body.serve]);

describe("a kill", () => {
  test("stops the flag in its own environment only, and says who, when and why", () => {
    const project = shop();
    const { publish } = project.must({ type: "kill", ...at }, { comment: "error rate" });
    expect(publish).toEqual(["production"]);
    expect(kills(project, "staging")).toEqual([]);
    const [row] = activeKills(project, "production");
    expect(row?.body).toMatchObject({ flag: "checkout", serve: "off", comment: "error rate", by: "Ada" });
    expect(row?.body.revision).toBe(project.revision);
  });

  test("repeats harmlessly: nothing changes and no revision is made", () => {
    const project = shop();
    project.must({ type: "kill", ...at });
    const before = project.revision;
    expect(project.must({ type: "kill", ...at })).toEqual({ changes: [], publish: [] });
    expect(project.revision).toBe(before);
  });

  test("never conflicts: whatever version its sender saw", () => {
    expect(shop().refusal({ type: "kill", ...at }, { ifVersion: 99 })).toBeNull();
  });

  test("serves the environment's kill variant, which may be no value at all", () => {
    const project = shop();
    project.must({ type: "patchState", ...at, patch: { killVariant: "blue" } });
    project.must({ type: "kill", ...at });
    expect(kills(project)).toEqual([["checkout", "all", "blue"]]);
    const other = shop();
    other.must({ type: "putState", ...at, state: { killVariant: null } });
    other.must({ type: "kill", ...at });
    expect(kills(other)).toEqual([["checkout", "all", null]]);
  });

  test("of one variant stands beside a kill of the flag, each lifted by name or both at once", () => {
    const project = shop();
    project.must({ type: "kill", ...at, variant: "on" });
    project.must({ type: "kill", ...at });
    expect(kills(project)).toHaveLength(2);
    project.must({ type: "restore", ...at, variant: "on" });
    expect(kills(project)).toEqual([["checkout", "all", "off"]]);
    project.must({ type: "kill", ...at, variant: "on" });
    project.must({ type: "restore", ...at });
    expect(kills(project)).toEqual([]);
  });

  test.each([
    ["an unknown flag", { ...at, flag: "gone" }, "flag-not-found"],
    ["an unknown environment", { ...at, environment: "gone" }, "environment-not-found"],
    ["an unknown variant", { ...at, variant: "gone" }, "invalid"],
  ])("of %s is refused", (_what, wanted, code) => {
    expect(shop().refusal({ type: "kill", ...wanted })).toBe(code);
  });

  test("keeps the variants that it names and serves from being removed", () => {
    const project = shop();
    project.must({ type: "patchState", ...at, patch: { killVariant: "blue" } });
    project.must({ type: "kill", ...at });
    project.must({ type: "patchState", ...at, patch: { killVariant: null } });
    const without = aFlag({ variants: { on: "on", off: "off" } });
    expect(project.refusal({ type: "putFlag", flag: "checkout", definition: without })).toBe("in-use");
    project.must({ type: "restore", ...at });
    expect(project.refusal({ type: "putFlag", flag: "checkout", definition: without })).toBeNull();
  });
});

describe("a restore", () => {
  test("of what is not killed changes nothing", () => {
    const project = shop();
    expect(project.must({ type: "restore", ...at })).toEqual({ changes: [], publish: [] });
  });

  test("keeps the kill's row, marked, until a snapshot without it is out", () => {
    const project = shop();
    project.must({ type: "kill", ...at });
    project.must({ type: "restore", ...at });
    expect(kills(project)).toEqual([]);
    expect(project.list("kill", "production")[0]?.body.clearedRevision).toBe(project.revision);
  });

  test("lays a tombstone for each break-glass kill, once", () => {
    const project = shop();
    const restore = { type: "restore" as const, ...at, breakGlassIds: ["bg_1", "bg_2"] };
    expect(project.must(restore).changes.map(({ entity, key }) => [entity, key])).toEqual([
      ["tombstone", "bg_1"],
      ["tombstone", "bg_2"],
    ]);
    expect(project.must(restore).changes).toEqual([]);
  });

  test("does not touch kills of other flags", () => {
    const project = shop();
    project.must({ type: "putFlag", flag: "banner", definition: aFlag() });
    project.must({ type: "kill", environment: "production", flag: "banner" });
    project.must({ type: "kill", ...at });
    project.must({ type: "restore", ...at });
    expect(kills(project)).toEqual([["banner", "all", "off"]]);
  });
});
