import { describe, expect, test } from "vitest";
import { aFlag, aSplit, everybody, FakeProject } from "../../../testing/fake-project.ts";

type Command = Parameters<FakeProject["run"]>[0];
const at = { environment: "production", flag: "checkout" };
const rule = { id: "all", when: everybody, serve: aSplit(["on", 30_000], ["off", 70_000]) };

/** Every kind of write, as it would be sent twice. */
const writes: Command[] = [
  { type: "putProject", name: "Shop" },
  { type: "putEnvironment", environment: "production", name: "Live" },
  { type: "putSegment", segment: "staff", definition: { when: everybody, included: ["u1"] } },
  { type: "putLayer", layer: "pricing", definition: {} },
  { type: "putHoldout", holdout: "q4", definition: { share: 5_000 } },
  { type: "putFlag", flag: "checkout", definition: aFlag({ tags: ["a"], description: "x" }) },
  { type: "patchFlag", flag: "checkout", patch: { owner: "payments" } },
  { type: "putState", ...at, state: { enabled: true, rules: [rule], holdout: "q4", killVariant: "blue" } },
  { type: "patchState", ...at, patch: { layer: { layer: "pricing", from: 0, to: 50_000 } } },
  { type: "kill", ...at },
  { type: "restore", ...at },
  { type: "archiveFlag", flag: "checkout" },
];

describe("a write that leaves everything as it stands", () => {
  const project = FakeProject.with("production");
  test.each(writes.slice(0, -1).map((write) => [write.type, write] as const))(
    "%s makes no revision",
    (_type, write) => {
      project.must(write);
      const { revision } = project;
      expect(project.must(write)).toEqual({ changes: [], publish: [] });
      expect(project.revision).toBe(revision);
    },
  );

  test("the order of fields does not count as a change", () => {
    const definition = { tags: ["a"], description: "x", ...aFlag(), owner: "payments" };
    expect(project.must({ type: "putFlag", flag: "checkout", definition }).changes).toEqual([]);
    expect(project.must({ type: "putState", ...at, state: currentState() }).changes).toEqual([]);
  });

  test("a document as it was answered, sent back, changes nothing", () => {
    for (const { key, body } of project.list("flag")) {
      expect(project.must({ type: "putFlag", flag: key, definition: body as never }).changes).toEqual([]);
    }
  });

  const currentState = () => {
    const state = project.get("state", "production", "checkout")?.body;
    return Object.fromEntries(Object.entries(state ?? {}).reverse());
  };
});

describe("versions", () => {
  const stale: [string, Command][] = [
    ["putProject", { type: "putProject", name: "Other" }],
    ["putEnvironment", { type: "putEnvironment", environment: "production", name: "Other" }],
    ["deleteEnvironment", { type: "deleteEnvironment", environment: "production" }],
    ["putFlag", { type: "putFlag", flag: "checkout", definition: aFlag({ owner: "me" }) }],
    ["patchFlag", { type: "patchFlag", flag: "checkout", patch: { owner: "me" } }],
    ["archiveFlag", { type: "archiveFlag", flag: "checkout" }],
    ["putState", { type: "putState", ...at, state: { enabled: true } }],
    ["patchState", { type: "patchState", ...at, patch: { enabled: true } }],
    ["putSegment", { type: "putSegment", segment: "staff", definition: { included: ["u2"] } }],
    ["deleteSegment", { type: "deleteSegment", segment: "staff" }],
    ["putLayer", { type: "putLayer", layer: "pricing", definition: { by: "account" } }],
    ["deleteLayer", { type: "deleteLayer", layer: "pricing" }],
    ["putHoldout", { type: "putHoldout", holdout: "q4", definition: { share: 1 } }],
    ["deleteHoldout", { type: "deleteHoldout", holdout: "q4" }],
  ];
  const shop = () => {
    const project = FakeProject.with("production", "staging");
    for (const write of writes.slice(2, 6)) project.must(write);
    return project;
  };

  test.each(stale)("%s loses against a version that has moved on, and changes nothing", (_type, command) => {
    const project = shop();
    const { revision } = project;
    for (const ifVersion of [0, 2, 99]) {
      const refused = project.run(command, { ifVersion });
      expect(refused).toMatchObject({ ok: false, rejection: { code: "version-conflict", expected: ifVersion } });
    }
    expect(project.revision).toBe(revision);
    expect(project.refusal(command, { ifVersion: 1 })).toBeNull();
  });

  test("version 0 means: only if it is not there yet", () => {
    const project = shop();
    const make = { type: "putFlag", flag: "banner", definition: aFlag() } as const;
    expect(project.refusal(make, { ifVersion: 1 })).toBe("version-conflict");
    expect(project.refusal(make, { ifVersion: 0 })).toBeNull();
    expect(project.refusal(make, { ifVersion: 0 })).toBe("version-conflict");
  });

  test("count by document: edits of other flags, and of the same flag elsewhere, do not conflict", () => {
    const project = shop();
    project.must({ type: "patchState", environment: "staging", flag: "checkout", patch: { enabled: true } });
    project.must({ type: "putFlag", flag: "banner", definition: aFlag() });
    expect(project.refusal({ type: "patchState", ...at, patch: { enabled: true } }, { ifVersion: 1 })).toBeNull();
    expect(project.get("state", "staging", "checkout")?.version).toBe(2);
    expect(project.get("flag", "", "checkout")?.version).toBe(1);
  });
});
