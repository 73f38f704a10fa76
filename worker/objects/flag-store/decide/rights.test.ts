import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Actor, ROLES, type Role, roleCovers } from "../../../../shared/schema/admin.ts";
import { CANARY_FLAG } from "../../../../shared/schema/drill.ts";
import {
  PURPOSES,
  type Purpose,
  TEST_PURPOSES,
  VISIBILITIES,
  type Visibility,
} from "../../../../shared/schema/flag.ts";
import { scheduleActor } from "../../../admin/schedules/decide.ts";
import { aFlag, everybody, FakeProject } from "../../../testing/fake-project.ts";
import { type Body, ENTITIES } from "../entities.ts";
import { exportProject } from "../export-project.ts";
import { rightsOf } from "./rights.ts";

type Input = Parameters<FakeProject["run"]>[0];
type Document = Extract<Input, { type: "import" }>["document"];

const environment = "production";
const MARKETER = { role: "marketer" } as const;
const ENGINEER = { role: "engineer" } as const;
const isTest = (purpose: Purpose): boolean => (TEST_PURPOSES as readonly string[]).includes(purpose);
const needs = (flag: string) => ({ prerequisites: [{ flag, variants: ["on"] }] });
const refusalOf = (project: FakeProject, input: Input, role: Role) => {
  const decided = project.run(input, { role });
  return decided.ok ? null : decided.rejection;
};

interface FlagOf {
  purpose?: Purpose;
  visibility?: Visibility;
  enabled?: boolean;
  asks?: string;
}
/** A project whose flags serve "on" to everybody once they are on. */
function shop(flags: Record<string, FlagOf>): FakeProject {
  const project = FakeProject.with(environment);
  for (const [flag, { purpose = "release", visibility = "server-only" }] of Object.entries(flags))
    project.must({ type: "putFlag", flag, definition: aFlag({ purpose, visibility }) });
  for (const [flag, { enabled = true, asks }] of Object.entries(flags)) {
    const state = { enabled, ...(asks === undefined ? {} : needs(asks)) };
    project.must({ type: "putState", environment, flag, state, acknowledgeExposure: true });
  }
  return project;
}

describe("a hidden flag's state is published by those who may change it", () => {
  const exposing = { type: "patchState", environment, flag: "door", patch: needs("secret") } as const;
  const withSecret = (secret: Purpose, visibility: Visibility = "public") =>
    shop({ secret: { purpose: secret }, door: { purpose: "experiment", visibility } });

  test.each(PURPOSES)("a marketer acknowledges it for a %s flag only if it is a test", (secret) => {
    const acknowledged = { ...exposing, acknowledgeExposure: true };
    expect(withSecret(secret).refusal(acknowledged, ENGINEER)).toBeNull();
    expect(withSecret(secret).refusal(acknowledged, MARKETER)).toBe(isTest(secret) ? null : "forbidden");
    // Nobody is asked to acknowledge what they may not.
    expect(withSecret(secret).refusal(exposing, MARKETER)).toBe(isTest(secret) ? "exposes-hidden-flag" : "forbidden");
    expect(withSecret(secret).refusal(exposing, ENGINEER)).toBe("exposes-hidden-flag");
  });

  test("also by a targeted flag, which is there for those only whom the hidden one lets in", () => {
    expect(withSecret("release", "targeted").refusal(exposing, MARKETER)).toBe("forbidden");
    expect(withSecret("release", "targeted").refusal(exposing, ENGINEER)).toBeNull();
    expect(withSecret("dark-launch", "targeted").refusal(exposing, MARKETER)).toBeNull();
  });

  test("in two steps: the dependency first, then the visibility", () => {
    for (const visibility of ["public", "targeted"] as const) {
      const project = withSecret("release", "server-only");
      project.must(exposing, MARKETER);
      const show = { type: "patchFlag", flag: "door", patch: { visibility }, acknowledgeExposure: true } as const;
      expect(project.refusal(show, MARKETER)).toBe("forbidden");
      expect(project.refusal(show, ENGINEER)).toBeNull();
    }
  });

  test("through another hidden test, and by a rule's condition", () => {
    const flags = { secret: {}, inner: { purpose: "dark-launch", asks: "secret" }, door: { purpose: "fake-door" } };
    const rules = [{ id: "r", when: { flag: "inner", variants: ["on"] }, serve: { variant: "on" } }];
    const project = shop({ ...flags, door: { purpose: "fake-door", visibility: "public" } } as never);
    const patch = { type: "patchState", environment, flag: "door", patch: { rules }, acknowledgeExposure: true };
    expect(project.refusal(patch as Input, MARKETER)).toBe("forbidden");
    const refused = refusalOf(project, patch as Input, "marketer");
    expect(refused).toMatchObject({ rights: [{ needs: "engineer", field: "flags.secret.visibility" }] });
  });

  test("by a test, or a schedule", () => {
    const audience = { flag: "secret", variants: ["on"] };
    const settings = { kind: "fake-door", audience, share: 1_000, bar: 0.03, targetPeople: 1_000 };
    const wording = { message: "Not yet.", thanks: "Thanks" };
    const project = shop({ secret: {} });
    const test = { type: "putTest", environment, flag: "gift", settings: { ...settings, wording } } as Input;
    expect(project.refusal({ ...test, acknowledgeExposure: true } as Input, MARKETER)).toBe("forbidden");
    const later = { type: "createSchedule", at: "2026-12-24T00:00:00Z", acknowledgeExposure: true } as const;
    const scheduled = { ...later, environment, flag: "door", patch: needs("secret") };
    expect(withSecret("release").refusal(scheduled, MARKETER)).toBe("forbidden");
    expect(withSecret("release").refusal(scheduled, ENGINEER)).toBeNull();
  });

  test("what is exposed already stays a marketer's to edit", () => {
    const project = withSecret("release");
    project.must({ ...exposing, acknowledgeExposure: true });
    const edit = { type: "patchState", environment, flag: "door", patch: { killVariant: "blue" } } as const;
    expect(project.refusal(edit, MARKETER)).toBeNull();
  });
});

