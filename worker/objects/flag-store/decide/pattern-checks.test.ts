import { beforeEach, describe, expect, test } from "vitest";
import { regexUse } from "../../../../shared/evaluation/operators/regex/regex.ts";
import { LIMITS } from "../../../../shared/limits.ts";
import type { Condition } from "../../../../shared/schema/condition.ts";
import type { FlagState } from "../../../../shared/schema/flag.ts";
import { stateViewOf } from "../../../admin/flags/view.ts";
import { aFlag, FakeProject } from "../../../testing/fake-project.ts";
import { exportProject } from "../export-project.ts";

/** 40 characters, 2,700 instructions. */
const BOMB = "(?:(?:.?){1,30}){1,30}A0-0";
/** Some 900 instructions, so within the limit of one; each is another pattern. */
const large = (index: number) => `${index}(?:a?){440}`;
const manyLarge = (count: number, from = 0) => Array.from({ length: count }, (_, index) => large(from + index));

const production = { environment: "production" } as const;
const matching = (...values: string[]): Condition => ({ attribute: "email", op: "matches", values });
const rule = (when: Condition) => ({ rules: [{ id: "r", when, serve: { variant: "on" } }] });
const stored = (when: Condition, more: Partial<FlagState> = {}): FlagState => ({
  enabled: true,
  prerequisites: [],
  ...rule(when),
  fallthrough: { variant: "off" },
  ...more,
});

let project: FakeProject;
beforeEach(() => {
  project = FakeProject.with("staging", "production");
  for (const flag of ["f", "g"]) project.must({ type: "putFlag", flag, definition: aFlag() });
});

type Command = Parameters<FakeProject["run"]>[0];
function issuesOf(command: Command) {
  const refused = project.run(command);
  return !refused.ok && refused.rejection.code === "invalid" ? refused.rejection.issues : refused;
}

describe("a pattern that is quickly written and slowly compiled is refused, by its field, with limit and fix", () => {
  const deep: Condition = { all: [{ any: [{ not: matching("ok", BOMB) }] }] };
  const problem = (field: string) => [
    {
      field,
      message: expect.stringMatching(/would take \d{4} instructions, at most 1000 .*regexInstructions\): repeat less/),
    },
  ];
  const document = (states: object, segments = {}) =>
    ({
      ...exportProject(project, "shop", 1, 0),
      states,
      segments,
    }) as Extract<Command, { type: "import" }>["document"];
  const at = "rules.0.when.all.0.any.0.not.values.1";

  test.each<[string, string, () => Command]>([
    ["PUT", at, () => ({ type: "putState", ...production, flag: "f", state: rule(deep) })],
    ["PATCH", at, () => ({ type: "patchState", ...production, flag: "f", patch: rule(deep) as never })],
    [
      "a schedule",
      at,
      () => ({
        type: "createSchedule",
        ...production,
        flag: "f",
        at: "2027-01-01T00:00:00Z",
        patch: rule(deep) as never,
      }),
    ],
    ["a segment", "when.values.0", () => ({ type: "putSegment", segment: "s", definition: { when: matching(BOMB) } })],
    [
      "an import or a promotion",
      `states.production.f.${at}`,
      () => ({ type: "import", document: document({ production: { f: stored(deep) } }) }),
    ],
    [
      "an import of a segment",
      "segments.s.when.values.0",
      () => ({ type: "import", document: document({}, { s: { when: matching(BOMB) } }) }),
    ],
    [
      "a test's audience",
      "rules.0.when.values.0",
      () => ({
        type: "putTest",
        ...production,
        flag: "door",
        settings: {
          kind: "fake-door",
          share: 1_000,
          wording: { message: "Not here yet.", thanks: "Thank you" },
          bar: 0.03,
          targetPeople: 1_000,
          audience: matching(BOMB),
        },
      }),
    ],
  ])("%s", (_, field, command) => {
    const { compiled } = regexUse;
    const { revision } = project;
    expect(issuesOf(command())).toEqual(problem(field));
    expect(regexUse.compiled).toBe(compiled);
    expect(project.revision).toBe(revision);
  });

  test("a revert to when it stood there", () => {
    project.store("state", "production", "f", stored(matching(BOMB)));
    const { revision } = project;
    project.must({ type: "putState", ...production, flag: "f", state: {} });
    expect(issuesOf({ type: "revert", revision })).toEqual(problem("states.production.f.rules.0.when.values.0"));
  });

  test("one that is too long, and what is no pattern", () => {
    const state = rule(matching("a".repeat(LIMITS.regexChars + 1), "(?=x)"));
    expect(issuesOf({ type: "putState", ...production, flag: "f", state })).toEqual([
      { field: "rules.0.when.values.0", message: expect.stringContaining("at most 256 characters (regexChars)") },
    ]);
    expect(issuesOf({ type: "putState", ...production, flag: "f", state: rule(matching("ok", "(?=x)")) })).toEqual([
      { field: "rules.0.when.values.1", message: expect.stringContaining("is not a regular expression") },
    ]);
  });

  test("thousands of them are named up to fifty, and none is compiled", () => {
    const { compiled } = regexUse;
    const values = Array.from({ length: 1_000 }, (_, index) => `${BOMB}${index}`);
    expect(issuesOf({ type: "putState", ...production, flag: "f", state: rule(matching(...values)) })).toHaveLength(50);
    expect(regexUse.compiled).toBe(compiled);
  });
});

