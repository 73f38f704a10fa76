import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useLocation } from "preact-iso";
import { answer, api } from "../../domain/api.ts";
import { withQuery } from "../../domain/filters.ts";
import { project, seenRevision } from "../../domain/project.ts";
import { may } from "../../domain/session.ts";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { type AuditEntry, HistoryRow } from "./history-row.tsx";
import { KillChanged } from "./kill-changed.tsx";
import { RevertDialog, type Reverting } from "./revert-dialog.tsx";

const PAGE = 50;
const HOUR_MS = 3_600_000;
const SPANS: Record<string, { words: string; ms: number }> = {
  hour: { words: "In the last hour", ms: HOUR_MS },
  day: { words: "In the last 24 hours", ms: 24 * HOUR_MS },
  week: { words: "In the last 7 days", ms: 7 * 24 * HOUR_MS },
};

/** Who changed what, newest first; each filter is asked of the whole history, not only of what is loaded. */
export function HistoryPage() {
  const { query, route } = useLocation();
  const rows = useSignal<AuditEntry[] | null>(null);
  const next = useSignal<number | null>(null);
  const problem = useSignal<unknown>(null);
  const reverting = useSignal<Reverting | null>(null);
  const killing = useSignal(false);
  const people = useSignal<ReadonlySet<string>>(new Set());
  const turn = useRef(0);
  const key = project.value?.key;
  const newest = seenRevision.value;
  const { flag = "", who = "", in: within = "", when = "", revision = "" } = query;
  /** A link that names a revision shows what happened up to it. */
  const upTo = /^\d{1,15}$/.test(revision) ? Number(revision) : undefined;
  const read = async (after?: number) => {
    const before = after ?? (upTo === undefined ? undefined : upTo + 1);
    if (!key) return;
    const mine = ++turn.current;
    const span = SPANS[when];
    const search = {
      limit: `${PAGE}`,
      ...(before === undefined ? {} : { before: `${before}` }),
      ...(flag ? { flag } : {}),
      ...(who ? { person: who } : {}),
      ...(within ? { environment: within } : {}),
      ...(span ? { since: new Date(Date.now() - span.ms).toISOString() } : {}),
    };
    try {
      const page = await answer(api.projects[":project"].audit.search.$get({ param: { project: key }, query: search }));
      // A slower answer to an earlier question must not overwrite a newer one.
      if (mine !== turn.current) return;
      const found = page.rows as AuditEntry[];
      rows.value = after === undefined ? found : [...(rows.value ?? []), ...found];
      next.value = page.next;
      people.value = new Set([...people.value, ...found.map(({ actor }) => actor.name)]);
      problem.value = null;
    } catch (error) {
      problem.value = error;
    }
  };
  useEffect(() => {
    void read();
  }, [key, newest, flag, who, within, when, revision]);
  const set = (changes: Record<string, string>) => route(withQuery(location.pathname + location.search, changes), true);
  const shown = rows.value ?? [];
  const isFiltered = Boolean(flag || who || within || when || revision);
  return (
    <main class="page page-narrow">
      <div class="page-head">
        <h1>History</h1>
        <span class="count">{`revision ${newest}`}</span>
        <div class="page-action row">
          <button
            type="button"
            class="button"
            aria-pressed={when === "hour"}
            onClick={() => set({ when: when === "hour" ? "" : "hour" })}
          >
            <Icon name="clock" /> What changed in the last hour?
          </button>
          {may("marketer") && when !== "" && shown.length > 0 && (
            <button
              type="button"
              class="button button-kill"
              onClick={() => {
                killing.value = true;
              }}
            >
              <Icon name="stop" /> Kill some of these…
            </button>
          )}
        </div>
      </div>
      <search class="filters">
        <input
          type="search"
          class="filter-text"
          aria-label="Only this flag or segment"
          placeholder="Flag or segment"
          value={flag}
          onChange={(event) => set({ flag: event.currentTarget.value.trim() })}
        />
        <Choice name="Filter by person" any="Who: anybody" value={who} choose={(value) => set({ who: value })}>
          {[...new Set([...people.value, who])]
            .filter(Boolean)
            .sort()
            .map((name) => [name, name])}
        </Choice>
        <Choice
          name="Filter by environment"
          any="Where: anywhere"
          value={within}
          choose={(value) => set({ in: value })}
        >
          {(project.value?.environments ?? []).map((one) => [one.key, one.name])}
        </Choice>
        <Choice name="Filter by time" any="When: any time" value={when} choose={(value) => set({ when: value })}>
          {Object.entries(SPANS).map(([value, { words }]) => [value, words])}
        </Choice>
      </search>
      {problem.value !== null && <Problem error={problem.value} />}
      {rows.value?.length === 0 && (
        <section class="empty card">
          <h2>{isFiltered ? "Nothing like that happened" : "Nothing has happened yet"}</h2>
          {isFiltered ? (
            <button
              type="button"
              class="button"
              onClick={() => set({ flag: "", who: "", in: "", when: "", revision: "" })}
            >
              Show everything
            </button>
          ) : (
            <p>Every change stands here: who made it, what was different before, and how to go back.</p>
          )}
        </section>
      )}
      <ol class="history">
        {shown.map((row) => (
          <HistoryRow
            key={row.revision}
            row={row}
            flag={flag}
            revert={(what) => {
              reverting.value = what;
            }}
          />
        ))}
      </ol>
      {next.value !== null && (
        <button type="button" class="button" onClick={() => read(next.value ?? undefined)}>
          Show earlier changes
        </button>
      )}
      {killing.value && (
        <KillChanged
          rows={shown}
          within={within}
          close={() => {
            killing.value = false;
          }}
        />
      )}
      {reverting.value !== null && (
        <RevertDialog
          reverting={reverting.value}
          close={() => {
            reverting.value = null;
          }}
        />
      )}
    </main>
  );
}

interface ChoiceProps {
  name: string;
  any: string;
  value: string;
  choose: (value: string) => void;
  children: [value: string, words: string][];
}

function Choice({ name, any, value, choose, children }: ChoiceProps) {
  return (
    <select
      class={`filter ${value ? "is-set" : ""}`}
      aria-label={name}
      value={value}
      onChange={(event) => choose(event.currentTarget.value)}
    >
      <option value="">{any}</option>
      {children.map(([one, words]) => (
        <option key={one} value={one} selected={one === value}>
          {words}
        </option>
      ))}
    </select>
  );
}