describe("a test that other flags depend on", () => {
  const at = { environment, flag: "exp" };
  const asked = (enabled = true) =>
    shop({ exp: { purpose: "experiment", enabled }, inner: { purpose: "experiment", asks: "exp" } });
  /** "checkout", a release, depends on "exp", also through another test. */
  function depended(enabled = true): FakeProject {
    const project = asked(enabled);
    project.must({ type: "putFlag", flag: "checkout", definition: aFlag() });
    project.must({ type: "putState", environment, flag: "checkout", state: { enabled: true, ...needs("inner") } });
    return project;
  }
  const stages = [{ audience: { share: 1_000 }, advance: "by-hand" as const }];
  const plan: Input = { type: "putPlan", ...at, plan: { variant: "on", baseline: "off", stages } };
  const off = { type: "patchState", ...at, patch: { enabled: false } } as const;
  const rules = [{ id: "r", when: everybody, serve: { variant: "off" } }];

  const changing: [string, Input, Input[]][] = [
    ["whom it serves", { type: "patchState", ...at, patch: { rules } }, []],
    ["switched on", { type: "patchState", ...at, patch: { enabled: true } }, [off]],
    ["who is in it", { type: "patchFlag", flag: "exp", patch: { seed: "other" } }, []],
    ["what it serves when off", { type: "patchFlag", flag: "exp", patch: { offVariant: "blue" } }, []],
    ["restored", { type: "restore", ...at }, [{ type: "kill", ...at }]],
    ["restored from break-glass", { type: "restore", ...at, breakGlassIds: ["bg_1"] }, []],
    ["released by a plan", { type: "startPlan", ...at }, [plan, off]],
    ["scheduled", { type: "createSchedule", ...at, at: "2026-12-24T00:00:00Z", patch: { rules } }, []],
  ];
  test.each(changing)("is an engineer's to change: %s", (_what, command, given) => {
    const prepared = (project: FakeProject) => {
      for (const one of given) project.must(one);
      return project;
    };
    expect(prepared(depended()).refusal(command, ENGINEER)).toBeNull();
    expect(prepared(depended()).refusal(command, MARKETER)).toBe("forbidden");
    expect(prepared(asked()).refusal(command, MARKETER)).toBeNull();
  });

  const stopping: [string, Input, Input[]][] = [
    ["killed", { type: "kill", ...at }, []],
    ["one variant killed", { type: "kill", ...at, variant: "on" }, []],
    ["switched off", off, []],
    ["switched off at a time", { type: "createSchedule", ...at, at: "2026-12-24T00:00:00Z", patch: off.patch }, []],
    ["edited while off", { type: "patchState", ...at, patch: { rules } }, [off]],
    ["rolled back", { type: "rollbackPlan", ...at }, [plan, off, { type: "startPlan", ...at }]],
    ["paused", { type: "pausePlan", ...at }, [plan, off, { type: "startPlan", ...at }]],
    ["described", { type: "patchFlag", flag: "exp", patch: { description: "x" } }, []],
    ["given another value", { type: "patchFlag", flag: "exp", patch: { variants: { on: "ON" } } }, []],
  ];
  test.each(stopping)(
    "is stopped, and what changes nothing is done, by marketers as before: %s",
    (_what, command, given) => {
      const project = depended();
      for (const one of given) project.must(one);
      expect(project.refusal(command, MARKETER)).toBeNull();
    },
  );

  test("a plan that has ended is rolled back by engineers: that writes its baseline anew", () => {
    const project = depended();
    for (const one of [plan, off, { type: "startPlan", ...at }, { type: "rollbackPlan", ...at }] as Input[])
      project.must(one);
    project.must({ type: "patchState", ...at, patch: { rules, enabled: true } });
    const again: Input = { type: "rollbackPlan", ...at };
    expect(project.refusal(again, MARKETER)).toBe("forbidden");
    expect(project.refusal(again, ENGINEER)).toBeNull();
  });

  test("a running plan's next stages are an engineer's, since it goes on by itself", () => {
    const project = depended();
    for (const one of [plan, off, { type: "startPlan", ...at }] as Input[]) project.must(one);
    const further = [...stages, { audience: { share: 100_000 }, advance: "by-hand" as const }];
    const longer: Input = { type: "putPlan", ...at, plan: { variant: "on", baseline: "off", stages: further } };
    expect(project.refusal(longer, MARKETER)).toBe("forbidden");
    expect(project.refusal(longer, ENGINEER)).toBeNull();
  });

  test("the refusal names what depends on it", () => {
    const refused = refusalOf(depended(), { type: "patchState", ...at, patch: { rules } }, "marketer");
    expect(refused).toMatchObject({ code: "forbidden", needs: "the role engineer", has: "marketer" });
    expect(JSON.stringify(refused)).toContain('the release flag \\"checkout\\" serves');
  });
});

