import { expect, test, vi } from "vitest";
import { aFlag, FakeProject } from "../../testing/fake-project.ts";

function shop(): FakeProject {
  const project = FakeProject.with("production");
  for (const flag of ["a", "b", "c"]) project.must({ type: "putFlag", flag, definition: aFlag() });
  project.must({
    type: "putState",
    environment: "production",
    flag: "b",
    state: { prerequisites: [{ flag: "a", variants: ["on"] }] },
  });
  return project;
}
const archived = (project: FakeProject) =>
  project.list("flag").flatMap(({ key, body }) => (body.archivedAt ? [key] : []));

test("flags that need each other go together, though neither could go before the other", () => {
  const project = shop();
  expect(project.refusal({ type: "archiveFlag", flag: "a" })).toBe("in-use");
  project.must({ type: "archiveFlags", flags: ["a", "b"] });
  expect(archived(project)).toEqual(["a", "b"]);
});

test("all go or none does", () => {
  const project = shop();
  expect(project.refusal({ type: "archiveFlags", flags: ["c", "a"] })).toBe("in-use");
  expect(project.refusal({ type: "archiveFlags", flags: ["c", "gone"] })).toBe("flag-not-found");
  expect(archived(project)).toEqual([]);
});

test("their tests go with them, as with one", () => {
  const project = shop();
  const settings = { kind: "wizard-of-oz", share: 100_000, deadlineSeconds: 60, fallback: "Later" } as const;
  for (const flag of ["one", "two"]) project.must({ type: "putTest", environment: "production", flag, settings });
  project.must({ type: "archiveFlag", flag: "one" });
  project.must({ type: "archiveFlags", flags: ["two", "c"] });
  expect(project.list("test")).toEqual([]);
});

test("a flag named twice goes once", () => {
  const project = shop();
  project.must({ type: "archiveFlags", flags: ["c", "c"] });
  expect(archived(project)).toEqual(["c"]);
});

test("looks through states and tests as often for many as for few; a key that is unknown ends it before", () => {
  const looks = [20, 40].map((count) => {
    const project = FakeProject.with("production");
    const flags = Array.from({ length: count }, (_, n) => `f${n}`);
    const definition = aFlag({ purpose: "wizard-of-oz" });
    for (const flag of flags) project.must({ type: "putFlag", flag, definition });
    const lists = [vi.spyOn(project, "mentioning"), vi.spyOn(project, "list")];
    const looked = () =>
      lists.map((list) => list.mock.calls.filter(([entity]) => entity === "state" || entity === "test").length);
    expect(project.refusal({ type: "archiveFlags", flags: [...flags, "gone"] })).toBe("flag-not-found");
    expect(looked()).toEqual([0, 0]);
    project.must({ type: "archiveFlags", flags }, { role: "marketer" });
    return looked();
  });
  expect(looks[1]).toEqual(looks[0]);
});
