import { expect, test } from "vitest";
import { LIMITS } from "../../../shared/limits.ts";
import { segment } from "../../../shared/schema/segment.ts";
import { FakeProject } from "../../testing/fake-project.ts";

const definition = segment.parse({});
const draft = (version: string, sizes: number[], changed: number[] = [...sizes.keys()], salt = "salt") => ({
  salt,
  version,
  sizes,
  changed: new Set(changed),
});
const put = { type: "putList", segment: "s", upload: "1-1", digest: "0".repeat(64) } as const;

function withSegment(): FakeProject {
  const project = FakeProject.with("staging", "production");
  project.must({ type: "putSegment", segment: "s", definition });
  return project;
}

const listed = (project: FakeProject) => project.get("list", "", "s")?.body;

test("a list's change names new versions for the shards that changed, and keeps the others'", () => {
  const project = withSegment();
  project.must(put, { list: draft("1-1", [5, 0, 7, 8]) });
  expect(listed(project)).toEqual({ salt: "salt", version: "1-1", count: 20, shards: ["1-1", "", "1-1", "1-1"] });
  const { publish } = project.must(put, { list: draft("1-2", [5, 1, 7, 0], [1, 3]) });
  expect(listed(project)).toMatchObject({ version: "1-2", count: 13, shards: ["1-1", "1-2", "1-1", ""] });
  expect(publish).toEqual(["production", "staging"]);
});

test("divided anew, or under another salt, every shard is new", () => {
  const project = withSegment();
  project.must(put, { list: draft("1-1", [5, 5]) });
  project.must(put, { list: draft("1-2", [2, 3, 2, 3]) });
  expect(listed(project)?.shards).toEqual(["1-2", "1-2", "1-2", "1-2"]);
  project.must(put, { list: draft("1-3", [2, 3, 2, 3], [], "other") });
  expect(listed(project)?.shards).toEqual(["1-3", "1-3", "1-3", "1-3"]);
});

test("a list that stays as it is makes no revision", () => {
  const project = withSegment();
  project.must(put, { list: draft("1-1", [5]) });
  expect(project.must(put, { list: draft("1-2", [5], []) }).changes).toEqual([]);
});

test("limits: keys in a list, lists in a project; an upload that is gone is refused", () => {
  const project = withSegment();
  expect(project.refusal(put, { list: draft("1-1", [LIMITS.segmentListKeys]) })).toBeNull();
  expect(project.refusal(put, { list: draft("1-2", [LIMITS.segmentListKeys + 1]) })).toBe("limit-exceeded");
  expect(project.refusal(put)).toBe("invalid");
  for (let n = 1; n <= LIMITS.segmentListsPerProject; n++) {
    project.must({ type: "putSegment", segment: `s${n}`, definition });
    const refusal = project.refusal({ ...put, segment: `s${n}` }, { list: draft(`1-${n}`, [1]) });
    expect(refusal).toBe(n < LIMITS.segmentListsPerProject ? null : "limit-exceeded");
  }
});

test("a list does not outlive its segment: deleted, reverted or with the project", () => {
  for (const end of [
    { type: "deleteSegment", segment: "s" },
    { type: "revert", revision: 1 },
    { type: "deleteProject" },
  ] as const) {
    const project = withSegment();
    project.must(put, { list: draft("1-1", [5]) });
    project.must(end);
    expect([end.type, listed(project)]).toEqual([end.type, undefined]);
  }
});

test("a revert leaves the list of a segment that stays: its earlier keys are kept nowhere", () => {
  const project = withSegment();
  project.must(put, { list: draft("1-1", [5]) });
  const { revision } = project;
  project.must({ type: "putSegment", segment: "s", definition: { ...definition, description: "later" } });
  project.must(put, { list: draft("1-2", [6]) });
  project.must({ type: "revert", revision });
  expect(project.get("segment", "", "s")?.body.description).toBe("");
  expect(listed(project)?.count).toBe(6);
});