test("the drill's canary is no marketer's, as a test neither: a string in its place would let no drill pass", () => {
  const project = FakeProject.with(environment);
  const squat: Input = { type: "putFlag", flag: CANARY_FLAG, definition: aFlag({ purpose: "experiment" }) };
  expect(project.refusal(squat, MARKETER)).toBe("forbidden");
  expect(project.refusal(squat, ENGINEER)).toBeNull();
});

describe("layers", () => {
  test("the first door brings its layer; any other layer is an engineer's", () => {
    const door = { kind: "fake-door", share: 1_000, bar: 0.03, targetPeople: 1_000 };
    const wording = { message: "Not yet.", thanks: "Thanks" };
    const project = FakeProject.with(environment);
    project.must({ type: "putTest", environment, flag: "gift", settings: { ...door, wording } as never }, MARKETER);
    project.must({ type: "startTest", environment, flag: "gift" }, MARKETER);
    expect(project.get("layer", "", "fake-doors")?.body.by).toBe("targetingKey");
    for (const [layer, definition] of [
      ["fake-doors", { by: "account" }],
      ["pricing", {}],
    ] as const)
      expect(project.refusal({ type: "putLayer", layer, definition }, MARKETER)).toBe("forbidden");
  });

  test("a test beside a release moves nobody of the release, and cannot overlap it", () => {
    const project = shop({ checkout: {}, exp: { purpose: "experiment" } });
    project.must({ type: "putLayer", layer: "pricing", definition: {} });
    const place = (from: number, to: number) => ({ layer: { layer: "pricing", from, to } });
    project.must({ type: "patchState", environment, flag: "checkout", patch: place(0, 50_000) });
    const before = project.documents("layer", "flag");
    const release = project.get("state", environment, "checkout")?.body;
    const joins = (from: number, to: number): Input => ({
      type: "patchState",
      environment,
      flag: "exp",
      patch: place(from, to),
    });
    expect(project.refusal(joins(40_000, 60_000), MARKETER)).toBe("invalid");
    project.must(joins(50_000, 60_000), MARKETER);
    expect(project.documents("layer", "flag")).toEqual(before);
    expect(project.get("state", environment, "checkout")?.body).toEqual(release);
  });
});

