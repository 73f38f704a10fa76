import { describe, expect, test } from "vitest";
import type { Actor } from "../../../../shared/schema/admin.ts";
import { aFlag, FakeProject } from "../../../testing/fake-project.ts";
import type { AuditEntry } from "../audit.ts";
import type { Change } from "../entities.ts";
import { messagesOf, wants } from "./notices.ts";

const at = { environment: "production", flag: "checkout" };
const ada: Actor = { type: "token", id: "tok", name: "Ada", role: "admin" };
const guard: Actor = { type: "guard", id: "guard", name: "errors", role: "engineer" };

const rowOf = (action: string, changes: unknown[], actor = ada): AuditEntry => ({
  revision: 7,
  at: Date.parse("2026-11-25T12:00:00Z"),
  actor,
  action,
  comment: "why",
  changes: changes as Change[],
});
const typesOf = (...row: Parameters<typeof rowOf>) => messagesOf("shop", rowOf(...row)).map(({ type }) => type);

describe("events of real commands", () => {
  const shop = () => {
    const project = FakeProject.with("staging", "production");
    project.must({ type: "putFlag", flag: "checkout", definition: aFlag() });
    return project;
  };

  test("a change of a definition, of a state and of both by an import", () => {
    const project = shop();
    const changed = project.must({ type: "patchFlag", flag: "checkout", patch: { owner: "me" } });
    const [message] = messagesOf("shop", rowOf("patchFlag", changed.changes));
    expect(message).toEqual({
      type: "flag.changed",
      timestamp: "2026-11-25T12:00:00.000Z",
      data: {
        project: "shop",
        revision: 7,
        flag: "checkout",
        subjects: [{ flag: "checkout", environment: "" }],
        more: 0,
        actor: { type: "token", id: "tok", name: "Ada" },
        action: "patchFlag",
        comment: "why",
      },
    });
    const state = project.must({ type: "patchState", ...at, patch: { enabled: true } });
    expect(messagesOf("shop", rowOf("patchState", state.changes))[0]?.data.environment).toBe("production");
  });

  test("a kill and its restore, by a person and by the guard", () => {
    const project = shop();
    const kill = project.must({ type: "kill", ...at }).changes;
    expect(typesOf("kill", kill)).toEqual(["flag.killed"]);
    expect(typesOf("kill", kill, guard)).toEqual(["flag.killed", "guard.breached", "deployment.rollback-requested"]);
    expect(typesOf("restore", project.must({ type: "restore", ...at }).changes)).toEqual(["flag.restored"]);
  });

  test("a schedule that was applied, beside the change that it made", () => {
    const project = shop();
    project.must({ type: "createSchedule", ...at, at: "2026-11-22T12:00:01Z", patch: { enabled: true } });
    const id = project.list("schedule")[0]?.key ?? "";
    project.now += 10_000;
    const { changes } = project.must({ type: "applySchedule", ...at, id });
    expect(typesOf("applySchedule", changes)).toEqual(["flag.changed", "schedule.applied"]);
  });

  test("a schedule that would have undone what somebody changed since", () => {
    const project = shop();
    const patch = { fallthrough: { variant: "off" } };
    project.must({ type: "createSchedule", ...at, at: "2026-11-22T12:00:01Z", patch });
    const id = project.list("schedule")[0]?.key ?? "";
    const split = [{ variant: "on", weight: 100_000 }];
    project.must({ type: "patchState", ...at, patch: { fallthrough: { split } } });
    project.now += 10_000;
    const { changes } = project.must({ type: "applySchedule", ...at, id });
    expect(typesOf("applySchedule", changes)).toEqual(["schedule.failed"]);
  });

  test("keys, segments and webhooks themselves are nobody's event", () => {
    const project = shop();
    const { changes } = project.must({ type: "putSegment", segment: "staff", definition: {} });
    expect(typesOf("putSegment", changes)).toEqual([]);
  });
});

describe("events of documents", () => {
  const run = (status: string) => ({
    entity: "plan",
    environment: "production",
    key: "checkout",
    after: { run: { status } },
  });
  test("a plan that halts waits for a person, once", () => {
    expect(typesOf("advancePlan", [{ ...run("halted"), before: { run: { status: "running" } } }])).toEqual([
      "plan.waiting",
    ]);
    expect(typesOf("putPlan", [{ ...run("halted"), before: { run: { status: "halted" } } }])).toEqual([]);
  });
  test("a plan that the guard steps back was breached, one that it advances was not", () => {
    const change = { ...run("halted"), before: { run: { status: "running" } } };
    expect(typesOf("stepBackPlan", [change], guard)).toEqual(["guard.breached", "plan.waiting"]);
    expect(typesOf("advancePlan", [{ ...run("running"), before: null }], guard)).toEqual([]);
  });
  test("a test that stops because it has its sample", () => {
    const test = { entity: "test", environment: "production", key: "door", before: {} };
    expect(typesOf("stopTest", [{ ...test, after: { stopReason: "sample" } }])).toEqual(["test.reached-sample"]);
    expect(typesOf("stopTest", [{ ...test, after: { stopReason: "person" } }])).toEqual([]);
  });
});

test("a message names a hundred flags at most, and how many more there were", () => {
  const changes = Array.from({ length: 250 }, (_, n) => ({
    entity: "flag",
    environment: "",
    key: `f${n}`,
    before: null,
    after: {},
  }));
  const [message] = messagesOf("shop", rowOf("import", changes));
  expect([message?.data.subjects.length, message?.data.more]).toEqual([100, 150]);
});

test("a webhook gets the events that it chose, of its environments and of all at once, unless it is paused", () => {
  const webhook = { events: ["flag.changed"], environments: [] as string[], paused: false };
  const changed = (environment: string) =>
    messagesOf("shop", rowOf("x", [{ entity: "state", environment, key: "a", before: null, after: {} }]))[0];
  const message = changed("production");
  if (!message) throw new Error("no message");
  expect(wants(webhook, message)).toBe(true);
  expect(wants({ ...webhook, events: ["flag.killed"] }, message)).toBe(false);
  expect(wants({ ...webhook, environments: ["staging"] }, message)).toBe(false);
  expect(wants({ ...webhook, environments: ["staging", "production"] }, message)).toBe(true);
  expect(wants({ ...webhook, environments: ["staging"] }, changed("") ?? message)).toBe(true);
  expect(wants({ ...webhook, paused: true }, message)).toBe(false);
});

test("a guard's kill asks pipelines to go back to the version deployed before; nobody else's kill does", () => {
  const changes = [
    { entity: "kill", environment: "production", key: "k_1", before: null, after: { flag: "checkout", serve: "off" } },
  ] as never;
  const deployed = (hour: number, version: string) => ({
    ...{ version, status: "success" as const, finishedAt: `2026-11-25T0${hour}:00:00.000Z`, service: "shop" },
  });
  const deployments = (environment: string) =>
    environment === "production" ? [deployed(1, "1.4.0"), deployed(2, "1.5.0")] : [];
  const requestedBy = (type: string) =>
    messagesOf(
      "shop",
      { ...rowOf("kill", changes), actor: { type, id: type, name: type, role: "engineer" } as never },
      deployments,
    ).find((message) => message.type === "deployment.rollback-requested");
  expect(requestedBy("guard")?.data).toMatchObject({
    flag: "checkout",
    environment: "production",
    deployments: [{ service: "shop", version: "1.5.0", previous: "1.4.0" }],
  });
  for (const other of ["token", "trigger", "schedule"]) expect(requestedBy(other)).toBeUndefined();
});
