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
  layerOverlaps,
  segmentsTangled,
  settleState,
} from "../../objects/flag-store/decide/state-checks.ts";
import { valueIssues, variantIssues } from "../../objects/flag-store/decide/value-checks.ts";
import type { Body, Change, Entity } from "../../objects/flag-store/entities.ts";
import { type FieldIssue, ok, type Result, reject } from "../../result.ts";
import { removedVariants, usersOfVariants } from "../flags/decide.ts";
import { removed } from "../segments/decide.ts";
import { scopeOf } from "./check-scope.ts";

/** What revert and import may touch. Kills, keys and the project itself are beyond them: only restore un-kills. */
export const REVERTIBLE = new Set<Entity>(["flag", "state", "segment", "layer", "holdout"]);

/**
 * Puts back how things stood at a revision, of all documents or of one flag's; or, with `alone`, takes back what that one
 * revision changed. A revert is itself just the next revision.
 */
export function revert(command: CommandOf<"revert">, c: Circumstances): Result<Decision> {
  const found = command.alone ? undone(command.revision, c) : earlier(command, c);
  if (!found.ok) return found;
  const existing = new Set(environmentKeys(c.view));
  const changes = found.value
    .filter(({ environment }) => environment === "" || existing.has(environment))
    .flatMap(({ entity, environment, key, after }) =>
      // A list's earlier keys are kept nowhere, so a revert leaves lists alone; but none stays without its segment.
      entity === "segment" && after === null
        ? removed(c.view, key)
        : change(entity, environment, key, c.view.get(entity, environment, key)?.body ?? null, after),
    );
  return checked(changes, c, command.acknowledgeExposure);
}

/** What a document is to become again. */
type Wanted = Pick<Change, "entity" | "environment" | "key" | "after">;

/** Of the later changes, oldest first, the first `before` of each document is what it was then. */
function earlier({ revision, flag }: CommandOf<"revert">, c: Circumstances): Result<Wanted[]> {
  const history = c.historySince(revision, flag);
  if (!history) return reject({ code: "revision-not-found", revision, latest: c.revision - 1 });
  if (history === "too-long") return reject({ code: "revision-too-far", revision });
  const wanted = new Map<string, Wanted>();
  for (const { entity, environment, key, before } of history) {
    const place = `${entity}\n${environment}\n${key}`;
    const isMeant = flag === undefined || (key === flag && (entity === "flag" || entity === "state"));
    if (REVERTIBLE.has(entity) && isMeant && !wanted.has(place))
      wanted.set(place, { entity, environment, key, after: before });
  }
  return ok([...wanted.values()]);
}

/** What one revision changed, as it was before; what was changed elsewhere in the same document since stays. */
function undone(revision: number, c: Circumstances): Result<Wanted[]> {
  const changes = c.historyOf(revision);
  if (!changes) return reject({ code: "revision-not-found", revision, latest: c.revision - 1 });
  const own = changes.filter(({ entity }) => REVERTIBLE.has(entity));
  if (own.length === 0) return reject({ code: "nothing-to-undo", revision });
  const wanted: Wanted[] = [];
  for (const { entity, environment, key, before, after } of own) {
    const now = c.view.get(entity, environment, key)?.body ?? null;
    const found = without(now, before, after);
    if (!found.ok) {
      const where = environment === "" ? "" : ` in ${environment}`;
      return reject({ code: "changed-again", what: `${entity} of "${key}"${where}`, fields: found.fields });
    }
    const one = { entity, environment, key, after: found.body } as Wanted;
    if (lacksOffVariant(one))
      return reject({ code: "changed-again", what: `flag of "${key}"`, fields: ["variants", "offVariant"] });
    wanted.push(one);
  }
  return ok(wanted);
}

/** Fields that were changed apart need not fit each other: the variant served when off may have come with the undone change. */
const lacksOffVariant = ({ entity, after }: Wanted): boolean => {
  if (entity !== "flag" || !after) return false;
  const { variants, offVariant } = after as Body<"flag">;
  return offVariant !== null && !Object.hasOwn(variants, offVariant);
};

type Without = { ok: true; body: unknown } | { ok: false; fields: string[] };

/** A document without the change from `before` to `after`; refused where the same fields were changed again. */
function without(now: object | null, before: object | null, after: object | null): Without {
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  if (same(now, after)) return { ok: true, body: before };
  if (!now || !before || !after) return { ok: false, fields: [] };
  const [body, was, became] = [{ ...now }, before, after] as Record<string, unknown>[];
  const fields: string[] = [];
  for (const field of new Set([...Object.keys(was as object), ...Object.keys(became as object)])) {
    const [then, since, present] = [was?.[field], became?.[field], body?.[field]];
    if (same(then, since)) continue;
    if (!same(present, since)) fields.push(field);
    else if (body) body[field] = then;
  }
  return fields.length > 0 ? { ok: false, fields } : { ok: true, body };
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
export const placeInDocument = ({ entity, environment, key }: Change): string =>
  entity === "state" ? `states.${environment}.${key}.` : `${entity}s.${key}.`;

/**
 * Many documents changed at once must still fit each other and what stays, and expose no hidden flag that was not
 * exposed already, unless that is said to be meant.
 */
export function checked(changes: Change[], c: Circumstances, acknowledged = false): Result<Decision> {
  const after = overlay(c.view, changes);
  const limit =
    overLimit("flagsPerProject", after.count("flag")) ?? overLimit("segmentsPerProject", after.count("segment"));
  if (limit) return reject(limit);
  const scope = scopeOf(after, changes);
  const issues: FieldIssue[] = [];
  for (const { key, body } of scope.segments)
    if (body.when) issues.push(...conditionReferences(after, `segments.${key}.when`, body.when));
  const tangle = scope.segments.length > 0 ? segmentsTangled(after) : null;
  if (tangle) return reject(tangle);
  const removed = new Map<string, string[]>();
  for (const { entity, key, before, after: body } of changes) {
    if (entity !== "flag" || !before || !body) continue;
    if (before.type !== body.type) return reject({ code: "type-change", flag: key, from: before.type, to: body.type });
    const gone = removedVariants(before, body);
    if (gone.length > 0) removed.set(key, gone);
  }
  if (removed.size > 0) {
    const [used] = usersOfVariants(after, removed, scope.askersOf([...removed.keys()]));
    if (used) return reject({ code: "in-use", what: `a removed variant of "${used[0]}"`, by: used[1] });
  }
  const environments = environmentKeys(after);
  for (const environment of environments) {
    const place = (key: string, issue: FieldIssue) => ({
      ...issue,
      field: `states.${environment}.${key}.${issue.field}`,
    });
    for (const { key, body: state } of scope.states(environment)) {
      const flag = after.get("flag", "", key)?.body;
      if (!flag || flag.archivedAt) continue;
      issues.push(...danglingReferences(after, key, flag, state).map((issue) => place(key, issue)));
    }
    const overlaps = layerOverlaps(after, environment, scope.layers(environment));
    issues.push(...overlaps.map(({ key, issue }) => place(key, issue)));
    const tangle = scope.tangled(environment);
    if (tangle) return reject(tangle);
  }
  issues.push(...patternIssues(c.view, changes, placeInDocument));
  if (issues.length > 0) return reject({ code: "invalid", issues: issues.slice(0, 50) });
  const exposes = acknowledged ? null : newlyExposed(c.view, changes, environments);
  return exposes ? reject(exposes) : decision(changes, environments);
}
