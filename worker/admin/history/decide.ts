import { ownOf } from "../../../shared/own.ts";
import type { CommandOf } from "../../objects/flag-store/commands.ts";
import {
  type Circumstances,
  change,
  type Decision,
  decision,
  environmentKeys,
  overLimit,
} from "../../objects/flag-store/decide/decision.ts";
import { newlyExposed } from "../../objects/flag-store/decide/exposure.ts";
import { overlay } from "../../objects/flag-store/decide/overlay.ts";
import { patternIssues } from "../../objects/flag-store/decide/pattern-checks.ts";
import {
  conditionReferences,
  danglingReferences,
  flagsTangled,
  layerOverlaps,
  segmentsTangled,
  settleState,
} from "../../objects/flag-store/decide/state-checks.ts";
import { valueIssues, variantIssues } from "../../objects/flag-store/decide/value-checks.ts";
import type { Body, Change, Entity } from "../../objects/flag-store/entities.ts";
import { type FieldIssue, type Result, reject } from "../../result.ts";
import { removedVariants, usersOfVariants } from "../flags/decide.ts";
import { removed } from "../segments/decide.ts";

/** What revert and import may touch. Kills, keys and the project itself are beyond them: only restore un-kills. */
export const REVERTIBLE = new Set<Entity>(["flag", "state", "segment", "layer", "holdout"]);

/**
 * Puts back how things stood at a revision: of the later changes, oldest first, the first `before` of each document
 * is what it was then. A revert is itself just the next revision.
 */
export function revert(command: CommandOf<"revert">, c: Circumstances): Result<Decision> {
  const history = c.historySince(command.revision);
  if (!history) return reject({ code: "revision-not-found", revision: command.revision, latest: c.revision - 1 });
  const wanted = new Map<string, Change>();
  for (const past of history) {
    const place = `${past.entity}\n${past.environment}\n${past.key}`;
    if (REVERTIBLE.has(past.entity) && !wanted.has(place)) wanted.set(place, past);
  }
  const existing = new Set(environmentKeys(c.view));
  const changes = [...wanted.values()]
    .filter(({ environment }) => environment === "" || existing.has(environment))
    .flatMap(({ entity, environment, key, before }) =>
      // A list's earlier keys are kept nowhere, so a revert leaves lists alone; but none stays without its segment.
      entity === "segment" && before === null
        ? removed(c.view, key)
        : change(entity, environment, key, c.view.get(entity, environment, key)?.body ?? null, before),
    );
  return checked(changes, c, command.acknowledgeExposure);
}

/** Brings in a document as exported: adds and replaces what it names, leaves the rest. */
export function importDocument(command: CommandOf<"import">, c: Circumstances): Result<Decision> {
  const { document } = command;
  const environments = new Set([...environmentKeys(c.view), ...Object.keys(document.environments)]);
  const full = overLimit("environmentsPerProject", environments.size);
  if (full) return reject(full);
  const changes: Change[] = [];
  const put = <E extends Entity>(entity: E, environment: string, key: string, after: Body<E>) =>
    changes.push(...change(entity, environment, key, c.view.get(entity, environment, key)?.body ?? null, after));

  let position = environmentKeys(c.view).length;
  for (const [key, environment] of Object.entries(document.environments)) {
    if (!c.view.get("environment", "", key))
      put("environment", "", key, { name: environment.name ?? key, position: position++ });
  }
  for (const [key, body] of Object.entries(document.segments)) put("segment", "", key, body);
  for (const [key, body] of Object.entries(document.layers)) put("layer", "", key, { ...body, seed: body.seed ?? key });
  for (const [key, body] of Object.entries(document.holdouts))
    put("holdout", "", key, { ...body, seed: body.seed ?? key });
  for (const [key, body] of Object.entries(document.flags)) put("flag", "", key, { ...body, seed: body.seed ?? key });
  for (const [environment, states] of Object.entries(document.states)) {
    if (!environments.has(environment)) {
      const message = `the document does not list an environment "${environment}" and the project has none`;
      return reject({ code: "invalid", issues: [{ field: `states.${environment}`, message }] });
    }
    for (const [key, state] of Object.entries(states)) {
      const definition = ownOf(document.flags, key) ?? c.view.get("flag", "", key)?.body;
      if (!definition)
        return reject({
          code: "invalid",
          issues: [{ field: `states.${environment}.${key}`, message: `there is no flag "${key}"` }],
        });
      const flag = { ...definition, seed: definition.seed ?? key };
      put("state", environment, key, settleState(state, flag, c.view.get("state", environment, key)?.body ?? null));
    }
  }
  const issues = [...valueIssues(changes, placeInDocument), ...variantIssues(changes, placeInDocument)];
  if (issues.length > 0) return reject({ code: "invalid", issues });
  return checked(changes, c, command.acknowledgeExposure);
}

/** What stands before the fields of a document in an export. */
const placeInDocument = ({ entity, environment, key }: Change): string =>
  entity === "state" ? `states.${environment}.${key}.` : `${entity}s.${key}.`;

/**
 * Many documents changed at once must still fit each other and what stays, and expose no hidden flag that was not
 * exposed already, unless that is said to be meant.
 */
function checked(changes: Change[], c: Circumstances, acknowledged = false): Result<Decision> {
  const after = overlay(c.view, changes);
  const limit =
    overLimit("flagsPerProject", after.count("flag")) ?? overLimit("segmentsPerProject", after.count("segment"));
  if (limit) return reject(limit);
  const issues: FieldIssue[] = [];
  for (const { entity, key } of changes) {
    const segment = entity === "segment" ? after.get("segment", "", key)?.body : undefined;
    if (segment?.when) issues.push(...conditionReferences(after, `segments.${key}.when`, segment.when));
  }
  const tangle = segmentsTangled(after);
  if (tangle) return reject(tangle);
  const removed = new Map<string, string[]>();
  for (const { entity, key, before, after: body } of changes) {
    if (entity !== "flag" || !before || !body) continue;
    if (before.type !== body.type) return reject({ code: "type-change", flag: key, from: before.type, to: body.type });
    const gone = removedVariants(before, body);
    if (gone.length > 0) removed.set(key, gone);
  }
  if (removed.size > 0) {
    const [used] = usersOfVariants(after, removed, after.mentioning("state", '"flag":"'));
    if (used) return reject({ code: "in-use", what: `a removed variant of "${used[0]}"`, by: used[1] });
  }
  const environments = environmentKeys(after);
  for (const environment of environments) {
    const place = (key: string, issue: FieldIssue) => ({
      ...issue,
      field: `states.${environment}.${key}.${issue.field}`,
    });
    for (const { key, body: state } of after.list("state", environment)) {
      const flag = after.get("flag", "", key)?.body;
      if (!flag || flag.archivedAt) continue;
      issues.push(...danglingReferences(after, key, flag, state).map((issue) => place(key, issue)));
    }
    issues.push(...layerOverlaps(after, environment).map(({ key, issue }) => place(key, issue)));
    const tangle = flagsTangled(after, environment);
    if (tangle) return reject(tangle);
  }
  issues.push(...patternIssues(c.view, changes, placeInDocument));
  if (issues.length > 0) return reject({ code: "invalid", issues: issues.slice(0, 50) });
  const exposes = acknowledged ? null : newlyExposed(c.view, changes, environments);
  return exposes ? reject(exposes) : decision(changes, environments);
}
