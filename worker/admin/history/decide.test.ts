import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { command as commandSchema } from "../../objects/flag-store/commands.ts";
import { decide } from "../../objects/flag-store/decide/decide.ts";
import type { Body, Change } from "../../objects/flag-store/entities.ts";
import { exportProject } from "../../objects/flag-store/export-project.ts";
import { aFlag, aSplit, everybody, FakeProject } from "../../testing/fake-project.ts";

type Command = Parameters<FakeProject["run"]>[0];
const REVERTED = ["flag", "state", "segment", "layer", "holdout"] as const;

const flag = fc.constantFrom("checkout", "banner", "price");
const environment = fc.constantFrom("staging", "production");
const weight = fc.integer({ min: 0, max: 100_000 });
const when = fc.constantFrom<object>(everybody, { segment: "staff" }, { flag: "price", variants: ["on"] });
const state = fc
  .record({
    enabled: fc.boolean(),
    killVariant: fc.constantFrom("off", "blue", null),
    holdout: fc.constantFrom("q4", undefined),
    layer: fc.constantFrom({ layer: "l", from: 0, to: 50_000 }, { layer: "l", from: 50_000, to: 60_000 }, undefined),
    rules: fc.array(fc.tuple(when, weight), { maxLength: 2 }),
  })
  .map(({ rules, ...rest }) => ({
    ...rest,
    rules: rules.map(([when, on], index) => ({
      id: `r${index}`,
      when,
      serve: aSplit(["on", on], ["off", 100_000 - on]),
    })),
  }));
const anyCommand = fc.oneof(
  fc.record({
    type: fc.constant("putFlag"),
    flag,
    definition: fc.constantFrom(aFlag(), aFlag({ owner: "me" }), aFlag({ tags: ["x"], seed: "s" })),
    reuse: fc.boolean(),
  }),
  fc.record({ type: fc.constant("archiveFlag"), flag }),
  fc.record({ type: fc.constant("putState"), environment, flag, state }),
  fc.record({ type: fc.constant("patchState"), environment, flag, patch: fc.record({ enabled: fc.boolean() }) }),
  fc.record({ type: fc.constantFrom("kill", "restore"), environment, flag }),
  fc.record({
    type: fc.constant("putSegment"),
    segment: fc.constantFrom("staff", "beta"),
    definition: fc.record({ included: fc.constantFrom(["u1"], ["u2", "u3"], []) }),
  }),
  fc.record({ type: fc.constant("deleteSegment"), segment: fc.constantFrom("staff", "beta") }),
  fc.record({ type: fc.constant("putLayer"), layer: fc.constant("l"), definition: fc.constantFrom({}, { by: "x" }) }),
  fc.record({ type: fc.constant("deleteLayer"), layer: fc.constant("l") }),
  fc.record({ type: fc.constant("putHoldout"), holdout: fc.constant("q4"), definition: fc.record({ share: weight }) }),
  fc.record({ type: fc.constant("deleteHoldout"), holdout: fc.constant("q4") }),
) as fc.Arbitrary<Command>;
const history = fc.array(anyCommand, { minLength: 1, maxLength: 25 });

function shop(): FakeProject {
  const project = FakeProject.with("staging", "production");
  project.must({ type: "putSegment", segment: "staff", definition: {} });
  project.must({ type: "putLayer", layer: "l", definition: {} });
  project.must({ type: "putHoldout", holdout: "q4", definition: { share: 1_000 } });
  for (const key of ["price", "checkout", "banner"]) project.must({ type: "putFlag", flag: key, definition: aFlag() });
  return project;
}

