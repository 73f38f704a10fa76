import type { Evidence } from "../schema/resilience.ts";
import type { Facts, ServedChange } from "./facts.ts";

const number = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

/** "45%", "0.5%". */
export const percent = (share: number): string => `${number.format(share * 100)}%`;

export const count = (n: number, one: string, many = `${one}s`): string =>
  `${new Intl.NumberFormat("en").format(n)} ${n === 1 ? one : many}`;

/** "12 seconds", "3 minutes", "2.5 hours", "4 days": one unit. */
export function duration(ms: number): string {
  if (ms < 60_000) return count(Math.round(ms / 1_000), "second");
  if (ms < 3_600_000) return count(Math.round(ms / 60_000), "minute");
  if (ms < 172_800_000) return `${number.format(ms / 3_600_000)} hours`;
  return count(Math.floor(ms / 86_400_000), "day");
}

/** The first names, and how many more there are. */
export function listed(names: readonly string[], most = 3): string {
  const rest = names.length - most;
  return rest > 0 ? `${names.slice(0, most).join(", ")} and ${rest} more` : names.join(", ");
}

const iso = (at: number): string => new Date(at).toISOString();

/** A fact that no single change is behind. */
export const fact = (text: string, at: number | null = null): Evidence => ({
  text,
  at: at === null ? null : iso(at),
  by: null,
  revision: null,
});

/** What a change did, as evidence. */
export const changed = (
  text: string,
  { at, by, revision }: Pick<ServedChange, "at" | "by" | "revision">,
): Evidence => ({
  text,
  at: iso(at),
  by,
  revision,
});

type Place = Pick<Facts, "project" | "environment">;

/** A page of the dashboard, in the environment that is looked at. */
export const page = ({ project, environment }: Place, path: string, query = ""): string =>
  `/p/${project}/${path}?env=${environment}${query}`;

export const flagPage = (place: Place, flag: string, tab: string): string =>
  page(place, `flags/${encodeURIComponent(flag)}`, `&tab=${tab}`);

/** A route of the API below the project. */
export const route = ({ project }: Place, path: string): string => `/api/v1/projects/${project}/${path}`;

/** A route of a flag in the environment. */
export const flagRoute = (place: Place, flag: string, path: string): string =>
  route(place, `environments/${place.environment}/flags/${encodeURIComponent(flag)}/${path}`);
