import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AuditRow } from "../../shared/schema/admin.ts";
import type { GuardStatus } from "../../shared/schema/guard.ts";
import { answer, api } from "./api.ts";
import { type Mark, marksOf } from "./guard-marks.ts";

export interface GuardPlace {
  project: string;
  environment: string;
  flag: string;
}
export interface Watched {
  watch: NonNullable<GuardStatus["watch"]>;
  /** Changes of the flag since the watch began. */
  marks: Mark[];
}

const routes = api.projects[":project"].environments[":environment"];
/** How often the guard's view is read (ms); it looks every other second itself while counts move. */
const EVERY_MS = 2_000;
const shown = signal<Record<string, Watched | null>>({});
const placeKey = ({ project, environment, flag }: GuardPlace): string => `${project} ${environment} ${flag}`;

/** What guards a flag, and what is seen; null when nothing does or did. */
export async function readGuard({ project, environment, flag }: GuardPlace): Promise<GuardStatus | null> {
  // Of the list: there, to have none is an answer like any other, and no error in the browser's console.
  const { guards } = await answer(routes.guards.$get({ param: { project, environment }, query: { flag } }));
  return (guards[0] as GuardStatus | undefined) ?? null;
}

async function load(place: GuardPlace): Promise<void> {
  const watch = (await readGuard(place))?.watch ?? null;
  const marks = watch ? await changesSince(place, watch.startedAt) : [];
  shown.value = { ...shown.value, [placeKey(place)]: watch && { watch, marks } };
}

async function changesSince({ project, environment, flag }: GuardPlace, since: string): Promise<Mark[]> {
  const query = { flag, environment, since, limit: "50" };
  const { rows } = await answer(api.projects[":project"].audit.search.$get({ param: { project }, query } as never));
  return marksOf(rows as unknown as AuditRow[]);
}

/** What guards see of a flag, read again while somebody looks and something is watched. */
export function useGuard(place: GuardPlace, stamp: unknown): Watched | null {
  const watched = shown.value[placeKey(place)] ?? null;
  const isActive = watched?.watch.active ?? false;
  useEffect(() => {
    // A view that cannot be read shows what it knew; the page around it says when the server is gone.
    load(place).catch(() => {});
  }, [placeKey(place), stamp]);
  useEffect(() => {
    if (!isActive) return;
    const timer = setInterval(() => {
      if (!document.hidden) load(place).catch(() => {});
    }, EVERY_MS);
    return () => clearInterval(timer);
  }, [placeKey(place), isActive]);
  return watched;
}

export async function approve(place: GuardPlace): Promise<void> {
  await routes.flags[":flag"].guard.approve.$post({ param: place });
  await load(place);
}
