import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { applyKills, compile } from "../../../shared/evaluation/compile/compile.ts";
import { re2 } from "../../../shared/evaluation/operators/regex/regex.ts";
import { evaluate, prepare } from "../../../shared/evaluation/run/evaluate.ts";
import { SPLIT_TOTAL } from "../../../shared/limits.ts";
import type { Actor } from "../../../shared/schema/admin.ts";
import { type PlanDefinition, planDefinition } from "../../../shared/schema/plan.ts";
import { buildSnapshot } from "../../objects/flag-store/build-snapshot.ts";
import { aFlag, aSplit, everybody, FakeProject } from "../../testing/fake-project.ts";
import { plansByTime } from "./decide.ts";
import { planView } from "./view.ts";

type Input = Parameters<FakeProject["run"]>[0];
const ENV = "production";
const at = { environment: ENV, flag: "checkout" } as const;
const HOUR = 3_600_000;
const MACHINE: Actor = { type: "schedule", id: "release-plan", name: "Release plan", role: "engineer" };
const GUARD: Actor = { type: "guard", id: "guard", name: "Guard", role: "engineer" };

const share = (parts: number, over: object = {}) => ({ audience: { share: parts }, minimumSeconds: 3_600, ...over });
const aPlan = (over: object = {}): PlanDefinition =>
  planDefinition.parse({
    variant: "on",
    baseline: "off",
    stages: [
      { audience: { segment: "staff" }, minimumSeconds: 3_600 },
      share(1_000),
      share(10_000),
      share(50_000),
      share(SPLIT_TOTAL),
    ],
    ...over,
  });

function shop(plan: PlanDefinition | null = aPlan()): FakeProject {
  const project = FakeProject.with(ENV);
  project.must({ type: "putSegment", segment: "staff", definition: { included: ["kim", "lee"] } });
  project.must({ type: "putFlag", flag: "checkout", definition: aFlag() });
  if (plan) project.must({ type: "putPlan", ...at, plan });
  return project;
}

const run = (project: FakeProject) => {
  const found = project.get("plan", ENV, "checkout")?.body.run;
  if (!found) throw new Error("the plan has no run");
  return found;
};
const state = (project: FakeProject) => project.get("state", ENV, "checkout")?.body;
const waits = (project: FakeProject) => {
  const row = project.get("plan", ENV, "checkout");
  return row && planView(project, row, project.now).run?.waits;
};

/** What the store's alarm does once. */
function alarm(project: FakeProject): void {
  for (const { row, at: due } of plansByTime(project, project.now + 1)) {
    if (due > project.now + 1 || !row.body.run) continue;
    const { id, stage } = row.body.run;
    project.run({ type: "advancePlan", ...at, run: id, from: stage }, { actor: MACHINE });
  }
}
function alarmAfter(project: FakeProject, ms: number): void {
  project.now += ms;
  alarm(project);
}

const PEOPLE = ["kim", "lee", ...Array.from({ length: 300 }, (_, index) => `u${index}`)];

/** Who is served the variant, beneath kills or with them. */
function served(project: FakeProject, { kills = true } = {}): Set<string> {
  const identity = { project: "shop", environment: ENV, epoch: 1, revision: project.revision };
  const snapshot = buildSnapshot(project, identity, () => "");
  const compiled = compile(snapshot, re2);
  applyKills(compiled, kills ? snapshot.kills : []);
  return new Set(
    PEOPLE.filter(
      (key) => evaluate(compiled, "checkout", prepare(compiled, { targetingKey: key }, 0))?.variant === "on",
    ),
  );
}

