import type { FlagView } from "./api.ts";
import { stateWords, type Tone } from "./words/state-words.ts";

/** What the address of the list says: each left out when it filters nothing. */
export interface Filters {
  q: string;
  purpose: string;
  state: string;
  owner: string;
  tag: string;
  archived: string;
}

export const filtersOf = (query: Record<string, string>): Filters => ({
  q: query.q ?? "",
  purpose: query.purpose ?? "",
  state: query.state ?? "",
  owner: query.owner ?? "",
  tag: query.tag ?? "",
  archived: query.archived ?? "",
});

export const isFiltering = ({ archived: _, ...filters }: Filters): boolean =>
  Object.values(filters).some((value) => value !== "");

/** What the owner filter says of flags that have none. */
export const NO_OWNER = "none";

/** Every word must be found somewhere in what a row shows. */
export function matching(all: readonly FlagView[], filters: Filters, environment: string): FlagView[] {
  const words = filters.q.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((flag) => {
    if (filters.purpose && flag.purpose !== filters.purpose) return false;
    if (filters.owner && flag.owner !== (filters.owner === NO_OWNER ? "" : filters.owner)) return false;
    if (filters.tag && !flag.tags.includes(filters.tag)) return false;
    if (filters.state && toneIn(flag, environment) !== filters.state) return false;
    if (words.length === 0) return true;
    const text = `${flag.key} ${flag.description} ${flag.owner} ${flag.tags.join(" ")}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

function toneIn(flag: FlagView, environment: string): Tone {
  const summary = flag.environments[environment];
  return summary ? stateWords(flag, summary).tone : "off";
}

/** An address with these changes, empty values taken out. */
export function withQuery(url: string, changes: Record<string, string>): string {
  const { pathname, searchParams } = new URL(url, location.origin);
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") searchParams.delete(name);
    else searchParams.set(name, value);
  }
  const query = searchParams.toString();
  return query ? `${pathname}?${query}` : pathname;
}