describe("a schedule", () => {
  const at = { environment, flag: "exp" };
  const due = Date.parse("2026-12-24T00:00:00Z");
  const marketer: Actor = { type: "token", id: "tok_1", name: "Mia", role: "marketer" };
  /** Carries it out at its time, as the alarm does, and says how it ended. */
  function fire(project: FakeProject, id: string) {
    project.now = due;
    const row = project.get("schedule", environment, id);
    project.must({ type: "applySchedule", ...at, id }, { actor: scheduleActor(row as never) });
    return project.get("schedule", environment, id)?.body;
  }
  /** As an earlier version stored it: with what it was said that it exposes, and no word of rights. */
  const stored = (patch: object, acknowledgedFlags: string[] = []): Body<"schedule"> => ({
    flag: "exp",
    at: new Date(due).toISOString(),
    patch: patch as never,
    comment: "",
    status: "pending",
    by: marketer,
    acknowledgedFlags,
  });
  const dependOnIt = (project: FakeProject) => {
    project.must({ type: "putFlag", flag: "checkout", definition: aFlag() });
    project.must({ type: "putState", environment, flag: "checkout", state: { enabled: true, ...needs("exp") } });
  };

  test("that is admitted and means more by its time fails, and says why", () => {
    const project = shop({ exp: { purpose: "experiment" } });
    const command = { type: "createSchedule", ...at, at: new Date(due).toISOString() } as const;
    project.must({ ...command, patch: { killVariant: "blue" } }, { actor: marketer });
    const id = `schedule-${project.revision}`;
    project.must({ ...command, patch: { enabled: false } }, { actor: marketer });
    const stop = `schedule-${project.revision}`;
    dependOnIt(project);
    expect(fire(project, id)).toMatchObject({ status: "failed", problem: { code: "forbidden" } });
    expect(fire(project, stop)?.status).toBe("applied");
  });

  test("that an earlier version stored is applied as it was meant then", () => {
    const project = shop({ exp: { purpose: "experiment", enabled: false } });
    dependOnIt(project);
    project.put("schedule", environment, "schedule-0", stored({ enabled: true }));
    expect(fire(project, "schedule-0")?.status).toBe("applied");
    expect(project.get("state", environment, "exp")?.body.enabled).toBe(true);
  });

  test("that an earlier version stored publishes no release flag that its maker may not change", () => {
    for (const secret of ["release", "dark-launch"] as const) {
      const project = shop({ secret: { purpose: secret }, exp: { purpose: "experiment", visibility: "public" } });
      project.put("schedule", environment, "schedule-0", stored(needs("secret"), ["secret"]));
      expect(fire(project, "schedule-0")?.status).toBe(secret === "release" ? "failed" : "applied");
    }
  });

  test("of an engineer on a test that a release depends on is not a marketer's to cancel", () => {
    const project = shop({ exp: { purpose: "experiment" } });
    dependOnIt(project);
    project.must(
      { type: "createSchedule", ...at, at: new Date(due).toISOString(), patch: { enabled: false } },
      ENGINEER,
    );
    const cancel = { type: "cancelSchedule", ...at, id: `schedule-${project.revision}` } as const;
    expect(project.refusal(cancel, MARKETER)).toBe("forbidden");
    expect(project.refusal(cancel, ENGINEER)).toBeNull();
  });
});

