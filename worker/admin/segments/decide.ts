import { segmentDependencies } from "../../../shared/evaluation/graph.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  environmentKeys,
  overLimit,
  versionConflict,
} from "../../objects/flag-store/decide/decision.ts";
import { patternIssues } from "../../objects/flag-store/decide/pattern-checks.ts";
import {
  conditionReferences,
  isLive,
  segmentCycle,
  segmentsTooDeep,
} from "../../objects/flag-store/decide/state-checks.ts";
import { valueIssues } from "../../objects/flag-store/decide/value-checks.ts";
import type { Change, ProjectView } from "../../objects/flag-store/entities.ts";
import { type Rejection, type Result, reject } from "../../result.ts";
import { plansNaming, usesSegment } from "../plans/decide.ts";

export function putSegment(command: CommandOf<"putSegment">, c: Circumstances): Result<Decision> {
  const row = c.view.get("segment", "", command.segment);
  const conflict = versionConflict(`segment "${command.segment}"`, row, c.ifVersion);
  if (conflict) return reject(conflict);
  if (!row) {
    const full = overLimit("segmentsPerProject", c.view.count("segment") + 1);
    if (full) return reject(full);
  }
  const tangle =
    segmentCycle(c.view, command.segment, command.definition) ??
    segmentsTooDeep(c.view, command.segment, command.definition);
  if (tangle) return reject(tangle);
  const changes = change("segment", "", command.segment, row?.body ?? null, command.definition);
  const issues = [
    ...(command.definition.when ? conditionReferences(c.view, "when", command.definition.when) : []),
    ...valueIssues(changes),
    ...patternIssues(c.view, changes),
  ];
  if (issues.length > 0) return reject({ code: "invalid", issues });
  return decision(changes, environmentKeys(c.view));
}

export function deleteSegment(command: CommandOf<"deleteSegment">, c: Circumstances): Result<Decision> {
  const row = c.view.get("segment", "", command.segment);
  if (!row) return reject({ code: "segment-not-found", segment: command.segment });
  const conflict = versionConflict(`segment "${command.segment}"`, row, c.ifVersion);
  if (conflict) return reject(conflict);
  const by = segmentUsers(c.view, command.segment);
  if (by.length > 0) return reject({ code: "in-use", what: `the segment "${command.segment}"`, by });
  return decision(removed(c.view, command.segment), environmentKeys(c.view));
}

/** A segment goes together with its long list. */
export function removed(view: ProjectView, segment: string): Change[] {
  return [
    ...change("segment", "", segment, view.get("segment", "", segment)?.body ?? null, null),
    ...change("list", "", segment, view.get("list", "", segment)?.body ?? null, null),
  ];
}

function segmentUsers(view: ProjectView, segment: string): string[] {
  const text = `"segment":"${segment}"`;
  const flags = view
    .mentioning("state", text)
    .filter((row) => isLive(view, row.key))
    .map((row) => `flag ${row.key} in ${row.environment}`);
  const segments = view
    .mentioning("segment", text)
    .filter((row) => row.body.when && segmentDependencies(row.body.when).includes(segment))
    .map((row) => `segment ${row.key}`);
  return [...flags, ...segments, ...plansNaming(view, (plan) => usesSegment(plan, segment))];
}

type Shared = "layer" | "holdout";

/** Layers and holdouts: named ranges of people that flag states refer to. */
export function putShared(
  command: CommandOf<"putLayer"> | CommandOf<"putHoldout">,
  c: Circumstances,
): Result<Decision> {
  const [entity, key] =
    command.type === "putLayer" ? (["layer", command.layer] as const) : (["holdout", command.holdout] as const);
  const row = c.view.get<Shared>(entity, "", key);
  const refused = versionConflict(`${entity} "${key}"`, row, c.ifVersion) ?? (row ? null : sharedLimit(entity, c.view));
  if (refused) return reject(refused);
  const after = { ...command.definition, seed: command.definition.seed ?? row?.body.seed ?? key };
  return decision(change<Shared>(entity, "", key, row?.body ?? null, after), environmentKeys(c.view));
}

const sharedLimit = (entity: Shared, view: ProjectView): Rejection | null =>
  overLimit(entity === "layer" ? "layersPerProject" : "holdoutsPerProject", view.count(entity) + 1);

export function deleteShared(
  command: CommandOf<"deleteLayer"> | CommandOf<"deleteHoldout">,
  c: Circumstances,
): Result<Decision> {
  const [entity, key] =
    command.type === "deleteLayer" ? (["layer", command.layer] as const) : (["holdout", command.holdout] as const);
  const row = c.view.get<Shared>(entity, "", key);
  if (!row)
    return reject(
      entity === "layer" ? { code: "layer-not-found", layer: key } : { code: "holdout-not-found", holdout: key },
    );
  const conflict = versionConflict(`${entity} "${key}"`, row, c.ifVersion);
  if (conflict) return reject(conflict);
  const by = c.view
    .mentioning("state", `"${entity}":"${key}"`)
    .filter(({ body }) => (entity === "layer" ? body.layer?.layer : body.holdout) === key)
    .filter((state) => isLive(c.view, state.key))
    .map((state) => `flag ${state.key} in ${state.environment}`);
  if (by.length > 0) return reject({ code: "in-use", what: `the ${entity} "${key}"`, by });
  return decision(change<Shared>(entity, "", key, row.body, null), environmentKeys(c.view));
}
