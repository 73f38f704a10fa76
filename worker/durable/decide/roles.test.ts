import { describe, expect, test } from "vitest";
import { PURPOSES, TEST_PURPOSES } from "../../../shared/schema/flag.ts";
import { aFlag, FakeProject } from "../../testing/fake-project.ts";

const at = { environment: "production" };
const marketer = { role: "marketer" } as const;
const tests: readonly string[] = TEST_PURPOSES;

function shop(): FakeProject {
  const project = FakeProject.with("production");
  for (const purpose of PURPOSES) project.must({ type: "putFlag", flag: purpose, definition: aFlag({ purpose }) });
  return project;
}

describe.each(PURPOSES.map((purpose) => [purpose, tests.includes(purpose) ? null : "forbidden"] as const))(
  "a marketer and a flag for %s",
  (flag, refused) => {
    test.each([
      ["make", { type: "putFlag", flag: "new", definition: aFlag({ purpose: flag }) }],
      ["replace", { type: "putFlag", flag, definition: aFlag({ purpose: flag, owner: "me" }) }],
      ["patch", { type: "patchFlag", flag, patch: { owner: "me" } }],
      ["switch", { type: "patchState", ...at, flag, patch: { enabled: true } }],
      ["replace the state of", { type: "putState", ...at, flag, state: { enabled: true } }],
      ["kill", { type: "kill", ...at, flag }],
      ["restore", { type: "restore", ...at, flag }],
      ["archive", { type: "archiveFlag", flag }],
    ] as const)(`may${refused ? " not" : ""} %s it`, (_verb, command) => {
      expect(shop().refusal(command as never, marketer)).toBe(refused);
      expect(shop().refusal(command as never, { role: "engineer" })).toBeNull();
    });
  },
);

test("a marketer cannot turn a release flag into a test, nor a test into anything else", () => {
  const project = shop();
  expect(project.refusal({ type: "patchFlag", flag: "release", patch: { purpose: "fake-door" } }, marketer)).toBe(
    "forbidden",
  );
  for (const purpose of PURPOSES) {
    if (purpose === "fake-door") continue;
    expect(project.refusal({ type: "patchFlag", flag: "fake-door", patch: { purpose } }, marketer)).toBe("forbidden");
  }
});

test("a marketer cannot take over an archived release flag's key", () => {
  const project = shop();
  project.must({ type: "archiveFlag", flag: "release" });
  const reuse = { type: "putFlag", flag: "release", definition: aFlag({ purpose: "fake-door" }), reuse: true } as const;
  expect(project.refusal(reuse, marketer)).toBe("forbidden");
});
