import { flagDependencies } from "../../../../shared/evaluation/graph.ts";
import type { Rejection } from "../../../result.ts";
import type { Body, Change, ProjectView } from "../entities.ts";
import { askersIn } from "./askers.ts";

type Flag = Body<"flag"> | null;
type Exposure = Extract<Rejection, { code: "exposes-hidden-flag" }>;

/**
 * Hidden flags whose state holders of client keys could newly read off public ones, and those public ones; null when
 * there are none. What stands behind another public flag is that one's own matter. Reads the changed flags, those that
 * ask for them and what they ask for, each once.
 *
 * @param changes what is about to happen to `view`
 * @param tells whether a flag of this kind tells holders of client keys what it depends on
 */
export function newlyExposed(
  view: ProjectView,
  changes: readonly Change[],
  environments: readonly string[],
  tells: (flag: Body<"flag">) => boolean = isPublic,
): Exposure | null {
  const isOpen = (flag: Flag): boolean => flag !== null && tells(flag) && flag.archivedAt === undefined;
  const changedFlags = new Map<string, Flag>();
  for (const { entity, key, after } of changes) if (entity === "flag") changedFlags.set(key, after as Flag);
  const before = remembered((key: string): Flag => view.get("flag", "", key)?.body ?? null);
  const after = (key: string): Flag => {
    const changed = changedFlags.get(key);
    return changed === undefined ? before(key) : changed;
  };
  const open = new Set<string>();
  const hidden = new Set<string>();
  const askersOf = askersIn(view, changes);
  for (const environment of environments) {
    const states = new Map<string, Body<"state"> | null>();
    for (const one of changes)
      if (one.entity === "state" && one.environment === environment) states.set(one.key, one.after);
    const asked = remembered((key: string) => dependenciesOf(view.get("state", environment, key)?.body));
    const asks = (key: string) => (states.has(key) ? dependenciesOf(states.get(key)) : asked(key));
    const was = behind(asked, before);
    const is = behind(asks, after);
    // Also flags that tell of a changed one, through others that are hidden.
    const concerned = new Set([...changedFlags.keys(), ...states.keys()]);
    for (const key of concerned) {
      if (isPublic(before(key)) && isPublic(after(key))) continue;
      for (const asker of askersOf(key)) if (asker.environment === environment) concerned.add(asker.key);
    }
    for (const key of concerned) {
      if (!isOpen(after(key))) continue;
      const known = isOpen(before(key)) ? was(key) : NOTHING;
      for (const one of is(key)) {
        if (known.has(one)) continue;
        open.add(key);
        hidden.add(one);
      }
    }
  }
  const [flag, ...others] = [...open].sort();
  return flag === undefined ? null : { code: "exposes-hidden-flag", flag, others, hidden: [...hidden].sort() };
}

const NOTHING: ReadonlySet<string> = new Set();
const isPublic = (flag: Flag): boolean => flag?.visibility === "public";
/** Also a targeted flag tells what it depends on: to those whom it is served, by being there at all. */
export const isVisibleToClients = (flag: Body<"flag">): boolean => flag.visibility !== "server-only";

const dependenciesOf = (state: Body<"state"> | null | undefined): readonly string[] =>
  state ? flagDependencies(state) : [];

/** The hidden flags that a flag asks for, and those that they ask for. */
function behind(asks: (key: string) => readonly string[], flagOf: (key: string) => Flag) {
  const known = new Map<string, Set<string>>();
  const of = (key: string): ReadonlySet<string> => {
    let found = known.get(key);
    if (found) return found;
    found = new Set();
    // Known before it is complete, so that a circle, which no saved state has, would end as well.
    known.set(key, found);
    for (const one of asks(key)) {
      if (isPublic(flagOf(one))) continue;
      found.add(one);
      for (const further of of(one)) found.add(further);
    }
    return found;
  };
  return of;
}

function remembered<T>(find: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    if (!known.has(key)) known.set(key, find(key));
    return known.get(key) as T;
  };
}
