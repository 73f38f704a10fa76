import { useRef } from "preact/hooks";

interface TabListProps {
  label: string;
  tabs: readonly { id: string; name: string }[];
  chosen: string;
  choose: (id: string) => void;
  /** The id of the element that the tabs change. */
  panel: string;
}

const STEPS: Record<string, (at: number, count: number) => number> = {
  ArrowRight: (at, count) => (at + 1) % count,
  ArrowLeft: (at, count) => (at + count - 1) % count,
  Home: () => 0,
  End: (_, count) => count - 1,
};

/** Tabs: one stop of the Tab key, the arrow keys go from one to the next. */
export function TabList({ label, tabs, chosen, choose, panel }: TabListProps) {
  const list = useRef<HTMLDivElement>(null);
  const at = tabs.findIndex(({ id }) => id === chosen);
  return (
    <div
      ref={list}
      class="tab-list"
      role="tablist"
      aria-label={label}
      onKeyDown={(event) => {
        const next = STEPS[event.key]?.(at, tabs.length);
        const tab = next === undefined ? undefined : tabs[next];
        if (next === undefined || !tab) return;
        event.preventDefault();
        choose(tab.id);
        list.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus();
      }}
    >
      {tabs.map(({ id, name }) => (
        <button
          key={id}
          type="button"
          role="tab"
          id={`${panel}-tab-${id}`}
          aria-selected={id === chosen}
          aria-controls={panel}
          tabIndex={id === chosen ? 0 : -1}
          onClick={() => choose(id)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