describe("revert", () => {
  test("puts every flag, state, segment, layer and holdout back exactly to any earlier revision", () => {
    fc.assert(
      fc.property(history, fc.double({ min: 0, max: 1, noNaN: true }), (commands, part) => {
        const project = shop();
        const at = new Map([[project.revision, project.documents(...REVERTED)]]);
        for (const command of commands) {
          project.run(command);
          if (!at.has(project.revision)) at.set(project.revision, project.documents(...REVERTED));
        }
        const revisions = [...at.keys()];
        const target = revisions[Math.floor(part * (revisions.length - 1))] ?? 1;
        project.must({ type: "revert", revision: target });
        expect(project.documents(...REVERTED)).toEqual(at.get(target));
      }),
      { numRuns: 150 },
    );
  });

  test("of a revert is the way back: a revert is itself just the next revision", () => {
    const project = shop();
    project.must({ type: "patchState", environment: "production", flag: "price", patch: { enabled: true } });
    const [before, documents] = [project.revision, project.documents(...REVERTED)];
    project.must({ type: "revert", revision: 1 });
    expect(project.revision).toBe(before + 1);
    expect(project.list("flag")).toEqual([]);
    project.must({ type: "revert", revision: before });
    expect(project.documents(...REVERTED)).toEqual(documents);
  });

  test("does not touch kills, keys, environments and the project's name", () => {
    const project = shop();
    const { revision } = project;
    project.must({ type: "kill", environment: "production", flag: "price" });
    project.must({ type: "putProject", name: "Renamed" });
    project.must({ type: "putEnvironment", environment: "preview" });
    const key = { id: "key_1", kind: "server" as const, name: "k", hash: "0".repeat(64), hint: "0000", origins: [] };
    project.must({ type: "createKey", environment: "production", ...key });
    const kept = project.documents("kill", "key", "environment", "project");
    project.must({ type: "revert", revision });
    expect(project.documents("kill", "key", "environment", "project")).toEqual(kept);
  });

  test("to now changes nothing; to a revision that never was is refused", () => {
    const project = shop();
    expect(project.must({ type: "revert", revision: project.revision }).changes).toEqual([]);
    expect(project.refusal({ type: "revert", revision: project.revision + 1 })).toBe("revision-not-found");
  });

  test("of what no schema takes any more is refused by the field, alone or with others", () => {
    const project = shop();
    const state = project.get("state", "production", "price")?.body as Body<"state">;
    const twice = { id: "r", when: everybody, serve: { variant: "on" } };
    const before = { ...state, rules: [twice, twice] };
    const [past] = [{ entity: "state", environment: "production", key: "price", before, after: state } as Change];
    const actor = { type: "token", id: "tok", name: "Ada", role: "admin" } as const;
    const circumstances = {
      project: "shop",
      view: project,
      actor,
      comment: "",
      revision: 9,
      now: 1,
      ifVersion: undefined,
    };
    for (const over of [{}, { flag: "price" }, { alone: true }]) {
      const command = commandSchema.parse({ type: "revert", revision: 1, ...over });
      expect(decide(command, { ...circumstances, historySince: () => [past], historyOf: () => [past] })).toMatchObject({
        rejection: { code: "invalid", issues: [{ field: "states.production.price.rules.1.id" }] },
      });
    }
  });

  test("cannot change the type of a flag made anew since", () => {
    const project = shop();
    const { revision } = project;
    project.must({ type: "revert", revision: 1 });
    const boolean = { type: "boolean", variants: { on: true }, offVariant: null } as const;
    project.must({ type: "putFlag", flag: "price", definition: boolean });
    expect(project.refusal({ type: "revert", revision })).toBe("type-change");
  });

  test("cannot take away the variant that a kill serves", () => {
    const project = shop();
    const { revision } = project;
    const green = aFlag({ variants: { on: "on", off: "off", blue: "blue", green: "green" } });
    project.must({ type: "putFlag", flag: "price", definition: green });
    project.must({ type: "patchState", environment: "production", flag: "price", patch: { killVariant: "green" } });
    project.must({ type: "kill", environment: "production", flag: "price" });
    expect(project.refusal({ type: "revert", revision })).toBe("in-use");
  });
});

