import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { answer, api } from "../api.ts";
import { withQuery } from "../flags/filters.ts";
import { Problem } from "../frame/problem.tsx";
import { project, seenRevision } from "../project.ts";
import { actorWords, subjectOf } from "../words/audit-words.ts";
import { type AuditEntry, HistoryRow } from "./history-row.tsx";
import { RevertDialog } from "./revert-dialog.tsx";

const PAGE = 100;
const HOUR_MS = 3_600_000;

export function HistoryPage() {
  const { query, route } = useLocation();
  const rows = useSignal<AuditEntry[]>([]);
  const problem = useSignal<unknown>(null);
  const reverting = useSignal<number | null>(null);
  const key = project.value?.key;
  const newest = seenRevision.value;
  /** Revisions have no gaps, so the page before a revision is known without asking. */
  const read = async (from: number, to: number) => {
    if (!key || to <= from) return;
    try {
      const query = { after: `${from}`, limit: `${Math.min(200, to - from)}` };
      const page = await answer(api.projects[":project"].audit.$get({ param: { project: key }, query }));
      const known = new Set(rows.value.map(({ revision }) => revision));
      const fresh = page.rows.filter(({ revision }) => !known.has(revision)) as AuditEntry[];
      rows.value = [...rows.value, ...fresh].sort((a, b) => b.revision - a.revision);
    } catch (error) {
      problem.value = error;
    }
  };
  useEffect(() => {
    const last = rows.value[0]?.revision ?? Math.max(0, newest - PAGE);
    void read(last, newest);
  }, [key, newest]);
  const oldest = rows.value.at(-1)?.revision ?? 0;
  const set = (changes: Record<string, string>) => route(withQuery(location.pathname + location.search, changes), true);
  const shown = rows.value.filter((row) => {
    if (query.flag && !row.changes.some((change) => change.key === query.flag || subjectOf(row)?.key === query.flag))
      return false;
    if (query.who && actorWords(row.actor) !== query.who) return false;
    if (query.in && !row.changes.some((change) => change.environment === query.in)) return false;
    return !(query.when === "hour" && Date.parse(row.at) < Date.now() - HOUR_MS);
  });
  const people = [...new Set(rows.value.map((row) => actorWords(row.actor)))].sort();
  return (
    <main class="page page-narrow">
      <div class="page-head">
        <h1>History</h1>
        <span class="count">{`revision ${newest}`}</span>
      </div>
      <search class="filters">
        <input
          type="search"
          class="filter-text"
          aria-label="Only this flag or segment"
          placeholder="Flag or segment"
          value={query.flag ?? ""}
          onChange={(event) => set({ flag: event.currentTarget.value.trim() })}
        />
        <select
          class="filter"
          aria-label="Filter by person"
          value={query.who ?? ""}
          onChange={(event) => set({ who: event.currentTarget.value })}
        >
          <option value="">Who: anybody</option>
          {people.map((name) => (
            <option key={name} value={name} selected={name === query.who}>
              {name}
            </option>
          ))}
        </select>
        <select
          class="filter"
          aria-label="Filter by environment"
          value={query.in ?? ""}
          onChange={(event) => set({ in: event.currentTarget.value })}
        >
          <option value="">Where: anywhere</option>
          {project.value?.environments.map((one) => (
            <option key={one.key} value={one.key} selected={one.key === query.in}>
              {one.name}
            </option>
          ))}
        </select>
        <select
          class="filter"
          aria-label="Filter by time"
          value={query.when ?? ""}
          onChange={(event) => set({ when: event.currentTarget.value })}
        >
          <option value="">When: any time</option>
          <option value="hour" selected={query.when === "hour"}>
            In the last hour
          </option>
        </select>
      </search>
      {problem.value !== null && <Problem error={problem.value} />}
      {shown.length === 0 && rows.value.length > 0 && <p class="card">Nothing in what is loaded is like that.</p>}
      <ol class="history">
        {shown.map((row) => (
          <HistoryRow
            key={row.revision}
            row={row}
            revert={() => {
              reverting.value = row.revision - 1;
            }}
          />
        ))}
      </ol>
      {oldest > 1 && (
        <button type="button" class="button" onClick={() => read(Math.max(0, oldest - 1 - PAGE), oldest - 1)}>
          Show earlier changes
        </button>
      )}
      {reverting.value !== null && (
        <RevertDialog
          revision={reverting.value}
          close={() => {
            reverting.value = null;
          }}
        />
      )}
    </main>
  );
}
