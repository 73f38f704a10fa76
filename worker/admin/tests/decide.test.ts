import { describe, expect, test } from "vitest";
import { DOOR_LAYER } from "../../../shared/demand/test-kinds.ts";
import { SPLIT_TOTAL } from "../../../shared/limits.ts";
import type { testSettings } from "../../../shared/schema/demand-test.ts";
import { buildSnapshot } from "../../objects/flag-store/build-snapshot.ts";
import { aFlag, FakeProject } from "../../testing/fake-project.ts";
import { overdueTests } from "./decide.ts";

type Settings = (typeof testSettings)["_input"];
const environment = "production";
const at = (flag: string) => ({ environment, flag });
const door = (over: Partial<Extract<Settings, { kind: "fake-door" }>> = {}): Settings => ({
  kind: "fake-door",
  share: SPLIT_TOTAL / 4,
  wording: { message: "Gift cards are not here yet.", thanks: "Thank you" },
  bar: 0.03,
  targetPeople: 1_000,
  ...over,
});
const staff = { attribute: "email", op: "ends_with" as const, values: ["@shop.example"] };
const dark: Settings = {
  kind: "dark-launch",
  segment: { attribute: "edge.ip", op: "in_cidr", values: ["203.0.113.0/24"] },
  staff,
};
const oz: Settings = { kind: "wizard-of-oz", share: SPLIT_TOTAL, deadlineSeconds: 60, fallback: "Later" };

const shop = () => FakeProject.with("staging", environment);
const bodyOf = (project: FakeProject, flag: string) => project.get("test", environment, flag)?.body;
const stateOf = (project: FakeProject, flag: string) => project.get("state", environment, flag)?.body;

function withDoors(...shares: number[]): FakeProject {
  const project = shop();
  for (const [index, share] of shares.entries()) {
    project.must({ type: "putTest", ...at(`door-${index}`), settings: door({ share }) });
    project.must({ type: "startTest", ...at(`door-${index}`) });
  }
  return project;
}

describe("a test", () => {
  test("is made with its flag in one revision: hidden, off, for its purpose, and a marketer may do so", () => {
    const project = shop();
    const before = project.revision;
    project.must({ type: "putTest", ...at("gift-cards"), settings: door() }, { role: "marketer" });
    expect(project.revision).toBe(before + 1);
    const flag = project.get("flag", "", "gift-cards")?.body;
    expect(flag).toMatchObject({ purpose: "fake-door", visibility: "targeted", offVariant: "off", owner: "Ada" });
    expect(stateOf(project, "gift-cards")?.enabled).toBe(false);
    expect(bodyOf(project, "gift-cards")).toMatchObject({ status: "draft", run: 0 });
  });

  test("never takes over a flag of another purpose", () => {
    const project = shop();
    project.must({ type: "putFlag", flag: "checkout", definition: aFlag() });
    expect(project.refusal({ type: "putTest", ...at("checkout"), settings: door() })).toBe("invalid");
    expect(project.refusal({ type: "putTest", ...at("checkout"), settings: door() }, { role: "marketer" })).toBe(
      "forbidden",
    );
  });

  test("with an audience that leads nowhere is refused, and nothing of it is kept", () => {
    const project = shop();
    const settings = door({ audience: { segment: "nobody-made-this" } });
    expect(project.refusal({ type: "putTest", ...at("gift-cards"), settings })).toBe("invalid");
    expect(project.get("flag", "", "gift-cards")).toBeNull();
  });

  test("cannot be changed or deleted while it measures; afterwards it can", () => {
    const project = withDoors(20_000);
    const change = { type: "putTest", ...at("door-0"), settings: door({ bar: 0.01 }) } as const;
    expect(project.refusal(change)).toBe("test-running");
    expect(project.refusal({ type: "deleteTest", ...at("door-0") })).toBe("test-running");
    project.must({ type: "stopTest", ...at("door-0"), reason: "person" });
    expect(project.refusal(change)).toBeNull();
    expect(project.refusal({ type: "deleteTest", ...at("door-0") })).toBeNull();
  });

  test("counts its runs: a stop rule that comes late does not end the next run", () => {
    const project = withDoors(20_000);
    project.must({ type: "stopTest", ...at("door-0"), reason: "person" });
    project.must({ type: "startTest", ...at("door-0") });
    expect(project.must({ type: "stopTest", ...at("door-0"), reason: "sample", run: 1 }).changes).toEqual([]);
    expect(bodyOf(project, "door-0")).toMatchObject({ status: "running", run: 2 });
    project.must({ type: "stopTest", ...at("door-0"), reason: "sample", run: 2 });
    expect(bodyOf(project, "door-0")).toMatchObject({ status: "stopped", stopReason: "sample" });
    expect(stateOf(project, "door-0")?.enabled).toBe(false);
  });

  test("starts and stops beneath a kill and lifts none", () => {
    const project = withDoors(20_000);
    project.must({ type: "kill", ...at("door-0") });
    project.must({ type: "stopTest", ...at("door-0"), reason: "person" });
    project.must({ type: "startTest", ...at("door-0") });
    expect(project.list("kill", environment).map(({ body }) => body.clearedRevision)).toEqual([undefined]);
  });

  test("is gone with its flag: a key used again carries none", () => {
    const project = withDoors(20_000);
    project.must({ type: "archiveFlag", flag: "door-0" });
    expect(bodyOf(project, "door-0")).toBeUndefined();
  });

  test("is overdue from its date on, and only while it runs", () => {
    const project = shop();
    const endsAt = new Date(project.now + 60_000).toISOString();
    project.must({ type: "putTest", ...at("door"), settings: door({ endsAt }) });
    expect(overdueTests(project, project.now + 60_000)).toEqual([]);
    project.must({ type: "startTest", ...at("door") });
    expect(overdueTests(project, Date.parse(endsAt) - 1)).toEqual([]);
    expect(overdueTests(project, Date.parse(endsAt)).map(({ key }) => key)).toEqual(["door"]);
    project.must({ type: "stopTest", ...at("door"), reason: "date" });
    expect(overdueTests(project, Date.parse(endsAt))).toEqual([]);
    expect(project.refusal({ type: "startTest", ...at("door") })).toBeNull();
    project.must({ type: "stopTest", ...at("door"), reason: "person" });
    project.now += 120_000;
    expect(project.refusal({ type: "startTest", ...at("door") })).toBe("invalid");
  });
});

