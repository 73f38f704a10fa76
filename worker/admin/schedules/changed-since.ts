import { sha256 } from "../../crypto/sha256.ts";
import type { Body, Change, ProjectView, Row } from "../../objects/flag-store/entities.ts";

/*
 * What a schedule patches may have been changed by somebody after it was made. It keeps a hash of each patched field as
 * it was then, and is applied over that, or over what another schedule has left since, and over nothing else.
 */

type State = Record<string, unknown>;
type Marks = Record<string, string>;

const markOf = (value: unknown): string => (value === undefined ? "" : sha256(JSON.stringify(value)).slice(0, 32));

const stateOf = (view: ProjectView, environment: string, flag: string): State =>
  view.get("state", environment, flag)?.body ?? {};

const marksOf = (state: State, patch: object): Marks =>
  Object.fromEntries(Object.keys(patch).map((field) => [field, markOf(state[field])]));

/** What the fields of a patch are now. */
export const seenBy = (view: ProjectView, environment: string, flag: string, patch: object): Marks =>
  marksOf(stateOf(view, environment, flag), patch);

/** What they are after these changes. */
export function leftBy({ environment, body }: Row<"schedule">, changes: readonly Change[], view: ProjectView): Marks {
  return marksOf(afterwards(changes) ?? stateOf(view, environment, body.flag), body.patch);
}

/** The fields that a schedule would put over what somebody changed after it was made. */
export function changedSince(row: Row<"schedule">, changes: readonly Change[], view: ProjectView): string[] {
  const { seen, applyAnyway, flag } = row.body;
  const after = afterwards(changes);
  if (seen === undefined || applyAnyway || after === null) return [];
  const before = stateOf(view, row.environment, flag);
  const earlier = appliedSince(row, view);
  return Object.keys(seen).filter((field) => {
    const now = markOf(before[field]);
    const isKnown = now === seen[field] || earlier.some(({ left }) => left?.[field] === now);
    return !isKnown && now !== markOf(after[field]);
  });
}

const afterwards = (changes: readonly Change[]): State | null =>
  (changes.find(({ entity }) => entity === "state")?.after as State | null | undefined) ?? null;

function appliedSince({ environment, body, createdAt }: Row<"schedule">, view: ProjectView): Body<"schedule">[] {
  return view
    .list("schedule", environment)
    .map((other) => other.body)
    .filter(({ flag, status, finishedAt }) => {
      const isApplied = status === "applied" && finishedAt !== undefined;
      return flag === body.flag && isApplied && Date.parse(finishedAt) >= createdAt;
    });
}