describe("the onset of a kill", () => {
  const at = { environment, flag: "exp" };
  const minutes = (project: FakeProject, ago: number) => new Date(project.now - ago * 60_000).toISOString();
  const killed = (ago: number, actor?: Actor) => {
    const project = shop({ exp: { purpose: "experiment" } });
    project.now += 30 * 86_400_000;
    const onsetAt = minutes(project, ago);
    const decided = project.run({ type: "kill", ...at, onsetAt }, actor ? { actor } : ENGINEER);
    const [kill] = project.list("kill");
    return { code: decided.ok ? null : decided.rejection.code, onsetAt: kill?.body.onsetAt, asked: onsetAt };
  };

  test("is an engineer's to state; the kill itself stays everybody's who may change the flag", () => {
    const project = shop({ exp: { purpose: "experiment" } });
    const refused = refusalOf(project, { type: "kill", ...at, onsetAt: minutes(project, 5) }, "marketer");
    expect(refused).toMatchObject({ code: "forbidden", rights: [{ needs: "engineer", field: "onsetAt" }] });
    expect(project.refusal({ type: "kill", ...at }, MARKETER)).toBeNull();
  });

  test("lies neither in the future, nor a week before the kill, nor before the flag", () => {
    const ok = killed(60);
    expect([ok.code, ok.onsetAt]).toEqual([null, ok.asked]);
    expect(killed(7 * 24 * 60 + 1).code).toBe("invalid");
    expect(killed(-11).code).toBe("invalid");
    // A clock that is a little ahead: the kill is when it was known at the latest.
    expect(Date.parse(killed(-5).onsetAt ?? "")).toBeLessThan(Date.parse(killed(-5).asked));
    const young = shop({ exp: { purpose: "experiment" } });
    expect(young.refusal({ type: "kill", ...at, onsetAt: minutes(young, 60) }, ENGINEER)).toBe("invalid");
  });

  test("that monitoring states and cannot be counts as none, and the flag is killed", () => {
    const monitoring: Actor = { type: "trigger", id: "trg_1", name: "Pager", role: "engineer" };
    expect(killed(60, monitoring).onsetAt).toBeDefined();
    expect(killed(365 * 24 * 60, monitoring)).toMatchObject({ code: null, onsetAt: undefined });
  });
});

test("every kind of document needs some right, of a viewer and for each fate", () => {
  for (const entity of Object.keys(ENTITIES) as (keyof typeof ENTITIES)[]) {
    const body = { flag: "gone", kind: "client", name: "x", by: { role: "viewer" } };
    for (const [before, after] of [
      [null, body],
      [body, null],
      [body, { ...body, name: "y" }],
    ])
      expect(rightsOf([{ entity, environment, key: "gone", before, after } as never], new FakeProject())).not.toEqual(
        [],
      );
  }
});

/* What direct commands allow, said anew: by what the routes ask for and what a flag is for. */
interface Edit {
  before: Document;
  after: Document;
}
const mayDirectly: Record<"marketer" | "engineer", (edit: Edit) => boolean> = {
  marketer: ({ before, after }) =>
    mayDirectly.engineer({ before, after }) &&
    same(before.segments, after.segments) &&
    same(before.layers, after.layers) &&
    same(before.holdouts, after.holdouts) &&
    [...new Set([...Object.keys(before.flags), ...Object.keys(after.flags)])].every((key) => {
      const [was, is] = [before.flags[key], after.flags[key]];
      const environments = Object.keys({ ...before.states, ...after.states });
      const touched = environments.some((one) => !same(before.states[one]?.[key], after.states[one]?.[key]));
      if (same(was, is) && !touched) return true;
      const purposes = [was, is].flatMap((flag) => (flag ? [flag.purpose as Purpose] : []));
      return purposes.every(isTest) && new Set(purposes).size === 1;
    }),
  engineer: ({ before, after }) => Object.keys(after.environments).every((one) => one in before.environments),
};
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

