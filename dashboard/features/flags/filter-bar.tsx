import type { RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { FlagView } from "../../domain/api.ts";
import { type Filters, NO_OWNER } from "../../domain/filters.ts";
import { PURPOSE_WORDS } from "../../domain/words/flag-words.ts";
import { TONE_WORDS } from "../../domain/words/state-words.ts";
import { Icon } from "../../ui/icon.tsx";

interface FilterBarProps {
  flags: readonly FlagView[];
  filters: Filters;
  search: RefObject<HTMLInputElement | null>;
  set: (changes: Partial<Filters>) => void;
}

const ARCHIVED = "archived";
const distinct = (values: string[]): string[] => [...new Set(values)].filter(Boolean).sort();

export function FilterBar({ flags, filters, search, set }: FilterBarProps) {
  const [words, setWords] = useState(filters.q);
  useEffect(() => setWords(filters.q), [filters.q]);
  // The address follows a little later: browsers limit how often it may change.
  useEffect(() => {
    if (words === filters.q) return;
    const timer = setTimeout(() => set({ q: words }), 120);
    return () => clearTimeout(timer);
  }, [words]);
  return (
    <search class="filters">
      <label class="search">
        <Icon name="search" />
        <input
          ref={search}
          type="search"
          aria-label="Search flags"
          placeholder="Search flags"
          value={words}
          onInput={(event) => setWords(event.currentTarget.value)}
        />
        <kbd>/</kbd>
      </label>
      <Choice name="Purpose" value={filters.purpose} choose={(purpose) => set({ purpose })}>
        {Object.entries(PURPOSE_WORDS).map(([value, { name }]) => [value, name])}
      </Choice>
      <Choice
        name="State"
        value={filters.archived ? ARCHIVED : filters.state}
        choose={(state) => set(state === ARCHIVED ? { state: "", archived: "true" } : { state, archived: "" })}
      >
        {[...Object.entries(TONE_WORDS), [ARCHIVED, "Archived"]]}
      </Choice>
      <Choice name="Owner" value={filters.owner} choose={(owner) => set({ owner })}>
        {[
          ...distinct(flags.map(({ owner }) => owner)).map((owner): [string, string] => [owner, owner]),
          ...(flags.some(({ owner }) => owner === "") ? [[NO_OWNER, "No owner"] satisfies [string, string]] : []),
        ]}
      </Choice>
      <Choice name="Tag" value={filters.tag} choose={(tag) => set({ tag })}>
        {distinct(flags.flatMap(({ tags }) => tags)).map((tag) => [tag, tag])}
      </Choice>
    </search>
  );
}

interface ChoiceProps {
  name: string;
  value: string;
  choose: (value: string) => void;
  children: [value: string, text: string][];
}

function Choice({ name, value, choose, children }: ChoiceProps) {
  if (children.length === 0) return null;
  return (
    <select
      class={`filter ${value ? "is-set" : ""}`}
      aria-label={`Filter by ${name.toLowerCase()}`}
      value={value}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      <option value="">{`${name}: any`}</option>
      {children.map(([one, text]) => (
        <option key={one} value={one} selected={one === value}>
          {text}
        </option>
      ))}
    </select>
  );
}