describe("a plan", () => {
  test("goes from its segment over shares to everybody, each stage after its time, and ends", () => {
    const project = shop();
    expect(served(project).size).toBe(0);
    project.must({ type: "startPlan", ...at });
    expect([...served(project)]).toEqual(["kim", "lee"]);
    let before = served(project);
    for (const stage of [1, 2, 3, 4]) {
      alarmAfter(project, HOUR - 100);
      expect(run(project).stage).toBe(stage - 1);
      alarmAfter(project, 200);
      expect(run(project).stage).toBe(stage);
      const now = served(project);
      for (const person of before) expect(now).toContain(person);
      before = now;
    }
    expect(before.size).toBe(PEOPLE.length);
    alarmAfter(project, HOUR);
    expect(run(project)).toMatchObject({ status: "completed", stage: 4 });
    expect(run(project).steps.map(({ what }) => what)).toEqual([
      "started",
      "advanced",
      "advanced",
      "advanced",
      "advanced",
      "completed",
    ]);
    expect(served(project).size).toBe(PEOPLE.length);
  });

  test("serves about the share that its stage names", () => {
    const project = shop(aPlan({ stages: [share(50_000)] }));
    project.must({ type: "startPlan", ...at });
    expect(served(project).size / PEOPLE.length).toBeGreaterThan(0.4);
    expect(served(project).size / PEOPLE.length).toBeLessThan(0.6);
  });

  test("keeps a holdback at 100 %, and gives it to nobody without a unit", () => {
    const project = shop(aPlan({ stages: [share(SPLIT_TOTAL)], holdback: 5_000 }));
    project.must({ type: "startPlan", ...at });
    expect(served(project).size).toBeLessThan(PEOPLE.length);
    expect(served(project).size / PEOPLE.length).toBeGreaterThan(0.9);
    expect(state(project)?.fallthrough).toEqual({ variant: "off" });
  });

  test("takes one step for one alarm, however often it comes", () => {
    const project = shop();
    project.must({ type: "startPlan", ...at });
    project.now += HOUR;
    const { id } = run(project);
    for (let time = 0; time < 5; time++) {
      project.run({ type: "advancePlan", ...at, run: id, from: 0 }, { actor: MACHINE });
      alarm(project);
    }
    expect(run(project).stage).toBe(1);
  });

  test("takes no step for a run that was overtaken", () => {
    const project = shop();
    project.must({ type: "startPlan", ...at });
    const { id } = run(project);
    project.must({ type: "rollbackPlan", ...at });
    const late = { type: "advancePlan", ...at, run: id, from: 0 } as const;
    expect(project.must(late, { actor: GUARD }).changes).toEqual([]);
    project.must({ type: "startPlan", ...at });
    project.now += HOUR;
    expect(project.must(late, { actor: GUARD }).changes).toEqual([]);
    expect(project.must({ ...late, type: "stepBackPlan" }, { actor: GUARD }).changes).toEqual([]);
    expect(run(project).stage).toBe(0);
  });

  test("does not go on by itself where a person must, where guards or units must be asked, or when paused", () => {
    for (const over of [{ advance: "by-hand" }, { minimumUnits: 10 }]) {
      const project = shop(aPlan({ stages: [share(1_000, over), share(SPLIT_TOTAL)] }));
      project.must({ type: "startPlan", ...at });
      alarmAfter(project, 10 * HOUR);
      expect([over, run(project).stage]).toEqual([over, 0]);
    }
    const project = shop();
    project.must({ type: "startPlan", ...at });
    project.must({ type: "pausePlan", ...at });
    alarmAfter(project, 10 * HOUR);
    expect(run(project)).toMatchObject({ status: "paused", stage: 0 });
    expect(waits(project)).toEqual([{ for: "resume" }]);
    project.must({ type: "resumePlan", ...at });
    alarm(project);
    expect(run(project)).toMatchObject({ status: "running", stage: 1 });
  });

  test("by hand, automation that asks goes nowhere either", () => {
    const project = shop(aPlan({ stages: [share(1_000, { advance: "by-hand" }), share(SPLIT_TOTAL)] }));
    project.must({ type: "startPlan", ...at });
    project.now += 10 * HOUR;
    const { id } = run(project);
    project.must({ type: "advancePlan", ...at, run: id, from: 0 }, { actor: GUARD });
    expect(run(project).stage).toBe(0);
    project.must({ type: "advancePlan", ...at });
    expect(run(project).stage).toBe(1);
  });

  test("waits while the flag is off, and switches it on by no step of its own", () => {
    const project = shop();
    project.must({ type: "startPlan", ...at });
    project.must({ type: "patchState", ...at, patch: { enabled: false } });
    alarmAfter(project, 10 * HOUR);
    expect(run(project).stage).toBe(0);
    expect(waits(project)).toEqual([{ for: "enabling" }]);
    project.must({ type: "advancePlan", ...at });
    expect(state(project)?.enabled).toBe(false);
  });

  test("stays where it is in a freeze, and goes on when that is over", () => {
    const project = shop();
    project.must({ type: "startPlan", ...at });
    const from = new Date(project.now + HOUR / 2).toISOString();
    const until = new Date(project.now + 3 * HOUR).toISOString();
    project.must({ type: "putFreeze", environment: ENV, freeze: "sale", definition: { name: "Sale", from, until } });
    alarmAfter(project, 2 * HOUR);
    expect(run(project).stage).toBe(0);
    expect(waits(project)).toEqual([{ for: "freeze", until, name: "Sale" }]);
    const { id } = run(project);
    project.run({ type: "advancePlan", ...at, run: id, from: 0 }, { actor: GUARD });
    expect(run(project).stage).toBe(0);
    expect(plansByTime(project, project.now)[0]?.at).toBe(Date.parse(until));
    alarmAfter(project, HOUR);
    expect(run(project).stage).toBe(1);
  });

  test("begins its stage anew when the clock was set back, and never waits longer than that", () => {
    const project = shop();
    project.now += 1_000 * HOUR;
    project.must({ type: "startPlan", ...at });
    project.now -= 1_000 * HOUR;
    alarm(project);
    expect(run(project)).toMatchObject({ stage: 0, status: "running" });
    expect(run(project).steps.at(-1)?.what).toBe("clock-set-back");
    alarmAfter(project, HOUR);
    expect(run(project).stage).toBe(1);
  });

  test("goes on by one stage, not by many, when the clock jumps ahead", () => {
    const project = shop();
    project.must({ type: "startPlan", ...at });
    alarmAfter(project, 1_000 * HOUR);
    alarm(project);
    expect(run(project).stage).toBe(1);
  });
});

