import { DARK_STAGES, type DarkStage, DOOR_LAYER } from "../../../shared/demand/test-kinds.ts";
import { SPLIT_TOTAL } from "../../../shared/limits.ts";
import type { DarkLaunchSettings, TestSettings } from "../../../shared/schema/demand-test.ts";
import { type FlagState, flagDefinition, flagStateInput, type Rule, type Serve } from "../../../shared/schema/flag.ts";
import type { Json } from "../../../shared/schema/primitives.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  actorsAuthority,
  type Circumstances,
  change,
  changeableFlag,
  type Decision,
  decision,
  liveFlag,
  versionConflict,
} from "../../objects/flag-store/decide/decision.ts";
import { overlay } from "../../objects/flag-store/decide/overlay.ts";
import { mayChange } from "../../objects/flag-store/decide/rights.ts";
import { defaultServe } from "../../objects/flag-store/decide/state-checks.ts";
import type { Body, Change, ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { type Rejection, type Result, reject } from "../../result.ts";
import { patchState, putFlag, putState } from "../flags/decide.ts";
import { putShared } from "../segments/decide.ts";

/**
 * Makes a test, with its flag when there is none. What is being measured cannot be changed meanwhile; a dark launch
 * can, since its stages are what it consists of.
 */
export function putTest(command: CommandOf<"putTest">, c: Circumstances): Result<Decision> {
  const { environment, flag, settings, acknowledgeExposure } = command;
  if (!c.view.get("environment", "", environment)) return reject({ code: "environment-not-found", environment });
  const row = c.view.get("test", environment, flag);
  const refused =
    versionConflict(`test of "${flag}"`, row, c.ifVersion) ??
    mayChange(actorsAuthority(c), environment, settings.kind, c.view.get("flag", "", flag)?.body.purpose) ??
    (row?.body.status === "running" && settings.kind !== "dark-launch" ? running(flag) : null);
  if (refused) return reject(refused);
  const before = row?.body ?? null;
  const after: Body<"test"> = before
    ? { ...before, settings }
    : { settings, status: "draft", run: 0, ...(settings.kind === "dark-launch" ? { stage: "off" as const } : {}) };
  return inTurn(
    c,
    (now) => withFlag(command, now),
    // The state is tried at once, so that the author of an audience meets its faults.
    (now) => writeState(environment, flag, after, now, { enabled: before?.status === "running", acknowledgeExposure }),
    () => decision(change("test", environment, flag, before, after), [environment]),
  );
}

/** Opens the door, or the desk. */
export function startTest(command: CommandOf<"startTest">, c: Circumstances): Result<Decision> {
  const { environment, flag, acknowledgeExposure } = command;
  const found = testOf(environment, flag, c);
  if (!found.ok) return found;
  const { body } = found.value;
  if (body.settings.kind === "dark-launch") {
    const message = `a dark launch goes by stages: POST …/test/stage with one of ${DARK_STAGES.join(", ")}`;
    return reject({ code: "invalid", issues: [{ field: "stage", message }] });
  }
  if (body.status === "running") return decision([], []);
  if ("endsAt" in body.settings && body.settings.endsAt && Date.parse(body.settings.endsAt) <= c.now) {
    return reject({ code: "invalid", issues: [{ field: "settings.endsAt", message: "this date has passed" }] });
  }
  const { stoppedAt: _, stopReason: __, ...rest } = body;
  const after: Body<"test"> = {
    ...rest,
    status: "running",
    run: body.run + 1,
    startedAt: new Date(c.now).toISOString(),
  };
  return inTurn(
    c,
    (now) => withLayer(body.settings, now),
    (now) => writeState(environment, flag, after, now, { enabled: true, acknowledgeExposure }),
    () => decision(change("test", environment, flag, body, after), [environment]),
  );
}

/** Ends a test, once: nobody is shown it any more, and its share of the layer is free for others. */
export function stopTest(command: CommandOf<"stopTest">, c: Circumstances): Result<Decision> {
  const { environment, flag, reason } = command;
  const found = testOf(environment, flag, c);
  if (!found.ok) return found;
  const { body } = found.value;
  if (body.status !== "running" || (command.run !== undefined && command.run !== body.run)) return decision([], []);
  const after: Body<"test"> = {
    ...body,
    status: "stopped",
    stoppedAt: new Date(c.now).toISOString(),
    stopReason: reason,
    ...(body.stage ? { stage: "off" as const } : {}),
  };
  return inTurn(
    c,
    // The rules stay as they stand, so that stopping asks for nothing new, of which somebody would have to be asked.
    (now) => patchState({ type: "patchState", environment, flag, patch: switchedOff(after) }, now),
    () => decision(change("test", environment, flag, body, after), [environment]),
  );
}

/** Nobody is in it, and its place in the layer is free. A dark launch that is off has no rules. */
const switchedOff = ({ stage }: Body<"test">): Record<string, Json> => ({
  enabled: false,
  layer: null,
  ...(stage ? { rules: [] } : {}),
});

/** Takes a dark launch to a stage, forwards or back. */
export function stageTest(command: CommandOf<"stageTest">, c: Circumstances): Result<Decision> {
  const { environment, flag, stage, acknowledgeExposure } = command;
  const found = testOf(environment, flag, c);
  if (!found.ok) return found;
  const { body } = found.value;
  if (body.settings.kind !== "dark-launch") {
    const message = `only a dark launch has stages; this is a ${body.settings.kind}: POST …/test/start`;
    return reject({ code: "invalid", issues: [{ field: "stage", message }] });
  }
  if (body.stage === stage) return decision([], []);
  if (stage === "off") return stopTest({ type: "stopTest", environment, flag, reason: "person" }, c);
  const { stoppedAt: _, stopReason: __, ...rest } = body;
  const starts = body.status !== "running";
  const after: Body<"test"> = {
    ...rest,
    status: "running",
    stage,
    ...(starts ? { run: body.run + 1, startedAt: new Date(c.now).toISOString() } : {}),
  };
  return inTurn(
    c,
    (now) => writeState(environment, flag, after, now, { enabled: true, acknowledgeExposure }),
    () => decision(change("test", environment, flag, body, after), [environment]),
  );
}

/** Forgets a test that is not running. The flag stays, off. */
export function deleteTest(command: CommandOf<"deleteTest">, c: Circumstances): Result<Decision> {
  const { environment, flag } = command;
  const found = testOf(environment, flag, c);
  if (!found.ok) return found;
  if (found.value.body.status === "running") return reject(running(flag));
  return decision(change("test", environment, flag, found.value.body, null), [environment]);
}

/** Tests whose date has come. */
export const overdueTests = (view: ProjectView, now: number): Row<"test">[] =>
  view
    .mentioning("test", '"status":"running"')
    .filter(({ body }) => "endsAt" in body.settings && Date.parse(body.settings.endsAt ?? "") <= now);

const running = (flag: string): Rejection => ({ code: "test-running", flag });

function testOf(environment: string, flag: string, c: Circumstances): Result<Row<"test">> {
  const live = changeableFlag({ environment, flag }, c);
  if (!live.ok) return live;
  const row = c.view.get("test", environment, flag);
  if (!row) return reject({ code: "test-not-found", flag, environment });
  const conflict = versionConflict(`test of "${flag}"`, row, c.ifVersion);
  return conflict ? reject(conflict) : { ok: true, value: row };
}

/** A test's flag is seen by those only who are in the test. */
function withFlag({ flag, settings, description }: CommandOf<"putTest">, c: Circumstances): Result<Decision> {
  const row = c.view.get("flag", "", flag);
  if (row && !row.body.archivedAt) {
    if (row.body.purpose === settings.kind) return decision([], []);
    const message = `the flag "${flag}" is there already, as a ${row.body.purpose} flag; choose another key`;
    return reject({ code: "invalid", issues: [{ field: "flag", message }] });
  }
  const definition = flagDefinition.parse({
    type: "boolean",
    purpose: settings.kind,
    variants: { on: true, off: false },
    offVariant: "off",
    visibility: "targeted",
    description: description ?? "",
    owner: c.actor.name,
  });
  return putFlag({ type: "putFlag", flag, definition }, c);
}

function withLayer(settings: TestSettings, c: Circumstances): Result<Decision> {
  if (settings.kind !== "fake-door" || c.view.get("layer", "", DOOR_LAYER)) return decision([], []);
  const definition = { description: "Fake doors: nobody is shown two at a time.", by: "targetingKey" };
  return putShared({ type: "putLayer", layer: DOOR_LAYER, definition }, c);
}

function writeState(
  environment: string,
  key: string,
  test: Body<"test">,
  c: Circumstances,
  { enabled, acknowledgeExposure }: { enabled: boolean; acknowledgeExposure?: boolean },
): Result<Decision> {
  const flag = liveFlag(c.view, key);
  if (!flag.ok) return flag;
  const row = c.view.get("state", environment, key);
  const { layer: _, ...before } = row?.body ?? ({} as Partial<FlagState>);
  const place = enabled ? doorPlace(environment, key, test.settings, c.view) : { ok: true as const, value: undefined };
  if (!place.ok) return place;
  const served = defaultServe(flag.value.body) as Extract<Serve, { variant: unknown }>;
  const off: Serve = { variant: flag.value.body.offVariant };
  const state = flagStateInput.parse({
    ...before,
    enabled,
    ...(place.value ? { layer: { layer: DOOR_LAYER, ...place.value } } : {}),
    rules: rulesOf(test, served, off),
    fallthrough: off,
  });
  return putState({ type: "putState", environment, flag: key, state, acknowledgeExposure }, c);
}

function rulesOf({ settings, stage }: Body<"test">, served: Serve, off: Serve): Pick<Rule, "id" | "when" | "serve">[] {
  switch (settings.kind) {
    case "fake-door":
      return [{ id: "audience", when: settings.audience, serve: served }];
    case "wizard-of-oz":
      return [{ id: "audience", when: settings.audience, serve: shareOf(settings.share, served, off) }];
    case "dark-launch":
      return darkRules(settings, stage ?? "off", served, off);
  }
}

/** Each stage lets in one group more. */
function darkRules(settings: DarkLaunchSettings, stage: DarkStage, served: Serve, off: Serve) {
  const rules: Record<Exclude<DarkStage, "off">, Pick<Rule, "id" | "when" | "serve">> = {
    // The edge sets it on requests with a valid signature; nobody else can.
    synthetic: { id: "synthetic", when: { attribute: "edge.synthetic", op: "equals", values: [true] }, serve: served },
    segment: { id: "segment", when: settings.segment, serve: served },
    staff: { id: "staff", when: settings.staff, serve: served },
    percent: { id: "share", when: { all: [] }, serve: shareOf(settings.percent, served, off) },
  };
  const [, ...stages] = DARK_STAGES.slice(0, DARK_STAGES.indexOf(stage) + 1) as ["off", ...(keyof typeof rules)[]];
  return stages.map((name) => rules[name]);
}

function shareOf(parts: number, served: Serve, off: Serve): Serve {
  const [on, rest] = [served, off].map((serve) => ("variant" in serve ? serve.variant : null));
  if (parts >= SPLIT_TOTAL || on == null || rest == null) return served;
  const split = [
    { variant: on, weight: parts },
    { variant: rest, weight: SPLIT_TOTAL - parts },
  ];
  return { split, by: "targetingKey", algorithm: "blastdoor-1" };
}

/** The first free range of the doors' layer that is wide enough. */
function doorPlace(
  environment: string,
  key: string,
  settings: TestSettings,
  view: ProjectView,
): Result<{ from: number; to: number } | undefined> {
  if (settings.kind !== "fake-door") return { ok: true, value: undefined };
  const taken = view
    .mentioning("state", `"layer":"${DOOR_LAYER}"`)
    .filter((row) => row.environment === environment && row.key !== key && row.body.layer?.layer === DOOR_LAYER)
    .filter((row) => view.get("flag", "", row.key)?.body.archivedAt === undefined)
    .map((row) => ({ key: row.key, from: row.body.layer?.from ?? 0, to: row.body.layer?.to ?? 0 }))
    .sort((a, b) => a.from - b.from);
  let from = 0;
  let widest = 0;
  for (const range of [...taken, { from: SPLIT_TOTAL, to: SPLIT_TOTAL }]) {
    if (range.from - from >= settings.share) return { ok: true, value: { from, to: from + settings.share } };
    widest = Math.max(widest, range.from - from);
    from = Math.max(from, range.to);
  }
  return reject({ code: "layer-full", asked: settings.share, left: widest, by: taken.map((range) => range.key) });
}

/** Decisions one upon the other, as one: each sees what those before it would change. */
function inTurn(c: Circumstances, ...steps: ((c: Circumstances) => Result<Decision>)[]): Result<Decision> {
  const changes = new Map<string, Change>();
  const publish: string[] = [];
  for (const step of steps) {
    const view = overlay(c.view, [...changes.values()]);
    const decided = step({ ...c, view, ifVersion: undefined });
    if (!decided.ok) return decided;
    publish.push(...decided.value.publish);
    for (const made of decided.value.changes) {
      const place = `${made.entity}\n${made.environment}\n${made.key}`;
      const earlier = changes.get(place);
      changes.set(place, earlier ? ({ ...made, before: earlier.before } as Change) : made);
    }
  }
  const effective = [...changes.values()].filter(
    ({ before, after }) => JSON.stringify(before) !== JSON.stringify(after),
  );
  return decision(effective, publish);
}
