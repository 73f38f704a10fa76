import { flagDependencies } from "../../../../shared/evaluation/graph.ts";
import { isActive } from "../../../../shared/release/plan.ts";
import { type Actor, type Role, roleCovers } from "../../../../shared/schema/admin.ts";
import type { Purpose } from "../../../../shared/schema/flag.ts";
import type { Dependant, ProjectFacts, Right } from "../../../admin/kernel/define-entity.ts";
import { aFlagFor, roleOfPurpose } from "../../../admin/kernel/flag-rights.ts";
import type { Rejection } from "../../../result.ts";
import { type Change, ENTITY_DEFINITIONS, type Entity, type ProjectView } from "../entities.ts";
import { isVisibleToClients, newlyExposed } from "./exposure.ts";

/*
 * What a set of changes needs of the person or program that makes it. The rights follow from the documents before and
 * after, never from the command, so that an import, a revert, a schedule or a test can do no more than the route of its
 * own could. A new kind of document does not compile until its definition brings its rights.
 */

type Rule = (change: Change, facts: ProjectFacts) => readonly Right[];

const ruleOf = (entity: Entity) => ENTITY_DEFINITIONS[entity].rights as Rule;

/**
 * Refuses early, before anything else is said about a flag that the actor may not change. The authority is `unentitled`,
 * which sees what a command really changes.
 */
export function mayChange(actor: Actor, ...purposes: (Purpose | undefined)[]): Rejection | null {
  const foreign = purposes.find((one) => one !== undefined && !roleCovers(actor.role, roleOfPurpose(one)));
  return foreign
    ? { code: "forbidden", needs: `the role ${roleOfPurpose(foreign)}, as this is ${aFlagFor(foreign)}` }
    : null;
}

/** Why an actor may not make these changes to a project as it stands; null when they may. */
export function unentitled(actor: Actor, changes: readonly Change[], view: ProjectView): Rejection | null {
  return refusal(actor, rightsOf(changes, view, actor.role));
}

/** Like `unentitled`, but looks only at the hidden flags whose state the changes publish. */
export function unentitledToExpose(actor: Actor, changes: readonly Change[], view: ProjectView): Rejection | null {
  return refusal(actor, exposureRights(changes, factsOf(changes, view, actor.role)));
}

/** Why an actor may not even say that it is meant that these hidden flags become readable; null when they may. */
export function mayNotAcknowledge(actor: Actor, hidden: readonly string[], view: ProjectView): Rejection | null {
  return refusal(
    actor,
    hidden.flatMap((flag) => publishing(flag, factsOf([], view, actor.role))),
  );
}

/**
 * The rights that changes need, in the order of the changes.
 *
 * @param changes what is about to happen to `view`
 * @param covered what this role may do anyway is left out, unlooked-at where looking would be slow
 */
export function rightsOf(changes: readonly Change[], view: ProjectView, covered: Role = "viewer"): Right[] {
  if (covered === "admin") return [];
  const facts = factsOf(changes, view, covered);
  const needed = [
    ...changes.flatMap((change) => ruleOf(change.entity)(change, facts)),
    ...exposureRights(changes, facts),
  ];
  return needed.filter(({ needs }) => !roleCovers(covered, needs));
}

/** Who publishes a hidden flag's state must be able to change that flag, not only the one that tells of it. */
function exposureRights(changes: readonly Change[], facts: Facts): Right[] {
  if (facts.engineers) return [];
  const touches = (entity: Entity) => changes.some((change) => change.entity === entity);
  if (!touches("flag") && !touches("state")) return [];
  const exposed = newlyExposed(facts.view, changes, facts.environments(), isVisibleToClients);
  return (exposed?.hidden ?? []).flatMap((flag) => publishing(flag, facts));
}

function publishing(flag: string, facts: Facts): Right[] {
  const foreign = facts.purposesOf(flag).find((purpose) => roleOfPurpose(purpose) === "engineer");
  if (foreign === undefined) return [];
  const what = `the state of the hidden ${foreign} flag "${flag}" could be read with a client key`;
  return [{ needs: "engineer", field: `flags.${flag}.visibility`, what }];
}

/** With what is looked up for all changes together. */
interface Facts extends ProjectFacts {
  view: ProjectView;
  environments(): string[];
}

function factsOf(changes: readonly Change[], view: ProjectView, covered: Role): Facts {
  const purposes = new Map<string, Purpose[]>();
  const afterwards = new Map(
    changes.flatMap((one) => (one.entity === "flag" && one.after ? [[one.key, one.after.purpose] as const] : [])),
  );
  /** By the flag that they ask for. */
  let askers: Map<string, { environment: string; key: string }[]> | null = null;
  return {
    view,
    engineers: roleCovers(covered, "engineer"),
    before: (entity, environment, key) => view.get(entity as Entity, environment, key)?.body ?? null,
    environments: () => view.list("environment").map(({ key }) => key),
    purposesOf(flag) {
      const known = purposes.get(flag);
      if (known) return known;
      const both = [view.get("flag", "", flag)?.body.purpose, afterwards.get(flag)];
      const found = both.filter((purpose) => purpose !== undefined);
      purposes.set(flag, found);
      return found;
    },
    dependantsOf(environment, flag) {
      askers ??= Map.groupBy(
        view
          .mentioning("state", '"flag":"')
          .flatMap((row) =>
            flagDependencies(row.body).map((asked) => ({ asked, environment: row.environment, key: row.key })),
          ),
        ({ asked }) => asked,
      );
      const reached = new Set<string>([flag]);
      const found: Dependant[] = [];
      for (const asked of reached) {
        for (const { environment: theirs, key } of askers.get(asked) ?? []) {
          if (reached.has(key) || (environment !== null && theirs !== environment)) continue;
          const body = view.get("flag", "", key)?.body;
          if (!body || body.archivedAt) continue;
          reached.add(key);
          if (roleOfPurpose(body.purpose) === "engineer") found.push({ key, purpose: body.purpose });
        }
      }
      return found;
    },
    isRolledBack: (environment, flag) =>
      changes.some(
        (one) =>
          one.entity === "plan" &&
          one.environment === environment &&
          one.key === flag &&
          one.before !== null &&
          isActive(one.before) &&
          one.after?.run?.status === "rolled-back",
      ),
  };
}

function refusal(actor: Actor, needed: readonly Right[]): Rejection | null {
  const missing = needed.filter(({ needs }) => !roleCovers(actor.role, needs));
  const [first] = missing;
  if (!first) return null;
  const needs = missing.some((one) => one.needs === "admin") ? "admin" : first.needs;
  return { code: "forbidden", needs: `the role ${needs}`, has: actor.role, rights: missing };
}