describe("a test that tells of a hidden flag", () => {
  /** A public banner asks for the door, whose people are told by a hidden flag. */
  function told(): FakeProject {
    const project = shop();
    project.must({ type: "putFlag", flag: "secret", definition: aFlag({ visibility: "server-only" }) });
    project.must({ type: "putFlag", flag: "banner", definition: aFlag({ visibility: "public" }) });
    project.must({ type: "putTest", ...at("door"), settings: door() });
    const state = { prerequisites: [{ flag: "door", variants: ["on"] }] };
    project.must({ type: "putState", ...at("banner"), state, acknowledgeExposure: true });
    return project;
  }
  const settings = door({ audience: { flag: "secret", variants: ["on"] } });

  test("is made when that is meant", () => {
    const project = told();
    expect(project.refusal({ type: "putTest", ...at("door"), settings })).toBe("exposes-hidden-flag");
    expect(project.refusal({ type: "putTest", ...at("door"), settings, acknowledgeExposure: true })).toBeNull();
    expect(project.refusal({ type: "startTest", ...at("door") })).toBeNull();
  });

  test("is stopped whatever it tells", () => {
    const project = told();
    project.must({ type: "putTest", ...at("door"), settings, acknowledgeExposure: true });
    project.must({ type: "startTest", ...at("door") });
    project.must({ type: "patchState", ...at("door"), patch: { rules: [] } });
    project.must({ type: "stopTest", ...at("door"), reason: "person" });
    expect(stateOf(project, "door")?.enabled).toBe(false);
  });

  test("is not started unasked because it was stopped", () => {
    const project = shop();
    project.must({ type: "putFlag", flag: "secret", definition: aFlag({ visibility: "server-only" }) });
    project.must({ type: "putFlag", flag: "banner", definition: aFlag({ visibility: "public" }) });
    project.must({ type: "putTest", ...at("door"), settings });
    project.must({ type: "startTest", ...at("door") });
    project.must({ type: "patchState", ...at("door"), patch: { rules: [] } });
    const state = { prerequisites: [{ flag: "door", variants: ["on"] }] };
    project.must({ type: "putState", ...at("banner"), state, acknowledgeExposure: true });
    project.must({ type: "stopTest", ...at("door"), reason: "person" });
    expect(project.refusal({ type: "startTest", ...at("door") })).toBe("exposes-hidden-flag");
    expect(project.refusal({ type: "startTest", ...at("door"), acknowledgeExposure: true })).toBeNull();
  });
});