describe("a start", () => {
  const live = (parts: number) => ({
    enabled: true,
    rules: [{ id: "rollout", when: everybody, serve: aSplit(["on", parts], ["off", SPLIT_TOTAL - parts]) }],
  });

  test("takes over a rollout with its ranges: nobody loses the variant", () => {
    const project = shop();
    project.must({ type: "putState", ...at, state: live(20_000) });
    const before = served(project);
    expect(project.refusal({ type: "startPlan", ...at })).toBe("invalid");
    expect(project.refusal({ type: "startPlan", ...at, stage: 2 })).toBe("invalid");
    project.must({ type: "startPlan", ...at, stage: 3 });
    for (const person of before) expect(served(project)).toContain(person);
    expect(state(project)?.rules.map(({ id }) => id)).toEqual(["plan-segments", "plan-share"]);
  });

  test("leaves the flag's narrower rules where they are, before its own", () => {
    const project = shop();
    const rule = {
      id: "never",
      when: { attribute: "targetingKey", op: "equals", values: ["u1"] },
      serve: { variant: "off" },
    };
    project.must({
      type: "putState",
      ...at,
      state: { enabled: true, rules: [rule], fallthrough: { variant: "off" } } as never,
    });
    project.must({ type: "startPlan", ...at, stage: 4 });
    expect(served(project).has("u1")).toBe(false);
    expect(served(project).size).toBe(PEOPLE.length - 1);
  });

  test("is refused when it would change what third parties are served", () => {
    const project = shop();
    const rules = [{ id: "rollout", when: everybody, serve: aSplit(["blue", 50_000], ["off", 50_000]) }];
    project.must({ type: "putState", ...at, state: { enabled: true, rules } });
    expect(project.refusal({ type: "startPlan", ...at })).toBe("plan-state");
    project.must({ type: "putState", ...at, state: { enabled: true, fallthrough: { variant: "blue" }, rules: [] } });
    expect(project.refusal({ type: "startPlan", ...at })).toBe("plan-state");
    const byCountry = { ...live(1_000).rules[0], serve: { ...live(1_000).rules[0]?.serve, by: "country" } };
    project.must({ type: "putState", ...at, state: { enabled: true, rules: [byCountry] } as never });
    expect(project.refusal({ type: "startPlan", ...at, stage: 3 })).toBe("plan-state");
  });

  test("happens once; a stage that is not there is named", () => {
    const project = shop();
    expect(project.refusal({ type: "startPlan", ...at, stage: 5 })).toBe("invalid");
    project.must({ type: "startPlan", ...at });
    expect(project.refusal({ type: "startPlan", ...at })).toBe("plan-state");
  });
});

