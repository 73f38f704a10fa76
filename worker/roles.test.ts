import { describe, expect, test } from "vitest";
import type { Role } from "../shared/schema/admin.ts";
import type { testSettings } from "../shared/schema/demand-test.ts";
import { PURPOSES, type Purpose, TEST_PURPOSES } from "../shared/schema/flag.ts";
import { metric } from "../shared/schema/series.ts";
import { admin } from "./app.ts";
import type { Command, OwnCommand } from "./durable/commands.ts";
import { aFlag, FakeProject } from "./testing/fake-project.ts";

type Input = Parameters<FakeProject["run"]>[0];
type InputOf<T extends Command["type"]> = Extract<Input, { type: T }>;
type Settings = (typeof testSettings)["_input"];

const FLAG = "f";
const at = { environment: "production", flag: FLAG };
const MARKETER = { role: "marketer" } as const;
const ENGINEER = { role: "engineer" } as const;
const isTest = (purpose: Purpose): boolean => (TEST_PURPOSES as readonly string[]).includes(purpose);

/** What a command asks of who sends it. */
type Law<T extends Command["type"]> = Asked | ByPurpose<T> | ByCommand<T>;

/** The route refuses marketers, and decide trusts it: the command has nothing to do with one flag's purpose. */
interface Asked {
  route: string;
  needs: Role;
}

/** Whatever a marketer may do to a test, and nobody but engineers to any other flag. */
interface ByPurpose<T extends Command["type"]> {
  /** What has to be there first; the flag is there, and is for `purpose` in the end. */
  given?: Input[];
  command: InputOf<T> | ((purpose: Purpose) => InputOf<T>);
  /** What an engineer is answered, where it is not "done". */
  otherwise?: (purpose: Purpose) => string | null;
}

/** Neither: what a marketer may send, and what only an engineer. */
interface ByCommand<T extends Command["type"]> {
  marketers: InputOf<T>;
  engineers: InputOf<T>;
}

const PROJECT = "/projects/{project}";
const ENVIRONMENT = `${PROJECT}/environments/{environment}`;
const asked = (route: string, needs: Role = "engineer"): Asked => ({ route, needs });

const door: Settings = {
  kind: "fake-door",
  share: 1_000,
  wording: { message: "Not yet.", thanks: "Thanks" },
  bar: 0.03,
  targetPeople: 1_000,
};
const staff = { attribute: "email", op: "ends_with" as const, values: ["@shop.example"] };
const dark: Settings = { kind: "dark-launch", segment: staff, staff };
const oz: Settings = { kind: "wizard-of-oz", share: 1_000, deadlineSeconds: 60, fallback: "Later" };
const settingsFor = (purpose: Purpose): Settings =>
  purpose === "dark-launch" ? dark : purpose === "wizard-of-oz" ? oz : door;
const aKey = { environment: "production", name: "A key", hash: "0".repeat(64), hint: "abcd", origins: [] };
const plan = {
  variant: "on",
  baseline: "off",
  stages: [
    { audience: { share: 1_000 }, advance: "by-hand" as const },
    { audience: { share: 50_000 }, advance: "by-hand" as const },
  ],
};
const withPlan: Input = { type: "putPlan", ...at, plan };
const started: Input[] = [withPlan, { type: "startPlan", ...at }];
const withGuard: Input = {
  type: "putGuard",
  ...at,
  guard: { metrics: [metric.parse({ name: "errors", kind: "error" })] },
};
const withTrigger = {
  type: "createTrigger",
  ...at,
  id: "trg_1",
  name: "Alerts",
  hash: "0".repeat(64),
  hint: "abcd",
} as const;
const withDoor: Input = { type: "putTest", ...at, settings: door };
const withDark: Input = { type: "putTest", ...at, settings: dark };
const tomorrow = "2026-11-23T12:00:00Z";

