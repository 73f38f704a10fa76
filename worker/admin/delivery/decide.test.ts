import { describe, expect, test } from "vitest";
import { FakeProject } from "../../testing/fake-project.ts";

describe("a deployment", () => {
  const note = {
    type: "recordDeployment",
    id: "d1",
    environment: "production",
    version: "v1",
    status: "success",
  } as const;
  test("is noted with its time, and told again replaces only what is said", () => {
    const project = FakeProject.with("production");
    project.must({ ...note, finishedAt: "2026-11-22T11:00:00+01:00", committedAt: "2026-11-22T08:00:00Z" });
    project.must({ ...note, status: "rolled-back" });
    expect(project.get("deployment", "production", "d1")?.body).toMatchObject({
      status: "rolled-back",
      finishedAt: "2026-11-22T10:00:00.000Z",
      committedAt: "2026-11-22T08:00:00.000Z",
    });
  });
  test.each([
    [{ environment: "gone" }, "environment-not-found"],
    [{ finishedAt: "2027-01-01T00:00:00Z" }, "invalid"],
    [{ finishedAt: "2020-01-01T00:00:00Z" }, "invalid"],
    [{ committedAt: "2026-11-22T11:30:00Z", finishedAt: "2026-11-22T11:00:00Z" }, "invalid"],
  ])("with %j is refused", (wrong, code) => {
    expect(FakeProject.with("production").refusal({ ...note, ...wrong })).toBe(code);
  });
});
