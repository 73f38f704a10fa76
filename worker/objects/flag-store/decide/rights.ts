import { isActive } from "../../../../shared/release/plan.ts";
import { type Authority, EVERYWHERE, leastOf, roleIn } from "../../../../shared/role-in.ts";
import { type Role, roleCovers } from "../../../../shared/schema/admin.ts";
import type { Purpose } from "../../../../shared/schema/flag.ts";
import type { Dependant, ProjectFacts, Right } from "../../../admin/kernel/define-entity.ts";
import { aFlagFor, roleOfPurpose } from "../../../admin/kernel/flag-rights.ts";
import type { Rejection } from "../../../result.ts";
import { type Change, ENTITY_DEFINITIONS, type Entity, type ProjectView } from "../entities.ts";
import { askersIn } from "./askers.ts";
import { isVisibleToClients, newlyExposed } from "./exposure.ts";

/*
 * What a set of changes needs of the person or program that makes it. The rights follow from the documents before and
 * after, never from the command, so that an import, a revert, a schedule or a test can do no more than the route of its
 * own could. Each change is judged by the role in its environment; what acts in every environment, such as a flag's
 * definition, by the least role of all. A new kind of document does not compile until its definition brings its rights.
 */

/** A right, and the environment in which it is asked for; `EVERYWHERE`: in all of them. */
interface PlacedRight extends Right {
  environment: string;
}

const NOBODY: Authority = { role: "viewer" };

type Rule = (change: Change, facts: ProjectFacts) => readonly Right[];

const ruleOf = (entity: Entity) => ENTITY_DEFINITIONS[entity].rights as Rule;

/**
 * Refuses early, before anything else is said about a flag that the actor may not change. The authority is `unentitled`,
 * which sees what a command really changes.
 */
export function mayChange(who: Authority, environment: string, ...purposes: (Purpose | undefined)[]): Rejection | null {
  const has = roleIn(who, environment);
  const foreign = purposes.find((one) => one !== undefined && !roleCovers(has, roleOfPurpose(one)));
  if (foreign === undefined) return null;
  const needs = `the role ${roleOfPurpose(foreign)}${placeOf(who, environment)}, as this is ${aFlagFor(foreign)}`;
  return { code: "forbidden", needs, ...(who.grants ? heldIn(who, environment) : {}) };
}

/** Why an actor may not make these changes to a project as it stands; null when they may. */
export function unentitled(who: Authority, changes: readonly Change[], view: ProjectView): Rejection | null {
  return refusal(who, rightsOf(changes, view, who));
}

/** Like `unentitled`, but looks only at the hidden flags whose state the changes publish. */
export function unentitledToExpose(who: Authority, changes: readonly Change[], view: ProjectView): Rejection | null {
  return refusal(who, exposureRights(changes, factsOf(changes, view, who)));
}

/** Why an actor may not even say that it is meant that these hidden flags become readable there; null when they may. */
export function mayNotAcknowledge(
  who: Authority,
  hidden: readonly string[],
  environment: string,
  view: ProjectView,
): Rejection | null {
  const facts = factsOf([], view, who);
  return refusal(
    who,
    hidden.flatMap((flag) => publishing(flag, environment, facts)),
  );
}

/**
 * The rights that changes need, in the order of the changes.
 *
 * @param changes what is about to happen to `view`
 * @param who what they may do anyway is left out, unlooked-at where looking would be slow
 */
export function rightsOf(changes: readonly Change[], view: ProjectView, who: Authority = NOBODY): PlacedRight[] {
  if (who.role === "admin") return [];
  const facts = factsOf(changes, view, who);
  const needed = [
    ...changes.flatMap((change) =>
      ruleOf(change.entity)(change, facts).map((right) => ({ ...right, environment: change.environment })),
    ),
    ...exposureRights(changes, facts),
  ];
  return needed.filter(({ needs, environment }) => !roleCovers(roleIn(who, environment), needs));
}

/** Who publishes a hidden flag's state must be able to change that flag, not only the one that tells of it. */
function exposureRights(changes: readonly Change[], facts: Facts): PlacedRight[] {
  if (facts.engineers) return [];
  const exposedIn = (place: string, environments: readonly string[]) =>
    (newlyExposed(facts.view, changes, environments, isVisibleToClients)?.hidden ?? []).flatMap((flag) =>
      publishing(flag, place, facts),
    );
  // A definition acts in every environment, a state in its own.
  if (changes.some(({ entity }) => entity === "flag")) return exposedIn(EVERYWHERE, facts.environments());
  const touched = new Set(changes.flatMap(({ entity, environment }) => (entity === "state" ? [environment] : [])));
  return facts
    .environments()
    .filter((environment) => touched.has(environment) && !roleCovers(roleIn(facts.who, environment), "engineer"))
    .flatMap((environment) => exposedIn(environment, [environment]));
}

function publishing(flag: string, environment: string, facts: Facts): PlacedRight[] {
  const foreign = facts.purposesOf(flag).find((purpose) => roleOfPurpose(purpose) === "engineer");
  if (foreign === undefined) return [];
  const what = `the state of the hidden ${foreign} flag "${flag}" could be read with a client key`;
  return [{ needs: "engineer", field: `flags.${flag}.visibility`, what, environment }];
}

/** With what is looked up for all changes together. */
interface Facts extends ProjectFacts {
  who: Authority;
  view: ProjectView;
  environments(): string[];
}

function factsOf(changes: readonly Change[], view: ProjectView, who: Authority): Facts {
  const purposes = new Map<string, Purpose[]>();
  const afterwards = new Map(
    changes.flatMap((one) => (one.entity === "flag" && one.after ? [[one.key, one.after.purpose] as const] : [])),
  );
  const askersOf = askersIn(view, changes);
  return {
    view,
    who,
    engineers: roleCovers(who.role, "engineer"),
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
      const reached = new Set<string>([flag]);
      const found: Dependant[] = [];
      for (const asked of reached) {
        for (const { environment: theirs, key } of askersOf(asked)) {
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

function refusal(who: Authority, needed: readonly PlacedRight[]): Rejection | null {
  const missing = needed.filter(({ needs, environment }) => !roleCovers(roleIn(who, environment), needs));
  const first = missing.find(({ needs }) => needs === "admin") ?? missing[0];
  if (!first) return null;
  const rights = missing.map(({ environment, ...right }) => ({ ...right, ...(who.grants ? { in: environment } : {}) }));
  const needs = `the role ${first.needs}${placeOf(who, first.environment)}`;
  return { code: "forbidden", needs, ...heldIn(who, missing[0]?.environment ?? EVERYWHERE), rights };
}

/** Where a role is asked for; nothing of those who have one role everywhere. */
function placeOf({ grants }: Authority, environment: string): string {
  if (!grants) return "";
  return environment === EVERYWHERE ? " in every environment" : ` in ${environment}`;
}

/** The role that falls short, and the environment where it is held if that is one of several. */
function heldIn({ role, grants }: Authority, environment: string): { has: Role; heldIn?: string } {
  if (!grants) return { has: role };
  if (environment !== EVERYWHERE) return { has: roleIn({ role, grants }, environment), heldIn: environment };
  const least = leastOf(grants.role, grants.environments);
  return { has: least.role, ...(least.environment === EVERYWHERE ? {} : { heldIn: least.environment }) };
}