const some = <T>(...pool: T[]) => fc.constantFrom(...pool);
const anyDocument: fc.Arbitrary<Document> = fc
  .record({
    qa: fc.boolean(),
    flags: fc.dictionary(
      some("a", "b", "c"),
      fc.record({ purpose: some(...PURPOSES), visibility: some(...VISIBILITIES), owner: some("", "me") }),
      { minKeys: 1 },
    ),
    enabled: fc.boolean(),
    segment: fc.option(some("u1", "u2")),
    layer: fc.option(some("targetingKey", "account")),
  })
  .map(
    ({ qa, flags, enabled, segment, layer }): Document => ({
      format: "blastdoor-export-1" as const,
      project: "shop",
      environments: { production: {}, ...(qa ? { qa: {} } : {}) },
      flags: Object.fromEntries(Object.entries(flags).map(([key, flag]) => [key, aFlag(flag)])),
      states: {
        production: Object.fromEntries(
          Object.keys(flags).map((key) => [key, { enabled, fallthrough: { variant: "on" } }]),
        ),
      },
      segments: Object.fromEntries(segment === null ? [] : [["staff", { included: [segment] }]]),
      layers: Object.fromEntries(layer === null ? [] : [["pricing", { by: layer }]]),
      holdouts: {},
    }),
  );

test("an import or a revert succeeds only if the same change by direct commands would, for each role", () => {
  const seen = { admitted: 0, refused: 0 };
  const admits = (project: FakeProject, command: Input, role: "marketer" | "engineer", edit: Edit) => {
    const may = mayDirectly[role](edit);
    expect([command.type, role, project.refusal(command, { role })]).toEqual([
      command.type,
      role,
      may ? null : "forbidden",
    ]);
    seen[may ? "admitted" : "refused"]++;
  };
  const read = (project: FakeProject) => exportProject(project, "shop", 0, 0) as Document;
  fc.assert(
    fc.property(anyDocument, anyDocument, some("marketer" as const, "engineer" as const), (first, second, role) => {
      const [asked, whole] = [FakeProject.with(environment), FakeProject.with(environment)];
      for (const project of [asked, whole]) project.must({ type: "import", document: first });
      const before = read(whole);
      const { revision } = whole;
      // What the import would make of it, for a role that may do everything.
      whole.must({ type: "import", document: second });
      const after = read(whole);
      admits(asked, { type: "import", document: second }, role, { before, after });
      // A revert leaves environments alone.
      const back = { ...before, environments: after.environments };
      admits(whole, { type: "revert", revision }, role, { before: after, after: back });
    }),
    { numRuns: 300 },
  );
  expect(seen.admitted).toBeGreaterThan(40);
  expect(seen.refused).toBeGreaterThan(40);
});

test("a schedule is made only by who could make its change at once", () => {
  const patches = [{ enabled: true }, { killVariant: "blue" }, needs("secret"), needs("own"), { enabled: false }];
  const codes = new Set<string>();
  for (const purpose of PURPOSES)
    for (const visibility of VISIBILITIES)
      for (const patch of patches)
        for (const role of ["viewer", "marketer", "engineer"] as const) {
          const at = { environment, flag: "f", patch, acknowledgeExposure: true };
          const fresh = () => shop({ secret: {}, own: { purpose: "dark-launch" }, f: { purpose, visibility } });
          const directly = fresh().refusal({ type: "patchState", ...at }, { role });
          const later = fresh().refusal({ type: "createSchedule", ...at, at: "2026-12-24T00:00:00Z" }, { role });
          expect([purpose, visibility, patch, role, later]).toEqual([purpose, visibility, patch, role, directly]);
          codes.add(`${role} ${directly}`);
        }
  expect([...codes].sort()).toEqual(["engineer null", "marketer forbidden", "marketer null", "viewer forbidden"]);
});

test("a role that covers more is refused less: rights are ordered as roles are", () => {
  const project = shop({ checkout: {}, exp: { purpose: "experiment", visibility: "public" } });
  const document = exportProject(project, "shop", 0, 0) as Document;
  const { changes } = FakeProject.with("staging").must({ type: "import", document });
  const counts = ROLES.map((role) => rightsOf(changes, project, { role }).length);
  expect(counts).toEqual([...counts].sort((a, b) => b - a));
  expect(counts.at(-1)).toBe(0);
  for (const role of ROLES)
    for (const right of rightsOf(changes, project, { role })) expect(roleCovers(role, right.needs)).toBe(false);
});

