import { describe, expect, test } from "vitest";
import { ROLES, type Role } from "../../shared/schema/admin.ts";
import type { testSettings } from "../../shared/schema/demand-test.ts";
import { PURPOSES, type Purpose, TEST_PURPOSES } from "../../shared/schema/flag.ts";
import { metric } from "../../shared/schema/series.ts";
import { admin } from "../app.ts";
import type { Command, OwnCommand } from "../objects/flag-store/commands.ts";
import { aFlag, FakeProject } from "../testing/fake-project.ts";

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

/** One role for all of it, whatever a flag is for: the route asks for it, and so do the changes beneath. */
interface Asked {
  route: string;
  needs: Role;
  given: Input[];
  sends: Input;
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
const asked = (route: string, sends: Input, needs: Role = "engineer", ...given: Input[]): Asked => ({
  route,
  needs,
  given,
  sends,
});

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
const withKey: Input = { type: "createKey", ...aKey, id: "key_1", kind: "client" };
const withBudget: Input = { type: "putBudget", evaluationsPerMonth: 1_000, warnAt: 0.8 };
const stages = [{ audience: { share: 1_000 }, advance: "by-hand" as const }];
const withTemplate: Input = { type: "putPlanTemplate", template: "slow", definition: { name: "Slow", stages } };
const withSigningKey: Input = { type: "createSigningKey", environment: "production", id: "sig_1", name: "Shop" };
const withFreeze: Input = {
  type: "putFreeze",
  environment: "production",
  freeze: "night",
  definition: { name: "Night", from: "2026-12-24T00:00:00Z", until: "2026-12-27T00:00:00Z" },
};
const withWebhook: Input = {
  type: "createWebhook",
  id: "wh_1",
  name: "Chat",
  url: "sealed",
  host: "chat.example",
  events: ["flag.killed"],
  environments: [],
  format: "standard",
  salt: "0".repeat(32),
  dashboard: "https://flags.example",
};
/** Of the kill that the third revision makes: the project and its flag come first. */
const followUp: Input = {
  type: "createFollowUp",
  ...at,
  id: "fu_1",
  incident: 3,
  title: "Alert on errors",
  owner: "Grace",
  due: "2026-12-01",
};
const withSegment: Input = { type: "putSegment", segment: "staff", definition: { included: ["u1"] } };
const withList: Input = { type: "putList", segment: "staff", upload: "1-1", digest: "0".repeat(64) };
const withLayer: Input = { type: "putLayer", layer: "pricing", definition: {} };
const withHoldout: Input = { type: "putHoldout", holdout: "q4", definition: { share: 1_000 } };
/** What the store works out beforehand for a command on a long list. */
const list = { salt: "0".repeat(32), version: "1-1", sizes: [1], changed: new Set([0]) };
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
  putProject: asked(`PUT ${PROJECT}`, { type: "putProject", name: "Other" }, "admin"),
  deleteProject: asked(`DELETE ${PROJECT}`, { type: "deleteProject" }, "admin"),
  putEnvironment: asked(`PUT ${ENVIRONMENT}`, { type: "putEnvironment", environment: "qa" }, "admin"),
  deleteEnvironment: asked(`DELETE ${ENVIRONMENT}`, { type: "deleteEnvironment", environment: "production" }, "admin"),
  limitKey: asked(
    `PUT ${ENVIRONMENT}/keys/{id}/limit`,
    { type: "limitKey", environment: "production", id: "key_1", limit: { perSecond: 5, burst: 5 } },
    "admin",
    withKey,
  ),
  setKeyExpiry: asked(
    `PUT ${ENVIRONMENT}/keys/{id}/expiry`,
    { type: "setKeyExpiry", environment: "production", id: "key_1", expiresAt: "2027-11-22T12:00:00Z" },
    "engineer",
    withKey,
  ),
  rotateKey: asked(
    `POST ${ENVIRONMENT}/keys/{id}/rotate`,
    {
      type: "rotateKey",
      environment: "production",
      id: "key_1",
      graceSeconds: 60,
      next: { id: "key_2", hash: "1".repeat(64), hint: "efgh" },
    },
    "engineer",
    withKey,
  ),
  setKeySigning: asked(
    `PUT ${ENVIRONMENT}/keys/{id}/signing`,
    { type: "setKeySigning", environment: "production", id: "key_1", signing: { require: "context" } },
    "admin",
    withKey,
  ),
  createSigningKey: asked(`POST ${ENVIRONMENT}/signing-keys`, withSigningKey, "admin"),
  revokeSigningKey: asked(
    `DELETE ${ENVIRONMENT}/signing-keys/{id}`,
    { type: "revokeSigningKey", environment: "production", id: "sig_1" },
    "admin",
    withSigningKey,
  ),
  revokeKey: asked(
    `DELETE ${ENVIRONMENT}/keys/{id}`,
    { type: "revokeKey", environment: "production", id: "key_1" },
    "engineer",
    withKey,
  ),
  putBudget: asked(`PUT ${PROJECT}/budget`, withBudget, "admin"),
  deleteBudget: asked(`DELETE ${PROJECT}/budget`, { type: "deleteBudget" }, "admin", withBudget),
  putDrill: asked(`PUT ${ENVIRONMENT}/drill`, { type: "putDrill", environment: "production", everyHours: 24 }),
  recordDeployment: asked(`POST ${PROJECT}/deployments`, {
    type: "recordDeployment",
    id: "d1",
    environment: "production",
    version: "v1",
    status: "success",
  }),
  revert: asked(`POST ${PROJECT}/revert`, { type: "revert", revision: 2 }, "engineer", {
    type: "patchFlag",
    flag: FLAG,
    patch: { owner: "me" },
  }),
  import: asked(`POST ${PROJECT}/import`, {
    type: "import",
    document: {
      format: "blastdoor-export-1",
      project: "shop",
      environments: {},
      flags: { imported: aFlag() },
      states: {},
    },
  }),
  importFlags: asked(`POST ${PROJECT}/import`, {
    type: "importFlags",
    environment: "production",
    vendor: "flagd",
    file: "0".repeat(64),
    flags: { imported: { definition: aFlag(), state: {} } },
    segments: {},
  }),
  putPlanTemplate: asked(`PUT ${PROJECT}/plan-templates/{template}`, withTemplate),
  deletePlanTemplate: asked(
    `DELETE ${PROJECT}/plan-templates/{template}`,
    { type: "deletePlanTemplate", template: "slow" },
    "engineer",
    withTemplate,
  ),
  putFreeze: asked(`PUT ${ENVIRONMENT}/freezes/{freeze}`, withFreeze),
  deleteFreeze: asked(
    `DELETE ${ENVIRONMENT}/freezes/{freeze}`,
    { type: "deleteFreeze", environment: "production", freeze: "night" },
    "engineer",
    withFreeze,
  ),
  createFollowUp: asked(`POST ${ENVIRONMENT}/incidents/{revision}/follow-ups`, followUp, "engineer", {
    type: "kill",
    ...at,
  }),
  patchFollowUp: asked(
    `PATCH ${ENVIRONMENT}/follow-ups/{id}`,
    { type: "patchFollowUp", environment: "production", id: "fu_1", done: true },
    "engineer",
    { type: "kill", ...at },
    followUp,
  ),
  deleteFollowUp: asked(
    `DELETE ${ENVIRONMENT}/follow-ups/{id}`,
    { type: "deleteFollowUp", environment: "production", id: "fu_1" },
    "engineer",
    { type: "kill", ...at },
    followUp,
  ),
  createWebhook: asked(`POST ${PROJECT}/webhooks`, withWebhook),
  patchWebhook: asked(
    `PATCH ${PROJECT}/webhooks/{id}`,
    { type: "patchWebhook", id: "wh_1", paused: true },
    "engineer",
    withWebhook,
  ),
  rotateWebhook: asked(
    `POST ${PROJECT}/webhooks/{id}/rotate`,
    { type: "rotateWebhook", id: "wh_1", salt: "1".repeat(32) },
    "engineer",
    withWebhook,
  ),
  deleteWebhook: asked(
    `DELETE ${PROJECT}/webhooks/{id}`,
    { type: "deleteWebhook", id: "wh_1" },
    "engineer",
    withWebhook,
  ),
  putSegment: asked(`PUT ${PROJECT}/segments/{segment}`, withSegment),
  deleteSegment: asked(
    `DELETE ${PROJECT}/segments/{segment}`,
    { type: "deleteSegment", segment: "staff" },
    "engineer",
    withSegment,
  ),
  putList: asked(`PUT ${PROJECT}/segments/{segment}/list`, withList, "engineer", withSegment),
  patchList: asked(
    `PATCH ${PROJECT}/segments/{segment}/list`,
    { type: "patchList", segment: "staff", add: ["u1"], remove: [] },
    "engineer",
    withSegment,
  ),
  deleteList: asked(
    `DELETE ${PROJECT}/segments/{segment}/list`,
    { type: "deleteList", segment: "staff" },
    "engineer",
    withSegment,
    withList,
  ),
  putLayer: asked(`PUT ${PROJECT}/layers/{layer}`, withLayer),
  deleteLayer: asked(
    `DELETE ${PROJECT}/layers/{layer}`,
    { type: "deleteLayer", layer: "pricing" },
    "engineer",
    withLayer,
  ),
  putHoldout: asked(`PUT ${PROJECT}/holdouts/{holdout}`, withHoldout),
  deleteHoldout: asked(
    `DELETE ${PROJECT}/holdouts/{holdout}`,
    { type: "deleteHoldout", holdout: "q4" },
    "engineer",
    withHoldout,
  ),

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
  for (const command of given) project.must(command, { list });
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

describe("and so does decide, whatever way the command came", () => {
  const beneath = (role: Role): Role[] => ROLES.slice(0, ROLES.indexOf(role));
  test.each(byRoute)("%s", (_type, { needs, given, sends }) => {
    for (const role of beneath(needs)) {
      const project = shop("release", given);
      const { revision } = project;
      expect([role, project.refusal(sends, { role, list })]).toEqual([role, "forbidden"]);
      expect(project.revision).toBe(revision);
    }
    expect(shop("release", given).must(sends, { role: needs, list }).changes).not.toEqual([]);
  });
});

test("a viewer changes nothing, by any command", () => {
  for (const [type, law] of byPurpose) {
    const command = typeof law.command === "function" ? law.command("fake-door") : law.command;
    // The stage of a dark launch asks for one.
    const purpose = type === "stageTest" ? "dark-launch" : "fake-door";
    expect([type, shop(purpose, law.given).refusal(command, { role: "viewer" })]).toEqual([type, "forbidden"]);
  }
  for (const [, law] of byCommand)
    for (const command of [law.marketers, law.engineers])
      expect(shop("release").refusal(command, { role: "viewer" })).toBe("forbidden");
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

/** Roles that differ by environment: what somebody may do in production follows from their role there alone. */
describe("by environment", () => {
  const beneath = (role: Role): Role[] => ROLES.slice(0, ROLES.indexOf(role));
  const commandOf = (law: ByPurpose<Command["type"]>, purpose: Purpose): Input =>
    typeof law.command === "function" ? law.command(purpose) : law.command;
  /** Commands about a flag that say nothing of an environment act in all of them; so does one that makes flags. */
  const isLocal = (sent: Input): boolean =>
    "environment" in sent && !/^(?:(?:put|delete)Environment|importFlags)$/.test(sent.type);
  /** A project whose fake doors have their layer, which is the whole project's. */
  const withLayerThere = (purpose: Purpose, given: readonly Input[] = []) => {
    const project = shop(purpose, given);
    const shares = [{ type: "putTest", ...at, flag: "first", settings: door } as const];
    for (const one of [...shares, { type: "startTest", ...at, flag: "first" } as const]) project.must(one);
    return project;
  };

  /** What stands for a command that `needs` a role: who may send it, and who may not. */
  function holds(sends: Input, needs: Role, project: () => FakeProject, done: string | null = null): void {
    const refusal = (role: Role, environments: Record<string, Role>) =>
      project().refusal(sends, { role, environments, list });
    if (isLocal(sends)) {
      expect(refusal("viewer", { production: needs })).toBe(done);
      expect(refusal(needs, { staging: "viewer" })).toBe(done);
    } else {
      expect(refusal(needs, { staging: needs, production: needs })).toBe(done);
      expect(refusal("viewer", { production: needs })).toBe("forbidden");
      expect(refusal(needs, { staging: "viewer" })).toBe("forbidden");
    }
    for (const less of beneath(needs)) {
      expect([less, refusal(needs, { production: less })]).toEqual([less, "forbidden"]);
      expect([less, refusal("admin", { production: less })]).toEqual([less, "forbidden"]);
      expect([less, refusal(less, { staging: "admin" })]).toEqual([less, "forbidden"]);
    }
  }

  test.each(byRoute)("%s", (_type, { needs, given, sends }) => {
    holds(sends, needs, () => shop("release", given));
  });

  test.each(byCommand)("%s", (_type, { marketers, engineers }) => {
    holds(marketers, "marketer", () => shop("release"));
    holds(engineers, "engineer", () => shop("release"));
  });

  describe.each(PURPOSES)("a flag for %s", (purpose) => {
    test.each(byPurpose)("%s", (type, law) => {
      const make = () => (type === "startTest" ? withLayerThere(purpose, law.given) : shop(purpose, law.given));
      const needs = isTest(purpose) ? "marketer" : "engineer";
      holds(commandOf(law, purpose), needs, make, law.otherwise?.(purpose) ?? null);
    });
  });
});