describe("a kill", () => {
  test("halts the plan until a person chooses the stage", () => {
    const project = shop();
    project.must({ type: "startPlan", ...at });
    project.must({ type: "kill", ...at }, { actor: GUARD });
    expect(run(project)).toMatchObject({ status: "halted", halted: "killed", stage: 0 });
    alarmAfter(project, 10 * HOUR);
    project.must({ type: "restore", ...at });
    alarmAfter(project, 10 * HOUR);
    expect(run(project)).toMatchObject({ status: "halted", stage: 0 });
    expect(project.refusal({ type: "resumePlan", ...at })).toBe("invalid");
    expect(project.refusal({ type: "advancePlan", ...at })).toBe("plan-state");
    project.must({ type: "resumePlan", ...at, stage: 1 });
    expect(run(project)).toMatchObject({ status: "running", stage: 1, entry: 2 });
  });

  test("stays in force when a stage is chosen beneath it; the stage's time begins with the restore", () => {
    const project = shop();
    project.must({ type: "startPlan", ...at });
    project.must({ type: "kill", ...at });
    project.must({ type: "resumePlan", ...at, stage: 2 });
    expect(served(project).size).toBe(0);
    expect(waits(project)).toEqual(expect.arrayContaining([{ for: "restore" }]));
    alarmAfter(project, 10 * HOUR);
    expect(run(project)).toMatchObject({ stage: 2, status: "running" });
    const { entry } = run(project);
    project.must({ type: "restore", ...at });
    expect(run(project).entry).toBe(entry + 1);
    expect(served(project).size).toBeGreaterThan(2);
    alarmAfter(project, HOUR / 2);
    expect(run(project).stage).toBe(2);
    alarmAfter(project, HOUR);
    expect(run(project).stage).toBe(3);
  });

  test("is lifted by no automation, whatever its role", () => {
    const project = shop();
    project.must({ type: "kill", ...at });
    for (const type of ["guard", "schedule", "system"] as const)
      expect(project.refusal({ type: "restore", ...at }, { actor: { ...GUARD, type, role: "admin" } })).toBe(
        "forbidden",
      );
  });
});

describe("a step back", () => {
  test("returns to the stage before, whose people keep the variant, and halts there", () => {
    const project = shop();
    project.must({ type: "startPlan", ...at, stage: 1 });
    const before = served(project);
    project.must({ type: "advancePlan", ...at });
    const { id } = run(project);
    project.must({ type: "stepBackPlan", ...at, run: id, from: 2 }, { actor: GUARD });
    expect(run(project)).toMatchObject({ status: "halted", halted: "breached", stage: 1 });
    expect(served(project)).toEqual(before);
    alarmAfter(project, 10 * HOUR);
    expect(run(project).stage).toBe(1);
  });

  test("from the first stage leaves the variant to nobody", () => {
    const project = shop();
    project.must({ type: "startPlan", ...at });
    project.must({ type: "stepBackPlan", ...at }, { actor: GUARD });
    expect(served(project).size).toBe(0);
    project.must({ type: "resumePlan", ...at, stage: 0 });
    expect(served(project).size).toBe(2);
  });
});