describe("import", () => {
  const exported = (project: FakeProject) =>
    JSON.parse(JSON.stringify(exportProject(project, "shop", project.revision, project.now)));

  test("of a project's own export changes nothing, whatever its history", () => {
    fc.assert(
      fc.property(history, (commands) => {
        const project = shop();
        for (const command of commands) project.run(command);
        expect(project.must({ type: "import", document: exported(project) })).toEqual({ changes: [], publish: [] });
      }),
      { numRuns: 100 },
    );
  });

  test("into an empty project makes the same flags, so that nobody changes bucket", () => {
    fc.assert(
      fc.property(history, (commands) => {
        const project = shop();
        for (const command of commands) project.run(command);
        const copy = FakeProject.with("staging", "production");
        copy.must({ type: "import", document: exported(project) });
        const { revision: _r, exportedAt: _e, ...same } = exported(project);
        expect(exported(copy)).toMatchObject(same);
      }),
      { numRuns: 50 },
    );
  });

  test("is all or nothing: one dangling name refuses the whole document, and says where", () => {
    const document = exported(shop());
    document.flags.extra = document.flags.price;
    document.states.production.checkout.rules = [{ id: "r", when: { segment: "gone" }, serve: { variant: "on" } }];
    const copy = FakeProject.with("production");
    const { revision } = copy;
    expect(copy.run({ type: "import", document })).toMatchObject({
      rejection: { code: "invalid", issues: [{ field: "states.production.checkout.rules.0.when" }] },
    });
    expect(copy.revision).toBe(revision);
  });

  test("looks through states and segments as often for many as for few, whatever they depend on", () => {
    const looks = [20, 40].map((count) => {
      const project = shop();
      const document = exportProject(project, "shop", 1, 0);
      const state = document.states.production?.price as NonNullable<typeof document.states.production>[string];
      for (let index = 0; index < count; index++) {
        document.flags[`f${index}`] = document.flags.price as (typeof document.flags)[string];
        document.segments[`s${index}`] = {
          description: "",
          by: "x",
          included: [],
          excluded: [],
          when: { segment: `s${index + 1}` },
        };
        const prerequisites = index % 20 === 0 ? [] : [{ flag: `f${index - 1}`, variants: ["on"] }];
        const layer = { layer: "l", from: 60_000 + index, to: 60_001 + index };
        document.states.production![`f${index}`] = { ...state, prerequisites, layer };
      }
      for (let index = 20; index <= count; index += 20)
        document.segments[`s${index}`] = { description: "", by: "x", included: [], excluded: [] };
      const lists = [vi.spyOn(project, "mentioning"), vi.spyOn(project, "list")];
      project.must({ type: "import", document });
      return lists.map(
        (list) => list.mock.calls.filter(([entity]) => entity === "state" || entity === "segment").length,
      );
    });
    expect(looks[1]).toEqual(looks[0]);
  });

  test("looks through the project as often when many flags lose a variant as when few do", () => {
    const looks = [20, 40].map((count) => {
      const project = FakeProject.with("production");
      for (let index = 0; index < count; index++)
        project.must({ type: "putFlag", flag: `f${index}`, definition: aFlag() });
      const document = exported(project);
      for (const one of Object.values(document.flags)) delete (one as { variants: { blue?: unknown } }).variants.blue;
      const lists = [vi.spyOn(project, "mentioning"), vi.spyOn(project, "list")];
      project.must({ type: "import", document });
      return lists.map((list) => list.mock.calls.filter(([entity]) => entity !== "environment").length);
    });
    expect(looks[1]).toEqual(looks[0]);
  });

  test("refuses cycles, overlaps and changed types as single writes do", () => {
    const needs = (flag: string) => [{ flag, variants: ["on"] }];
    const cyclic = exported(shop());
    cyclic.states.production.price.prerequisites = needs("banner");
    cyclic.states.production.banner.prerequisites = needs("price");
    expect(shop().refusal({ type: "import", document: cyclic })).toBe("cycle");
    const overlapping = exported(shop());
    for (const key of ["price", "banner"]) overlapping.states.production[key].layer = { layer: "l", from: 0, to: 10 };
    expect(shop().refusal({ type: "import", document: overlapping })).toBe("invalid");
    const retyped = exported(shop());
    retyped.flags.price = { ...retyped.flags.price, type: "boolean", variants: { on: true, off: false, blue: true } };
    expect(shop().refusal({ type: "import", document: retyped })).toBe("type-change");
  });
});

describe("an undo of what others have come to need is refused", () => {
  const at = (flag: string) => ({ type: "patchState", environment: "production", flag }) as const;
  const refusals: Record<string, (project: FakeProject) => string | null> = {
    "a flag that others ask for is taken away": (project) => {
      project.must({ type: "putFlag", flag: "extra", definition: aFlag() });
      project.must({ ...at("price"), patch: { prerequisites: [{ flag: "extra", variants: ["on"] }] } });
      return "invalid";
    },
    "a segment that others use is taken away": (project) => {
      project.must({ type: "putSegment", segment: "extra", definition: {} });
      project.must({
        ...at("price"),
        patch: { rules: [{ id: "r", when: { segment: "extra" }, serve: { variant: "on" } }] },
      });
      return "invalid";
    },
    "a segment that another segment uses is taken away": (project) => {
      project.must({ type: "putSegment", segment: "extra", definition: {} });
      project.must({ type: "putSegment", segment: "staff", definition: { when: { segment: "extra" } } });
      return "invalid";
    },
    "a layer that others use is taken away": (project) => {
      project.must({ type: "putLayer", layer: "extra", definition: {} });
      project.must({ ...at("price"), patch: { layer: { layer: "extra", from: 0, to: 10 } } });
      return "invalid";
    },
    "a holdout that others use is taken away": (project) => {
      project.must({ type: "putHoldout", holdout: "extra", definition: { share: 1 } });
      project.must({ ...at("price"), patch: { holdout: "extra" } });
      return "invalid";
    },
  };
  test.each(Object.keys(refusals))("%s", (what) => {
    const project = shop();
    const made = project.revision + 1;
    const expected = (refusals[what] as (project: FakeProject) => string)(project);
    expect(project.refusal({ type: "revert", revision: made, alone: true })).toBe(expected);
    expect(project.run({ type: "revert", revision: made - 1 }).ok).toBe(true);
  });

  test("a layer's range, and a circle, that another flag's change has come in the way of", () => {
    const project = shop();
    project.must({ ...at("price"), patch: { layer: { layer: "l", from: 0, to: 10 } } });
    project.must({ ...at("price"), patch: { layer: null } });
    const freed = project.revision;
    project.must({ ...at("banner"), patch: { layer: { layer: "l", from: 5, to: 20 } } });
    expect(project.refusal({ type: "revert", revision: freed, alone: true })).toBe("invalid");
    project.must({ ...at("price"), patch: { prerequisites: [{ flag: "checkout", variants: ["on"] }] } });
    project.must({ ...at("price"), patch: { prerequisites: [] } });
    const untied = project.revision;
    project.must({ ...at("checkout"), patch: { prerequisites: [{ flag: "price", variants: ["on"] }] } });
    expect(project.refusal({ type: "revert", revision: untied, alone: true })).toBe("cycle");
  });
});