/** Every command but the store's own, which no route can send: `execute` does not take them. */
const laws: { [T in Exclude<Command["type"], OwnCommand["type"]>]: Law<T> } = {
  putProject: asked(`PUT ${PROJECT}`, "admin"),
  deleteProject: asked(`DELETE ${PROJECT}`, "admin"),
  putEnvironment: asked(`PUT ${ENVIRONMENT}`, "admin"),
  deleteEnvironment: asked(`DELETE ${ENVIRONMENT}`, "admin"),
  limitKey: asked(`PUT ${ENVIRONMENT}/keys/{id}/limit`, "admin"),
  revokeKey: asked(`DELETE ${ENVIRONMENT}/keys/{id}`),
  putBudget: asked(`PUT ${PROJECT}/budget`, "admin"),
  deleteBudget: asked(`DELETE ${PROJECT}/budget`, "admin"),
  putDrill: asked(`PUT ${ENVIRONMENT}/drill`),
  recordDeployment: asked(`POST ${PROJECT}/deployments`),
  revert: asked(`POST ${PROJECT}/revert`),
  import: asked(`POST ${PROJECT}/import`),
  putPlanTemplate: asked(`PUT ${PROJECT}/plan-templates/{template}`),
  deletePlanTemplate: asked(`DELETE ${PROJECT}/plan-templates/{template}`),
  putFreeze: asked(`PUT ${ENVIRONMENT}/freezes/{freeze}`),
  deleteFreeze: asked(`DELETE ${ENVIRONMENT}/freezes/{freeze}`),
  createWebhook: asked(`POST ${PROJECT}/webhooks`),
  patchWebhook: asked(`PATCH ${PROJECT}/webhooks/{id}`),
  rotateWebhook: asked(`POST ${PROJECT}/webhooks/{id}/rotate`),
  deleteWebhook: asked(`DELETE ${PROJECT}/webhooks/{id}`),
  putSegment: asked(`PUT ${PROJECT}/segments/{segment}`),
  deleteSegment: asked(`DELETE ${PROJECT}/segments/{segment}`),
  putList: asked(`PUT ${PROJECT}/segments/{segment}/list`),
  patchList: asked(`PATCH ${PROJECT}/segments/{segment}/list`),
  deleteList: asked(`DELETE ${PROJECT}/segments/{segment}/list`),
  putLayer: asked(`PUT ${PROJECT}/layers/{layer}`),
  deleteLayer: asked(`DELETE ${PROJECT}/layers/{layer}`),
  putHoldout: asked(`PUT ${PROJECT}/holdouts/{holdout}`),
  deleteHoldout: asked(`DELETE ${PROJECT}/holdouts/{holdout}`),

  createKey: {
    marketers: { type: "createKey", ...aKey, id: "key_1", kind: "client" },
    engineers: { type: "createKey", ...aKey, id: "key_2", kind: "server" },
  },

  putFlag: {
    command: (purpose) => ({ type: "putFlag", flag: FLAG, definition: aFlag({ purpose, owner: "me" }) }),
  },
  patchFlag: { command: { type: "patchFlag", flag: FLAG, patch: { owner: "me" } } },
  archiveFlag: { command: { type: "archiveFlag", flag: FLAG } },
  archiveFlags: { command: { type: "archiveFlags", flags: [FLAG] } },
  putState: { command: { type: "putState", ...at, state: { enabled: true } } },
  patchState: { command: { type: "patchState", ...at, patch: { enabled: true } } },
  kill: { command: { type: "kill", ...at } },
  restore: { given: [{ type: "kill", ...at }], command: { type: "restore", ...at } },
  createSchedule: { command: { type: "createSchedule", ...at, at: tomorrow, patch: { enabled: true } } },
  cancelSchedule: {
    given: [{ type: "createSchedule", ...at, at: tomorrow, patch: { enabled: true } }],
    command: { type: "cancelSchedule", ...at, id: "schedule-3" },
  },
  putGuard: { command: withGuard },
  deleteGuard: { given: [withGuard], command: { type: "deleteGuard", ...at } },
  putPlan: { command: withPlan },
  deletePlan: { given: [withPlan], command: { type: "deletePlan", ...at } },
  startPlan: { given: [withPlan], command: { type: "startPlan", ...at } },
  pausePlan: { given: started, command: { type: "pausePlan", ...at } },
  resumePlan: { given: [...started, { type: "pausePlan", ...at }], command: { type: "resumePlan", ...at } },
  advancePlan: { given: started, command: { type: "advancePlan", ...at } },
  rollbackPlan: { given: started, command: { type: "rollbackPlan", ...at } },
  createTrigger: { command: withTrigger },
  deleteTrigger: { given: [withTrigger], command: { type: "deleteTrigger", ...at, id: "trg_1" } },
  putTest: {
    command: (purpose) => ({ type: "putTest", ...at, settings: settingsFor(purpose) }),
    // A test never takes over a flag that is there for something else.
    otherwise: (purpose) => (settingsFor(purpose).kind === purpose ? null : "invalid"),
  },
  startTest: { given: [withDoor], command: { type: "startTest", ...at } },
  stopTest: {
    given: [withDoor, { type: "startTest", ...at }],
    command: { type: "stopTest", ...at, reason: "person" },
  },
  stageTest: {
    given: [{ type: "patchFlag", flag: FLAG, patch: { purpose: "dark-launch" } }, withDark],
    command: { type: "stageTest", ...at, stage: "staff" },
  },
  deleteTest: { given: [withDoor], command: { type: "deleteTest", ...at } },
};