describe("a roll-back", () => {
  test("gives everybody the baseline, also after the end, and can be followed by another start", () => {
    const project = shop(aPlan({ stages: [{ audience: { share: SPLIT_TOTAL } }] }));
    project.must({ type: "startPlan", ...at });
    alarm(project);
    expect(run(project).status).toBe("completed");
    expect(served(project).size).toBe(PEOPLE.length);
    project.must({ type: "rollbackPlan", ...at });
    expect(served(project).size).toBe(0);
    expect(project.must({ type: "rollbackPlan", ...at }).changes).toEqual([]);
    const first = run(project).id;
    project.must({ type: "startPlan", ...at });
    expect(served(project).size).toBe(PEOPLE.length);
    expect(run(project).id).not.toBe(first);
  });
});

describe("the series of a plan under way", () => {
  const guards = [{ name: "errors", kind: "error" }];
  const watched = (stage: number) => {
    const project = shop(
      aPlan({ stages: [{ audience: { segment: "staff" }, guards }, share(10_000, { guards }), share(SPLIT_TOTAL)] }),
    );
    project.must({ type: "startPlan", ...at, stage });
    return project;
  };
  const series = (project: FakeProject) => {
    const identity = { project: "shop", environment: ENV, epoch: 1, revision: project.revision };
    return buildSnapshot(project, identity, () => "").flags.checkout?.series;
  };

  test("compares the split's arms, by the split's own ranges", () => {
    const project = watched(1);
    expect(series(project)).toMatchObject({
      id: `${run(project).id}/1/1`,
      by: "targetingKey",
      startedAt: Date.parse(run(project).enteredAt),
      arms: [
        { variant: "on", share: 10_000 },
        { variant: "off", share: 90_000 },
      ],
      control: "off",
      rule: "plan-share",
      metrics: [{ name: "errors", kind: "error" }],
      source: "server",
      staff: "staff",
    });
    const split = state(project)?.rules.find(({ id }) => id === "plan-share")?.serve;
    expect(series(project)?.ranges).toEqual(split && "split" in split ? split.ranges : null);
  });

  test("has no control where people are chosen, or everybody has the variant", () => {
    expect(series(watched(0))).toMatchObject({ control: null, rule: "plan-segments" });
    expect(series(watched(2))).toMatchObject({ control: null, arms: [{ variant: "on", share: SPLIT_TOTAL }] });
  });

  test("stays through a pause and beneath a kill, is another after each step, and ends with the plan", () => {
    const project = watched(1);
    const first = series(project)?.id;
    for (const type of ["pausePlan", "kill"] as const) {
      project.must({ type, ...at });
      expect([type, series(project)?.id]).toEqual([type, first]);
    }
    const seen = [first];
    for (const step of [
      { type: "resumePlan", ...at, stage: 1 },
      { type: "restore", ...at },
      { type: "advancePlan", ...at },
    ] as const) {
      project.must(step);
      seen.push(series(project)?.id);
    }
    expect(new Set(seen).size).toBe(4);
    project.must({ type: "advancePlan", ...at });
    expect(series(project)).toBeUndefined();
  });
});

describe("rules changed by hand", () => {
  test("halt what goes on by itself, and are refused to a person who goes on without choosing", () => {
    const project = shop();
    project.must({ type: "startPlan", ...at, stage: 1 });
    const rules = [{ id: "plan-share", when: everybody, serve: aSplit(["on", 70_000], ["off", 30_000]) }];
    project.must({ type: "patchState", ...at, patch: { rules } });
    const before = served(project);
    expect(project.refusal({ type: "advancePlan", ...at })).toBe("plan-state");
    alarmAfter(project, HOUR);
    expect(run(project)).toMatchObject({ status: "halted", halted: "edited", stage: 1 });
    expect(served(project)).toEqual(before);
    project.must({ type: "resumePlan", ...at, stage: 4 });
    expect(served(project).size).toBe(PEOPLE.length);
  });
});

