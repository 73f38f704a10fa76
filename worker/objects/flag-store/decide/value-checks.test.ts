import { beforeEach, describe, expect, test } from "vitest";
import type { AttributeTest, Condition } from "../../../../shared/schema/condition.ts";
import type { FlagState } from "../../../../shared/schema/flag.ts";
import { stateViewOf } from "../../../admin/flags/view.ts";
import { aFlag, FakeProject } from "../../../testing/fake-project.ts";
import { exportProject } from "../export-project.ts";

const production = { environment: "production" } as const;
const rule = (when: Condition) => ({ rules: [{ id: "r", when, serve: { variant: "on" } }] });
const one = (op: AttributeTest["op"], ...values: (string | number)[]): Condition => ({ attribute: "a", op, values });

const stored = (when: Condition): FlagState => ({
  enabled: true,
  prerequisites: [],
  ...rule(when),
  fallthrough: { variant: "off" },
});
const segment = { description: "", by: "targetingKey", included: [], excluded: [] };

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
const patching = (when: Condition): Command => ({
  type: "patchState",
  ...production,
  flag: "f",
  patch: rule(when) as never,
});

test.each<[AttributeTest["op"], string, string]>([
  ["after", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z"],
  ["before", "2026-01-01 08:30", "2026-01-01T08:30Z"],
  ["before", "2026-01-01T08:30:00+0100", "2026-01-01T08:30:00+01:00"],
  ["after", " 2026-01-01", "2026-01-01"],
  ["after", "2026-01-01t00:00:00z", "2026-01-01T00:00:00Z"],
  ["after", "Jan 1 2026", "2026-01-01T00:00:00Z"],
  ["after", "Thu, 01 Jan 2026 00:00:00 GMT", "2026-01-01T00:00:00Z"],
  ["semver_gte", "2.10", "2.10.0"],
  ["semver_lt", "3", "3.0.0"],
  ["semver_gte", "v2.10.0", "2.10.0"],
  ["semver_eq", ">=2.10.0", "2.10.0"],
  ["semver_eq", "2.010.0", "2.10.0"],
  ["semver_gt", "2.10.0-rc.1 ", "2.10.0-rc.1"],
  ["in_cidr", "10.0.0.0/33", "10.0.0.0/32"],
  ["in_cidr", " 10.0.0.0/8", "10.0.0.0/8"],
  ["in_cidr", "10.0.0.0 / 8", "10.0.0.0/8"],
  ["in_cidr", "10.0.0.0/08", "10.0.0.0/8"],
  ["in_cidr", "10.0.0.0/255.255.0.0", "10.0.0.0/16"],
  ["in_cidr", "10.0.*", "10.0.0.0/16"],
  ["in_cidr", "192.168.1.*", "192.168.1.0/24"],
  ["in_cidr", "2001:db8::/129", "2001:db8::/128"],
  ["in_cidr", "[2001:db8::1]", "2001:db8::1"],
])("%s %j is refused by its field, with %j for it, which is taken", (op, value, corrected) => {
  expect(issuesOf(patching({ all: [one(op, value)] }))).toEqual([
    { field: "rules.0.when.all.0.values.0", message: expect.stringContaining(`; write ${JSON.stringify(corrected)}`) },
  ]);
  expect(issuesOf(patching({ all: [one(op, corrected)] }))).toMatchObject({ ok: true });
});

test.each<[AttributeTest["op"], string]>([
  ["semver_gte", "latest"],
  ["semver_gte", "1.2.3.4"],
  ["semver_eq", "2.x"],
  ["in_cidr", "office.example"],
  ["in_cidr", "10.0.0.256"],
  ["in_cidr", "10.0.0.0/255.0.255.0"],
  ["in_cidr", ""],
])("%s %j is refused without a guess", (op, value) => {
  const issues = issuesOf(patching(one(op, value)));
  expect(issues).toEqual([{ field: "rules.0.when.values.0", message: expect.stringContaining(JSON.stringify(value)) }]);
  expect(JSON.stringify(issues)).not.toContain("; write");
});

test("one such value among others is refused by its own place", () => {
  expect(issuesOf(patching({ not: one("semver_gte", "1.0.0", "2.10") }))).toMatchObject([
    { field: "rules.0.when.not.values.1" },
  ]);
});

describe("every way in is closed", () => {
  const when = one("semver_gte", "2.10");
  const document = (states: object, segments: object) =>
    ({ ...exportProject(project, "shop", 1, 0), states, segments }) as Extract<Command, { type: "import" }>["document"];
  test.each<[string, string, () => Command]>([
    ["PUT", "rules.0.when.values.0", () => ({ type: "putState", ...production, flag: "f", state: rule(when) })],
    [
      "a schedule",
      "rules.0.when.values.0",
      () => ({
        type: "createSchedule",
        ...production,
        flag: "f",
        at: "2027-01-01T00:00:00Z",
        patch: rule(when) as never,
      }),
    ],
    ["a segment", "when.values.0", () => ({ type: "putSegment", segment: "s", definition: { when } })],
    [
      "an import",
      "states.production.f.rules.0.when.values.0",
      () => ({ type: "import", document: document({ production: { f: stored(when) } }, {}) }),
    ],
    [
      "an import of a segment",
      "segments.s.when.values.0",
      () => ({ type: "import", document: document({}, { s: { when } }) }),
    ],
  ])("%s", (_, field, command) => {
    expect(issuesOf(command())).toMatchObject([{ field }]);
  });
});

describe("what was stored before", () => {
  const when = one("semver_gte", "v2.10.0");
  beforeEach(() => {
    project.must({ type: "putSegment", segment: "s", definition: {} });
    project.store("segment", "", "s", { ...segment, when: one("in_cidr", "10.0.0.0/33") });
    project.store("state", "production", "f", stored({ any: [when, { segment: "s" }] }));
  });

  test("is reported in the state's problems", () => {
    expect(stateViewOf(project, "production", "f")?.problems).toEqual([
      { field: "rules.0.when.any.0.values.0", message: expect.stringContaining('; write "2.10.0"') },
      { field: "when.values.0", message: expect.stringMatching(/^in the segment "s": .*write "10.0.0.0\/32"/) },
    ]);
  });

  test("hinders no other change", () => {
    expect(project.run({ type: "patchState", ...production, flag: "f", patch: { enabled: true } })).toMatchObject({
      ok: true,
    });
  });
});

describe("a number that JSON rounds", () => {
  // As JSON.parse reads 76561198012345679.
  const id = 76_561_198_012_345_680;
  const definition = (value: object) => ({ ...aFlag(), type: "json" as const, variants: { on: value, off: {} } });
  const putting = (value: object): Command => ({ type: "putFlag", flag: "j", definition: definition(value) });

  test("is refused in a variant by its field, as deep as it stands", () => {
    const message = expect.stringContaining("write it as text");
    expect(issuesOf(putting({ accountId: id }))).toEqual([{ field: "variants.on.accountId", message }]);
    expect(issuesOf(putting({ all: [1, { id: -id }] }))).toEqual([{ field: "variants.on.all.1.id", message }]);
    const number = { ...aFlag(), type: "number" as const, variants: { on: id, off: 0 } };
    expect(issuesOf({ type: "putFlag", flag: "n", definition: number })).toMatchObject([{ field: "variants.on" }]);
    expect(issuesOf(putting({ id: String(id), most: Number.MAX_SAFE_INTEGER, share: 0.1 }))).toMatchObject({
      ok: true,
    });
  });

  test("is refused in a document by its field", () => {
    const flags = { j: { ...definition({ id }), seed: "j" } };
    const document = { ...exportProject(project, "shop", 1, 0), flags, states: {} } as never;
    expect(issuesOf({ type: "import", document })).toMatchObject([{ field: "flags.j.variants.on.id" }]);
  });

  test("stays where an earlier version stored it", () => {
    project.must(putting({}));
    project.store("flag", "", "j", { ...definition({ id }), seed: "j" } as never);
    expect(project.run({ type: "patchFlag", flag: "j", patch: { description: "new" } })).toMatchObject({ ok: true });
  });

  test("is refused as a condition's value, and bounds of an order may be as large as they like", () => {
    expect(issuesOf(patching(one("in", "x", id)))).toMatchObject([{ field: "rules.0.when.values.1" }]);
    expect(issuesOf(patching(one("gt", id)))).toMatchObject({ ok: true });
  });
});