const rows = Object.entries(laws) as [Command["type"], Law<Command["type"]>][];
const byPurpose = rows.flatMap(([type, law]) => ("command" in law ? [[type, law] as const] : []));
const byRoute = rows.flatMap(([type, law]) => ("route" in law ? [[type, law] as const] : []));
const byCommand = rows.flatMap(([type, law]) => ("marketers" in law ? [[type, law] as const] : []));

/** A project with one flag for this purpose, and what the command needs. */
function shop(purpose: Purpose, given: readonly Input[] = []): FakeProject {
  const project = FakeProject.with("production");
  project.must({ type: "putFlag", flag: FLAG, definition: aFlag({ purpose: "fake-door" }) });
  for (const command of given) project.must(command);
  // Last, since a test of demand can be made of a test's flag only: an engineer may make it another's afterwards.
  project.must({ type: "patchFlag", flag: FLAG, patch: { purpose } });
  return project;
}

describe.each(PURPOSES)("a flag for %s", (purpose) => {
  test.each(byPurpose)(`%s: ${isTest(purpose) ? "marketers may" : "only engineers may"}`, (_type, law) => {
    const { given, otherwise } = law;
    const command = typeof law.command === "function" ? law.command(purpose) : law.command;
    const done = otherwise?.(purpose) ?? null;
    expect(shop(purpose, given).refusal(command, ENGINEER)).toBe(done);
    expect(shop(purpose, given).refusal(command, MARKETER)).toBe(isTest(purpose) ? done : "forbidden");
  });

  test(`is made ${isTest(purpose) ? "by marketers, too" : "by engineers only"}`, () => {
    const make = { type: "putFlag", flag: "new", definition: aFlag({ purpose }) } as const;
    expect(shop(purpose).refusal(make, ENGINEER)).toBeNull();
    expect(shop(purpose).refusal(make, MARKETER)).toBe(isTest(purpose) ? null : "forbidden");
  });
});

describe("what marketers may never do is refused by its route", () => {
  const info = { openapi: "3.1.0", info: { title: "", version: "" } };
  const described = admin.getOpenAPI31Document(info).paths as Record<string, Record<string, { description?: string }>>;
  test.each(byRoute)("%s", (_type, { route, needs }) => {
    const [method = "", path = ""] = route.split(" ");
    expect(described[path]?.[method.toLowerCase()]?.description).toContain(`Needs the role *${needs}*.`);
    expect(["engineer", "admin"]).toContain(needs);
  });
});

test.each(byCommand)("%s: one kind for marketers, the other for engineers only", (_type, law) => {
  expect(shop("release").refusal(law.marketers, MARKETER)).toBeNull();
  expect(shop("release").refusal(law.engineers, MARKETER)).toBe("forbidden");
  expect(shop("release").refusal(law.engineers, ENGINEER)).toBeNull();
});

test("a marketer archives several flags only if all of them are tests", () => {
  const project = shop("fake-door");
  project.must({ type: "putFlag", flag: "checkout", definition: aFlag() });
  for (const flags of [
    [FLAG, "checkout"],
    ["checkout", FLAG],
  ])
    expect(project.refusal({ type: "archiveFlags", flags }, MARKETER)).toBe("forbidden");
});

test("a marketer cannot turn a release flag into a test, nor a test into anything else", () => {
  for (const from of PURPOSES) {
    for (const to of PURPOSES) {
      const patch = { type: "patchFlag", flag: FLAG, patch: { purpose: to } } as const;
      const may = from === to && isTest(from);
      expect([from, to, shop(from).refusal(patch, MARKETER)]).toEqual([from, to, may ? null : "forbidden"]);
    }
  }
});

test("a marketer cannot take over an archived release flag's key", () => {
  const project = shop("release");
  project.must({ type: "archiveFlag", flag: FLAG });
  const reuse = { type: "putFlag", flag: FLAG, definition: aFlag({ purpose: "fake-door" }), reuse: true } as const;
  expect(project.refusal(reuse, MARKETER)).toBe("forbidden");
});