describe("a change of the plan itself", () => {
  test("under way concerns only what lies ahead", () => {
    const project = shop();
    project.must({ type: "startPlan", ...at, stage: 1 });
    const { stages } = aPlan();
    const ahead = { ...aPlan(), stages: [...stages.slice(0, 2), share(20_000), share(SPLIT_TOTAL)] };
    project.must({ type: "putPlan", ...at, plan: planDefinition.parse(ahead) });
    project.must({ type: "advancePlan", ...at });
    expect(project.get("plan", ENV, "checkout")?.body.stages).toHaveLength(4);
    for (const over of [
      { stages: stages.slice(1) },
      { variant: "blue" },
      { by: "account" },
      { stages: stages.slice(0, 1) },
    ])
      expect(project.refusal({ type: "putPlan", ...at, plan: planDefinition.parse({ ...ahead, ...over }) })).toBe(
        "invalid",
      );
  });

  test("is refused with names that lead nowhere, and by marketers on release flags", () => {
    const project = shop(null);
    const put = (plan: PlanDefinition): Input => ({ type: "putPlan", ...at, plan });
    expect(project.refusal(put(aPlan({ variant: "green" })))).toBe("invalid");
    expect(project.refusal(put(aPlan({ stages: [{ audience: { segment: "gone" } }] })))).toBe("invalid");
    expect(project.refusal(put(aPlan()), { role: "marketer" })).toBe("forbidden");
    project.must(put(aPlan()));
    for (const type of ["startPlan", "pausePlan", "resumePlan", "advancePlan", "rollbackPlan", "deletePlan"] as const)
      expect([type, project.refusal({ type, ...at }, { role: "marketer" })]).toEqual([type, "forbidden"]);
  });

  test("what a plan uses cannot go: its variants, its segments; a plan under way cannot be deleted", () => {
    const project = shop();
    expect(project.refusal({ type: "deleteSegment", segment: "staff" })).toBe("in-use");
    const fewer = aFlag({ variants: { off: "off", blue: "blue" } });
    expect(project.refusal({ type: "putFlag", flag: "checkout", definition: fewer })).not.toBeNull();
    project.must({ type: "startPlan", ...at });
    expect(project.refusal({ type: "deletePlan", ...at })).toBe("plan-state");
    project.must({ type: "rollbackPlan", ...at });
    project.must({ type: "deletePlan", ...at });
    expect(project.refusal({ type: "startPlan", ...at })).toBe("plan-not-found");
  });
});

test.each([
  ["shares that shrink", { stages: [share(10_000), share(5_000)] }],
  ["the variant as its own baseline", { baseline: "on" }],
  ["no stage", { stages: [] }],
  ["more than 5 % held back", { holdback: 6_000 }],
])("a plan with %s is refused", (_what, over) => {
  expect(() => aPlan(over)).toThrow();
});