describe("fake doors", () => {
  test("share no people: their ranges of the layer never overlap, and a stopped one's is given on", () => {
    const project = withDoors(40_000, 30_000);
    const ranges = () => ["door-0", "door-1", "door-2"].map((flag) => stateOf(project, flag)?.layer);
    expect(ranges().slice(0, 2)).toEqual([
      { layer: DOOR_LAYER, from: 0, to: 40_000 },
      { layer: DOOR_LAYER, from: 40_000, to: 70_000 },
    ]);
    project.must({ type: "putTest", ...at("door-2"), settings: door({ share: 35_000 }) });
    expect(project.run({ type: "startTest", ...at("door-2") })).toMatchObject({
      ok: false,
      rejection: { code: "layer-full", asked: 35_000, left: 30_000, by: ["door-0", "door-1"] },
    });
    project.must({ type: "stopTest", ...at("door-0"), reason: "person" });
    project.must({ type: "startTest", ...at("door-2") });
    expect(ranges()).toEqual([
      undefined,
      { layer: DOOR_LAYER, from: 40_000, to: 70_000 },
      { layer: DOOR_LAYER, from: 0, to: 35_000 },
    ]);
  });

  test("of another environment take nothing away", () => {
    const project = withDoors(100_000);
    project.must({ type: "putTest", environment: "staging", flag: "door-0", settings: door({ share: 100_000 }) });
    expect(project.refusal({ type: "startTest", environment: "staging", flag: "door-0" })).toBeNull();
  });
});

describe("a dark launch", () => {
  const ruleIds = (project: FakeProject) => stateOf(project, "search")?.rules.map(({ id }) => id);
  function launched(): FakeProject {
    const project = shop();
    project.must({ type: "putTest", ...at("search"), settings: dark });
    return project;
  }

  test("lets in one group more at each stage, and everybody out at off", () => {
    const project = launched();
    expect(stateOf(project, "search")).toMatchObject({ enabled: false, rules: [] });
    const seen = (["synthetic", "segment", "staff", "percent"] as const).map((stage) => {
      project.must({ type: "stageTest", ...at("search"), stage });
      return ruleIds(project);
    });
    expect(seen).toEqual([
      ["synthetic"],
      ["synthetic", "segment"],
      ["synthetic", "segment", "staff"],
      ["synthetic", "segment", "staff", "share"],
    ]);
    expect(stateOf(project, "search")?.rules[3]?.serve).toMatchObject({
      split: [{ weight: 1_000 }, { weight: 99_000 }],
    });
    project.must({ type: "stageTest", ...at("search"), stage: "off" });
    expect(stateOf(project, "search")?.enabled).toBe(false);
    expect(bodyOf(project, "search")).toMatchObject({ status: "stopped", stage: "off" });
  });

  test("has no start, and the others have no stages", () => {
    const project = launched();
    expect(project.refusal({ type: "startTest", ...at("search") })).toBe("invalid");
    project.must({ type: "putTest", ...at("ask"), settings: oz });
    expect(project.refusal({ type: "stageTest", ...at("ask"), stage: "staff" })).toBe("invalid");
  });

  test("may be changed on its way, and stays at its stage", () => {
    const project = launched();
    project.must({ type: "stageTest", ...at("search"), stage: "percent" });
    project.must({ type: "putTest", ...at("search"), settings: { ...dark, percent: 5_000 } });
    expect(stateOf(project, "search")).toMatchObject({ enabled: true });
    expect(stateOf(project, "search")?.rules[3]?.serve).toMatchObject({
      split: [{ weight: 5_000 }, { weight: 95_000 }],
    });
  });
});

test("edges learn of a test what they act on, and nothing of whom it is for", () => {
  const project = withDoors(20_000);
  project.must({ type: "putTest", ...at("ask"), settings: oz });
  const identity = { project: "shop", environment, epoch: 1, revision: project.revision };
  const { flags } = buildSnapshot(project, identity, () => "0".repeat(32));
  expect(flags["door-0"]?.test).toMatchObject({
    kind: "fake-door",
    running: true,
    run: 1,
    settings: { windowDays: 7 },
  });
  expect(JSON.stringify(flags["door-0"]?.test)).not.toContain("audience");
  expect(flags.ask?.test).toEqual({
    kind: "wizard-of-oz",
    running: false,
    run: 0,
    deadlineSeconds: 60,
    fallback: "Later",
  });
});
