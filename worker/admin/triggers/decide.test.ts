import { describe, expect, test } from "vitest";
import { LIMITS } from "../../../shared/limits.ts";
import type { Signal } from "../../../shared/schema/trigger.ts";
import { aFlag, FakeProject } from "../../testing/fake-project.ts";
import { decideCall, mayStateOnset } from "./decide.ts";

const at = { environment: "production", flag: "checkout" };
const made = { id: "trg_1", name: "Alertmanager", hash: "0".repeat(64), hint: "abcd" };
const NOW = Date.parse("2026-11-25T12:00:00Z");
const facts = { now: NOW, callsThisMinute: 0, seen: new Set<string>(), killed: false };
const firing = (over: Partial<Extract<Signal, { kind: "firing" }>> = {}): Signal => ({
  kind: "firing",
  source: "alertmanager",
  summary: "errors",
  episodes: ["a"],
  onset: null,
  sentAt: null,
  ...over,
});

describe("a trigger", () => {
  const shop = () => {
    const project = FakeProject.with("production");
    project.must({ type: "putFlag", flag: "checkout", definition: aFlag() });
    return project;
  };

  test("is made and taken back without a word to the edges", () => {
    const project = shop();
    expect(project.must({ type: "createTrigger", ...at, ...made }).publish).toEqual([]);
    expect(project.get("trigger", "production", "trg_1")?.body).toMatchObject({ flag: "checkout", createdBy: "Ada" });
    expect(project.must({ type: "deleteTrigger", ...at, id: "trg_1" }).publish).toEqual([]);
    expect(project.count("trigger")).toBe(0);
  });

  test("belongs to its flag, and to those who may change it", () => {
    const project = shop();
    expect(project.refusal({ type: "createTrigger", ...at, flag: "gone", ...made })).toBe("flag-not-found");
    expect(project.refusal({ type: "createTrigger", ...at, environment: "gone", ...made })).toBe(
      "environment-not-found",
    );
    expect(project.refusal({ type: "createTrigger", ...at, ...made, variant: "gone" })).toBe("invalid");
    expect(project.refusal({ type: "createTrigger", ...at, ...made }, { role: "marketer" })).toBe("forbidden");
    project.must({ type: "createTrigger", ...at, ...made });
    project.must({ type: "putFlag", flag: "other", definition: aFlag() });
    expect(project.refusal({ type: "deleteTrigger", ...at, flag: "other", id: "trg_1" })).toBe("trigger-not-found");
    expect(project.refusal({ type: "deleteTrigger", ...at, id: "trg_1" }, { role: "marketer" })).toBe("forbidden");
  });

  test("goes with its environment and with its project", () => {
    for (const command of [
      { type: "deleteEnvironment", environment: "production" },
      { type: "deleteProject" },
    ] as const) {
      const project = shop();
      project.must({ type: "createTrigger", ...at, ...made });
      project.must(command);
      expect(project.count("trigger")).toBe(0);
    }
  });
});

describe("a call", () => {
  test("kills when something new is firing", () => {
    expect(decideCall(firing(), facts)).toBe("killed");
    expect(decideCall(firing({ episodes: [] }), facts)).toBe("killed");
  });

  test("does nothing to what is killed", () => {
    expect(decideCall(firing(), { ...facts, killed: true })).toBe("already-killed");
  });

  test("of an outbreak that was seen does not kill again, unless another one joined it", () => {
    const seen = new Set(["a"]);
    expect(decideCall(firing(), { ...facts, seen })).toBe("repeated");
    expect(decideCall(firing({ episodes: ["a", "b"] }), { ...facts, seen })).toBe("killed");
  });

  test("sent long ago, or in the future, is stale", () => {
    const limit = LIMITS.triggerStaleMs;
    expect(decideCall(firing({ sentAt: NOW - limit }), facts)).toBe("killed");
    expect(decideCall(firing({ sentAt: NOW - limit - 1 }), facts)).toBe("stale");
    expect(decideCall(firing({ sentAt: NOW + limit + 1 }), facts)).toBe("stale");
  });

  test("that is not firing never kills, whatever else is true", () => {
    for (const killed of [true, false])
      for (const kind of ["not-firing", "test"] as const)
        expect(decideCall({ kind, source: "grafana", summary: "" }, { ...facts, killed })).toBe(kind);
    expect(decideCall({ kind: "unrecognised", reason: "" }, facts)).toBe("unrecognised");
  });

  test("beyond the cap does nothing", () => {
    const callsThisMinute = LIMITS.triggerCallsPerMinute;
    expect(decideCall(firing(), { ...facts, callsThisMinute: callsThisMinute - 1 })).toBe("killed");
    expect(decideCall(firing(), { ...facts, callsThisMinute })).toBe("rate-limited");
  });
});

test("a trigger whose maker's role was not kept states no onset where a marketer may have made it", () => {
  expect(mayStateOnset({}, "fake-door")).toBe(false);
  expect(mayStateOnset({}, "release")).toBe(true);
  expect(mayStateOnset({ createdByRole: "marketer" }, "release")).toBe(false);
  expect(mayStateOnset({ createdByRole: "admin" }, "fake-door")).toBe(true);
});
