import { flagCycle, flagsTangled, flagTooDeep } from "../../objects/flag-store/decide/state-checks.ts";
import type { Body, Change, ProjectView, Row } from "../../objects/flag-store/entities.ts";
import type { Rejection } from "../../result.ts";
import { removedVariants } from "../flags/decide.ts";

/** Changes up to which documents are looked up one by one: beyond, going through all of them once costs less. */
const FEW = 16;

/** What of a project has to be looked at again when documents change together, read as it is asked for. */
interface CheckScope {
  /** Segments that changed, or that use one that is gone. */
  readonly segments: readonly Row<"segment">[];
  /** States that may not fit any more. */
  states(environment: string): Row<"state">[];
  /** States that ask for one of these flags. */
  askersOf(flags: readonly string[]): Row<"state">[];
  /** Layers of those states; undefined: all. */
  layers(environment: string): ReadonlySet<string> | undefined;
  /** A circle of flags, or too long a chain. */
  tangled(environment: string): Rejection | null;
}

/**
 * Of few changes, what they touch: a document that neither changed nor names one that did fits as it did before.
 *
 * @param after the project as it would stand with the changes made
 */
export function scopeOf(after: ProjectView, changes: readonly Change[]): CheckScope {
  return changes.length > FEW ? everything(after, changes) : touched(after, changes);
}

function everything(after: ProjectView, changes: readonly Change[]): CheckScope {
  return {
    segments: changes.some(({ entity }) => entity === "segment") ? after.list("segment") : [],
    states: (environment) => after.list("state", environment),
    askersOf: () => after.mentioning("state", '"flag":"'),
    layers: () => undefined,
    tangled: (environment) => flagsTangled(after, environment),
  };
}

function touched(after: ProjectView, changes: readonly Change[]): CheckScope {
  const own = new Set(changes.flatMap(({ entity, key }) => (entity === "state" || entity === "flag" ? [key] : [])));
  const askersOf = (flags: readonly string[]) => flags.flatMap((flag) => after.mentioning("state", `"flag":"${flag}"`));
  const concerned = changes.flatMap((change) => usersOf(after, change));
  const ownStates = (environment: string) => [...own].flatMap((key) => after.get("state", environment, key) ?? []);
  const states = (environment: string) => {
    const others = concerned.filter((row) => row.environment === environment && !own.has(row.key));
    return [...ownStates(environment), ...new Map(others.map((row) => [row.key, row])).values()];
  };
  return {
    segments: segmentsOf(after, changes),
    states,
    askersOf,
    layers: (environment) =>
      new Set(ownStates(environment).flatMap(({ body }) => (body.layer ? [body.layer.layer] : []))),
    tangled: (environment) => {
      for (const { key, body } of ownStates(environment)) {
        const tangle = flagCycle(after, environment, key, body) ?? flagTooDeep(after, environment, key, body);
        if (tangle) return tangle;
      }
      return null;
    },
  };
}

/** States that use what a change takes away: a flag or some variant of it, a segment, a layer, a holdout. */
function usersOf(after: ProjectView, change: Change): Row<"state">[] {
  const { entity, key } = change;
  if (entity !== "flag" && entity !== "segment" && entity !== "layer" && entity !== "holdout") return [];
  const isGone = change.after === null || (entity === "flag" && lessens(change));
  return isGone ? after.mentioning("state", `"${entity}":"${key}"`) : [];
}

/** Whether a flag has lost a variant, or its life. */
function lessens({ before, after }: Change & { entity: "flag" }): boolean {
  const definition = after as Body<"flag">;
  return definition.archivedAt !== undefined || removedVariants(before, definition).length > 0;
}

function segmentsOf(after: ProjectView, changes: readonly Change[]): Row<"segment">[] {
  const rows = changes.flatMap(({ entity, key, after: body }) => {
    if (entity !== "segment") return [];
    return body === null ? after.mentioning("segment", `"segment":"${key}"`) : (after.get("segment", "", key) ?? []);
  });
  return [...new Map(rows.map((row) => [row.key, row])).values()];
}