describe("undoing one change", () => {
  const state = (project: FakeProject) => project.get("state", "production", "price")?.body;
  const patch = (project: FakeProject, change: Record<string, unknown>) => {
    project.must({ type: "patchState", environment: "production", flag: "price", patch: change });
    return project.revision;
  };

  test("takes back what it changed, and leaves what was changed since", () => {
    const project = shop();
    const before = state(project);
    const first = patch(project, { enabled: !before?.enabled });
    patch(project, { killVariant: "on" });
    project.must({ type: "revert", revision: first, alone: true });
    expect(state(project)).toEqual({ ...before, killVariant: "on" });
  });

  test("is refused, with the fields, where the same was changed again; nothing is half undone", () => {
    const project = shop();
    const first = patch(project, { enabled: true, killVariant: "on" });
    patch(project, { killVariant: "off" });
    const after = state(project);
    const answer = project.run({ type: "revert", revision: first, alone: true });
    expect(answer).toMatchObject({ ok: false, rejection: { code: "changed-again", fields: ["killVariant"] } });
    expect(state(project)).toEqual(after);
  });

  test("brings back what was archived and deleted, and undoes an undo", () => {
    const project = shop();
    project.must({ type: "putFlag", flag: "loose", definition: aFlag() });
    project.must({ type: "archiveFlag", flag: "loose" });
    project.must({ type: "revert", revision: project.revision, alone: true });
    expect(project.get("flag", "", "loose")?.body.archivedAt).toBeUndefined();
    const undo = project.revision;
    project.must({ type: "revert", revision: undo, alone: true });
    expect(project.get("flag", "", "loose")?.body.archivedAt).toBeDefined();
  });

  test("is refused where the variant served when off came with that change", () => {
    const project = shop();
    const variants = { on: "on", off: "off", blue: "blue", zed: "zed" };
    project.must({ type: "putFlag", flag: "price", definition: aFlag({ variants }) });
    const { revision } = project;
    project.must({ type: "putFlag", flag: "price", definition: aFlag({ variants, offVariant: "zed" }) });
    expect(project.refusal({ type: "revert", revision, alone: true })).toBe("changed-again");
  });

  test("reads the changes of that revision alone, however long the history is", () => {
    const project = shop();
    project.must({ type: "patchState", environment: "staging", flag: "price", patch: { enabled: true } });
    const { revision } = project;
    for (let n = 0; n < 50; n++)
      project.must({ type: "putFlag", flag: "banner", definition: aFlag({ owner: `o${n}` }) });
    const before = project.changesRead;
    project.must({ type: "revert", revision, alone: true });
    expect(project.changesRead - before).toBe(1);
  });

  test("lifts no kill: a revision that only killed has nothing to undo", () => {
    const project = shop();
    project.must({ type: "kill", environment: "production", flag: "price" });
    expect(project.refusal({ type: "revert", revision: project.revision, alone: true })).toBe("nothing-to-undo");
    expect(project.refusal({ type: "revert", revision: 9_999, alone: true })).toBe("revision-not-found");
  });

  test("a flag's own revert leaves other flags as they are", () => {
    const project = shop();
    const then = project.revision;
    const before = state(project);
    patch(project, { enabled: !before?.enabled });
    project.must({ type: "patchState", environment: "production", flag: "banner", patch: { killVariant: "on" } });
    project.must({ type: "revert", revision: then, flag: "price" });
    expect(state(project)).toEqual(before);
    expect(project.get("state", "production", "banner")?.body.killVariant).toBe("on");
  });
});
