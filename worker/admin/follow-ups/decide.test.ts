import { expect, test } from "vitest";
import { LIMITS } from "../../../shared/limits.ts";
import { aFlag, FakeProject } from "../../testing/fake-project.ts";

const at = { environment: "production" };
const given = { title: "Alert on errors", owner: "Grace", due: "2026-12-01" };

/** A project whose flag was killed, and the revision of the kill. */
function killed(): { project: FakeProject; incident: number } {
  const project = FakeProject.with("production");
  project.must({ type: "putFlag", flag: "f", definition: aFlag() });
  project.must({ type: "kill", ...at, flag: "f" });
  return { project, incident: project.revision };
}
const create = (incident: number, id = "fu_1", flag = "f") =>
  ({ type: "createFollowUp", ...at, id, incident, flag, ...given }) as const;

test("a follow-up belongs to the change that took the flag back, and to no other", () => {
  const { project, incident } = killed();
  project.must(create(incident));
  expect(project.get("followUp", "production", "fu_1")?.body).toEqual({
    incident,
    flag: "f",
    ...given,
    createdBy: "Ada",
  });
  expect(project.refusal(create(incident, "fu_2", "g"))).toBe("document-not-found");
  expect(project.refusal(create(incident + 50, "fu_2"))).toBe("document-not-found");
  expect(project.refusal({ ...create(incident), environment: "moon" })).toBe("environment-not-found");
});

test("done says by whom and on which day, once, and is taken back whole", () => {
  const { project, incident } = killed();
  project.must(create(incident));
  const patch = (more: object) => project.must({ type: "patchFollowUp", ...at, id: "fu_1", ...more });
  const body = () => project.get("followUp", "production", "fu_1")?.body;
  patch({ done: true });
  expect(body()).toMatchObject({ done: "2026-11-22", doneBy: "Ada" });
  expect(patch({ done: true }).changes).toEqual([]);
  patch({ owner: "Linus" });
  expect(body()).toMatchObject({ owner: "Linus", done: "2026-11-22" });
  patch({ done: false });
  expect(body()).toEqual({ incident, flag: "f", ...given, owner: "Linus", createdBy: "Ada" });
});

test("who comes second with an older version is told so; what is not there is 404", () => {
  const { project, incident } = killed();
  project.must(create(incident));
  const remove = { type: "deleteFollowUp", ...at, id: "fu_1" } as const;
  expect(project.refusal(remove, { ifVersion: 7 })).toBe("version-conflict");
  project.must(remove);
  expect(project.refusal(remove)).toBe("document-not-found");
  expect(project.refusal({ type: "patchFollowUp", ...at, id: "fu_1", done: true })).toBe("document-not-found");
});

test("an environment holds a bounded number of them", () => {
  const { project, incident } = killed();
  for (let n = 0; n < LIMITS.followUpsPerEnvironment; n++)
    project.put("followUp", "production", `fu_${n}`, { incident, flag: "f", ...given, createdBy: "Ada" });
  expect(project.refusal(create(incident, "fu_more"))).toBe("limit-exceeded");
});