describe("many patterns that are small enough each", () => {
  const put = (flag: string, environment: string, values: string[]): Command => ({
    type: "putState",
    environment,
    flag,
    state: rule(matching(...values)),
  });
  const refusal = (limit: string) => [
    { field: expect.stringContaining("rules.0.when.values."), message: expect.stringContaining(limit) },
  ];

  test("of one flag, over all environments, where equal ones count once", () => {
    const { compiled } = regexUse;
    expect(issuesOf(put("f", "production", manyLarge(25)))).toEqual(refusal("(regexInstructionsPerFlag"));
    expect(regexUse.compiled).toBe(compiled);
    const fitting = manyLarge(22);
    project.must(put("f", "production", fitting));
    project.must(put("f", "staging", fitting));
    expect(issuesOf(put("f", "staging", manyLarge(22, 30)))).toEqual(refusal('the flag "f" in all environments'));
  });

  test("of one segment", () => {
    const definition = { when: matching(...manyLarge(25)) };
    expect(issuesOf({ type: "putSegment", segment: "s", definition })).toEqual([
      { field: "when.values.10", message: expect.stringContaining("regexInstructionsPerFlag") },
    ]);
  });

  test("of one environment, segments included", () => {
    project.must({ type: "putSegment", segment: "s", definition: { when: matching(...manyLarge(22, 900)) } });
    const flags = Array.from({ length: 5 }, (_, index) => `flag-${index}`);
    for (const flag of flags) project.must({ type: "putFlag", flag, definition: aFlag() });
    const refused = flags.map((flag, index) => issuesOf(put(flag, "production", manyLarge(22, 30 * index))));
    expect(refused.slice(0, 4).every((one) => !Array.isArray(one))).toBe(true);
    expect(refused[4]).toEqual(refusal('the environment "production"'));
    expect(Array.isArray(issuesOf(put("flag-4", "staging", manyLarge(22, 120))))).toBe(false);
    const definition = { when: matching(...manyLarge(22, 700)) };
    expect(issuesOf({ type: "putSegment", segment: "t", definition })).toEqual([
      { field: "when.values.0", message: expect.stringContaining("regexInstructionsPerEnvironment") },
    ]);
  });

  test("some hundred usual ones fit one flag, in every environment", () => {
    const bots = Array.from({ length: 400 }, (_, index) => `(?:bot|crawler)-${index}/\\d+`);
    for (const environment of ["staging", "production"]) project.must(put("f", environment, bots));
  });
});

describe("what an earlier version stored", () => {
  beforeEach(() => {
    project.store("state", "production", "f", stored(matching(BOMB)));
    project.store("segment", "", "old", {
      description: "",
      by: "plan",
      included: [],
      excluded: [],
      when: matching(BOMB),
    });
  });

  test("hinders no other change of its document, nor of any other", () => {
    const { compiled } = regexUse;
    project.must({ type: "patchState", ...production, flag: "f", patch: { enabled: false } });
    project.must({ type: "patchFlag", flag: "f", patch: { owner: "Ada" } });
    project.must({ type: "putFlag", flag: "f", definition: aFlag({ description: "old" }) });
    project.must({ type: "import", document: exportProject(project, "shop", 1, 0) });
    project.must({ type: "kill", ...production, flag: "f" });
    expect(regexUse.compiled).toBe(compiled);
    project.must({ type: "putState", ...production, flag: "g", state: rule(matching("@shop\\.example$")) });
    const more = rule({ any: [matching(BOMB), matching(`${BOMB}1`)] });
    expect(issuesOf({ type: "putState", ...production, flag: "f", state: more })).toMatchObject([
      { field: "rules.0.when.any.1.values.0" },
    ]);
  });

  test("is told of where the state is read", () => {
    expect(stateViewOf(project, "production", "f")?.problems).toEqual([
      { field: "rules.0.when.values.0", message: expect.stringContaining("regexInstructions)") },
    ]);
    expect(stateViewOf(project, "production", "g")).not.toHaveProperty("problems");
    project.must({ type: "putState", ...production, flag: "f", state: rule(matching("@shop\\.example$")) });
    expect(stateViewOf(project, "production", "f")).not.toHaveProperty("problems");
  });

  test("and more than an environment may hold: the largest are told of, and the sum may shrink but not grow", () => {
    const whole = { ...stored(matching(...manyLarge(130))) };
    project.store("state", "production", "f", whole);
    project.must({ type: "putState", ...production, flag: "g", state: rule({ attribute: "a", op: "exists" }) });
    expect(stateViewOf(project, "production", "f")?.problems?.length).toBeGreaterThan(5);
    expect(stateViewOf(project, "production", "f")?.problems?.[0]?.message).toContain(
      "regexInstructionsPerEnvironment",
    );
    const put = (when: Condition) => issuesOf({ type: "putState", ...production, flag: "f", state: rule(when) });
    expect(put(matching(...manyLarge(131)))).toMatchObject([{ field: "rules.0.when.values.130" }, {}]);
    expect(Array.isArray(put(matching(...manyLarge(100))))).toBe(false);
  });
});