describe("roles that differ by environment", () => {
  const everywhere = (flags: Record<string, FlagOf>): FakeProject => {
    const project = shop(flags);
    project.must({ type: "putEnvironment", environment: "staging" });
    return project;
  };
  /** An engineer who may only look at production. */
  const careful = { role: "engineer", environments: { production: "viewer" } } as const;
  const stagingOnly = { role: "viewer", environments: { staging: "engineer" } } as const;
  const rejectionOf = (project: FakeProject, input: Input, who: typeof careful | typeof stagingOnly) => {
    const decided = project.run(input, who);
    return decided.ok ? null : decided.rejection;
  };

  test("an import, its dry run and a revert are judged part by part", () => {
    const project = everywhere({ checkout: {} });
    const document = (place: string, enabled: boolean): Document => {
      const whole = exportProject(project, "shop", project.revision, project.now) as unknown as Document;
      const state = { ...whole.states[environment]?.checkout, enabled } as never;
      return { ...whole, states: { [place]: { checkout: state } } };
    };
    const into = (place: string): Input => ({ type: "import", document: document(place, place === "staging") });
    expect(rejectionOf(project, into("production"), careful)).toMatchObject({
      code: "forbidden",
      has: "viewer",
      heldIn: "production",
      rights: [{ needs: "engineer", field: "states.production.checkout", in: "production" }],
    });
    expect(project.refusal(into("staging"), careful)).toBeNull();
    const before = project.revision;
    const patch = (place: string): Input => ({
      type: "patchState",
      environment: place,
      flag: "checkout",
      patch: { killVariant: "blue" },
    });
    project.must(patch("staging"), stagingOnly);
    project.must(patch("production"));
    expect(project.refusal({ type: "revert", revision: before }, careful)).toBe("forbidden");
    const inStaging = project.revision;
    project.must({ ...patch("staging"), patch: { enabled: false } } as Input, careful);
    expect(project.refusal({ type: "revert", revision: inStaging }, careful)).toBeNull();
  });

  test("a hidden flag's state is published in the environments where its role reaches the flag", () => {
    const exposing = (place: string): Input => ({
      type: "patchState",
      environment: place,
      flag: "door",
      patch: needs("secret"),
      acknowledgeExposure: true,
    });
    const project = () => everywhere({ secret: {}, door: { purpose: "experiment", visibility: "public" } });
    const who = { role: "marketer", environments: { staging: "engineer" } } as const;
    expect(project().refusal(exposing("staging"), who)).toBeNull();
    expect(project().refusal(exposing("production"), who)).toBe("forbidden");
    // Nobody is asked to acknowledge what they may not.
    const asked = { ...exposing("production"), acknowledgeExposure: false } as Input;
    expect(project().refusal(asked, who)).toBe("forbidden");
  });

  test("a schedule is applied by its maker's role in its environment", () => {
    const project = everywhere({ checkout: {} });
    const later = { type: "createSchedule", flag: "checkout", at: "2026-12-24T00:00:00Z", patch: { enabled: true } };
    expect(project.refusal({ ...later, environment: "production" } as Input, careful)).toBe("forbidden");
    project.must({ ...later, environment: "staging" } as Input, stagingOnly);
    const [row] = project.list("schedule", "staging");
    expect(row?.body.by).toEqual({ type: "token", id: "tok", name: "Ada", role: "engineer" });
    project.now = Date.parse("2026-12-24T00:00:00Z");
    const apply = { type: "applySchedule", environment: "staging", flag: "checkout", id: row?.key ?? "" } as const;
    project.must(apply, { actor: scheduleActor(row as never) });
    expect(project.get("state", "staging", "checkout")?.body.enabled).toBe(true);
  });

  test("when trouble began is stated, and kept for triggers, by the role where it is", () => {
    const project = everywhere({ exp: { purpose: "experiment" } });
    const who = { role: "engineer", environments: { production: "marketer" } } as const;
    const kill = (place: string): Input => ({
      type: "kill",
      environment: place,
      flag: "exp",
      onsetAt: new Date(project.now).toISOString(),
    });
    expect(project.refusal(kill("production"), who)).toBe("forbidden");
    expect(project.refusal(kill("staging"), who)).toBeNull();
    const trigger = { type: "createTrigger", flag: "exp", id: "trg_1", name: "x", hash: "0".repeat(64), hint: "abcd" };
    project.must({ ...trigger, environment: "production" } as Input, who);
    expect(project.get("trigger", "production", "trg_1")?.body.createdByRole).toBe("marketer");
  });
});