describe("whatever the order of commands", () => {
  type Move = { name: string; stage: number; actor: Actor | null; ms: number };
  const names = [
    "putState live",
    "putState split",
    "patchState off",
    "patchState on",
    "putPlan",
    "startPlan",
    "pausePlan",
    "resumePlan",
    "resumePlan at",
    "advancePlan",
    "advancePlan late",
    "stepBackPlan",
    "rollbackPlan",
    "kill",
    "kill variant",
    "revert",
    "alarm",
  ];
  const move: fc.Arbitrary<Move> = fc.record({
    name: fc.constantFrom(...names),
    stage: fc.integer({ min: 0, max: 4 }),
    actor: fc.constantFrom(null, GUARD, MACHINE),
    ms: fc.integer({ min: 0, max: 2 * HOUR }),
  });
  const ADMIN: Actor = { type: "token", id: "tok", name: "Ada", role: "admin" };

  function make(project: FakeProject, { name, stage, actor, ms }: Move): void {
    project.now += ms;
    const by = { actor: actor ?? ADMIN };
    const rollout = (parts: number) => ({
      enabled: true,
      rules: [{ id: "rollout", when: everybody, serve: aSplit(["on", parts], ["off", SPLIT_TOTAL - parts]) }],
    });
    const current = project.get("plan", ENV, "checkout")?.body.run;
    const meant = current && actor ? { run: current.id, from: current.stage } : {};
    const commands: Record<string, Input> = {
      "putState live": { type: "putState", ...at, state: { enabled: true, fallthrough: { variant: "on" } } },
      "putState split": { type: "putState", ...at, state: rollout(30_000) },
      "patchState off": { type: "patchState", ...at, patch: { enabled: false } },
      "patchState on": { type: "patchState", ...at, patch: { enabled: true } },
      putPlan: { type: "putPlan", ...at, plan: aPlan() },
      startPlan: { type: "startPlan", ...at, stage },
      pausePlan: { type: "pausePlan", ...at },
      resumePlan: { type: "resumePlan", ...at },
      "resumePlan at": { type: "resumePlan", ...at, stage },
      advancePlan: { type: "advancePlan", ...at, ...meant },
      "advancePlan late": { type: "advancePlan", ...at, run: "plan-1", from: stage },
      stepBackPlan: { type: "stepBackPlan", ...at, ...meant },
      rollbackPlan: { type: "rollbackPlan", ...at },
      kill: { type: "kill", ...at },
      "kill variant": { type: "kill", ...at, variant: "on" },
      revert: { type: "revert", revision: 4 },
    };
    if (name === "alarm") alarm(project);
    else project.run(commands[name] as Input, by);
  }
  const moves = fc.array(move, { maxLength: 14 });

  test("only restore un-kills: with a kill in force nobody is served the variant", () => {
    fc.assert(
      fc.property(moves, moves, (before, after) => {
        const project = shop();
        for (const one of before) make(project, one);
        project.must({ type: "kill", ...at });
        for (const one of after) {
          make(project, one);
          expect(served(project).size).toBe(0);
        }
      }),
      { numRuns: 150 },
    );
  });

  test("going on takes the variant from nobody, and repeated goes on once", () => {
    fc.assert(
      fc.property(moves, fc.constantFrom(null, GUARD, MACHINE), (before, actor) => {
        const project = shop();
        for (const one of before) make(project, one);
        const had = served(project, { kills: false });
        const was = project.get("plan", ENV, "checkout")?.body.run;
        const advance = { type: "advancePlan", ...at, run: was?.id, from: was?.stage } as const;
        project.run(advance, { actor: actor ?? ADMIN });
        const { revision } = project;
        project.run(advance, { actor: actor ?? ADMIN });
        const now = project.get("plan", ENV, "checkout")?.body.run;
        if (now?.status !== "running" || now.stage !== was?.stage) expect(project.revision).toBe(revision);
        expect((now?.stage ?? 0) - (was?.stage ?? 0)).toBeLessThanOrEqual(1);
        const has = served(project, { kills: false });
        for (const person of had) expect(has).toContain(person);
      }),
      { numRuns: 300 },
    );
  });

  test("automation switches nothing on that is off, killed or halted", () => {
    fc.assert(
      fc.property(moves, fc.array(move, { maxLength: 5 }), (before, after) => {
        const project = shop();
        for (const one of before) make(project, one);
        project.must({ type: "patchState", ...at, patch: { enabled: false } });
        const stage = project.get("plan", ENV, "checkout")?.body.run?.stage;
        const automatic = ["advancePlan", "startPlan", "resumePlan", "resumePlan at", "alarm"];
        for (const one of after.filter(({ name, actor }) => actor && automatic.includes(name))) {
          make(project, one);
          expect(state(project)?.enabled).toBe(false);
          expect(project.get("plan", ENV, "checkout")?.body.run?.stage).toBe(stage);
        }
      }),
      { numRuns: 150 },
    );
  });
});
