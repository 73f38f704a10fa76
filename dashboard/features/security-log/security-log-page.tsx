import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { SecurityCheck, SecurityRow } from "../../../shared/schema/security-log.ts";
import { SECURITY_KINDS } from "../../../shared/security-kinds.ts";
import { answer, api } from "../../domain/api.ts";
import { withQuery } from "../../domain/filters.ts";
import { may, who } from "../../domain/session.ts";
import { SECURITY_WORDS, securityDetails, securityTone } from "../../domain/words/security-words.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { DeliveryCard } from "./delivery-card.tsx";

const PAGE = 50;
const DAY_MS = 86_400_000;
const SPANS: [value: string, words: string, ms: number][] = [
  ["day", "In the last 24 hours", DAY_MS],
  ["week", "In the last 7 days", 7 * DAY_MS],
  ["month", "In the last 30 days", 30 * DAY_MS],
];
const KINDS = SECURITY_KINDS.map((kind): [string, string] => [kind, SECURITY_WORDS[kind]]);

/** What was done to the installation, newest first. Each filter is asked of the whole log. */
export function SecurityLogPage() {
  const { query, route } = useLocation();
  const rows = useSignal<SecurityRow[] | null>(null);
  const next = useSignal<number | null>(null);
  const problem = useSignal<unknown>(null);
  const actors = useSignal<ReadonlyMap<string, string>>(new Map());
  const projects = useSignal<ReadonlySet<string>>(new Set());
  const turn = useRef(0);
  const { kind = "", actor = "", of = "", when = "" } = query;
  const isAllowed = may("admin") && who.value?.project === undefined;
  const filters = () => {
    const span = SPANS.find(([value]) => value === when);
    return {
      ...(kind ? { kind: kind as SecurityRow["kind"] } : {}),
      ...(actor ? { actor } : {}),
      ...(of ? { project: of } : {}),
      ...(span ? { since: new Date(Date.now() - span[2]).toISOString() } : {}),
    };
  };
  const read = async (before?: number) => {
    const mine = ++turn.current;
    const cursor = before === undefined ? {} : { before: `${before}` };
    try {
      const page = await answer(api["security-log"].$get({ query: { ...filters(), ...cursor, limit: `${PAGE}` } }));
      if (mine !== turn.current) return;
      const found = page.rows as SecurityRow[];
      rows.value = before === undefined ? found : [...(rows.value ?? []), ...found];
      next.value = page.next;
      actors.value = new Map([...actors.value, ...found.map((row) => [row.actor.id, row.actor.name] as const)]);
      projects.value = new Set([...projects.value, ...found.flatMap((row) => row.project ?? [])]);
      problem.value = null;
    } catch (error) {
      problem.value = error;
    }
  };
  useEffect(() => {
    if (isAllowed) void read();
  }, [isAllowed, kind, actor, of, when]);
  const set = (changes: Record<string, string>) => route(withQuery(location.pathname + location.search, changes), true);
  if (!isAllowed)
    return (
      <main class="page page-narrow">
        <section class="empty card">
          <h1>You don't have access</h1>
          <p>The security log is for administrators of all projects.</p>
        </section>
      </main>
    );
  const exported = new URLSearchParams(filters() as Record<string, string>);
  return (
    <main class="page page-narrow stack">
      <div class="page-head">
        <h1>Security log</h1>
        <div class="page-action row">
          <Verify />
          <a class="button" href={`/api/v1/security-log/export?${exported}`} download="security-log.ndjson">
            <Icon name="down" /> Export NDJSON
          </a>
        </div>
      </div>
      <search class="filters">
        <Choice name="Filter by event" any="Event: any" value={kind} choose={(value) => set({ kind: value })}>
          {KINDS}
        </Choice>
        <Choice name="Filter by actor" any="Who: anybody" value={actor} choose={(value) => set({ actor: value })}>
          {[...new Map([...actors.value, ...(actor && !actors.value.has(actor) ? [[actor, actor] as const] : [])])]
            .filter(([id]) => id !== "")
            .map(([id, name]) => [id, name])}
        </Choice>
        <Choice name="Filter by project" any="Project: any" value={of} choose={(value) => set({ of: value })}>
          {[...new Set([...projects.value, of])].filter(Boolean).map((one) => [one, one])}
        </Choice>
        <Choice name="Filter by time" any="When: any time" value={when} choose={(value) => set({ when: value })}>
          {SPANS.map(([value, words]) => [value, words])}
        </Choice>
      </search>
      {problem.value !== null && <Problem error={problem.value} />}
      {rows.value === null && problem.value === null && <div class="skeleton" />}
      {rows.value?.length === 0 && (
        <section class="empty card">
          <h2>No results</h2>
          <button type="button" class="button" onClick={() => set({ kind: "", actor: "", of: "", when: "" })}>
            Show everything
          </button>
        </section>
      )}
      <ol class="history security-log">
        {rows.value?.map((row) => (
          <Row key={row.position} row={row} />
        ))}
      </ol>
      {next.value !== null && (
        <button type="button" class="button" onClick={() => read(next.value ?? undefined)}>
          Show earlier events
        </button>
      )}
      <DeliveryCard />
    </main>
  );
}

function Row({ row }: { row: SecurityRow }) {
  return (
    <li class={`history-row ${securityTone(row.kind)}`}>
      <div class="history-sentence">
        <span>
          <strong>{SECURITY_WORDS[row.kind]}</strong>
          {row.actor.type !== "nobody" && ` by ${row.actor.name}`}
          {row.project && <span class="muted">{` in ${row.project}`}</span>}
        </span>
        <time class="muted" dateTime={row.at} title={exactly(row.at)}>
          {ago(row.at)}
        </time>
      </div>
      <dl class="security-details">
        {securityDetails(row).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

/** Checks the chain when asked: it reads every row that is kept. */
function Verify() {
  const busy = useSignal(false);
  const check = useSignal<SecurityCheck | null>(null);
  const problem = useSignal<unknown>(null);
  const verify = async () => {
    busy.value = true;
    problem.value = null;
    try {
      check.value = await answer(api["security-log"].verify.$get());
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  const { value } = check;
  return (
    <>
      {problem.value !== null && <Problem error={problem.value} />}
      <span role="status">
        {value && (
          <span class={`pill ${value.intact ? "tone-on" : "tone-killed"}`} title={`Latest hash: ${value.hash}`}>
            {value.intact ? `${value.rows} rows, intact` : `Broken at row ${value.brokenAt}`}
          </span>
        )}
      </span>
      <button type="button" class="button" disabled={busy.value} onClick={verify}>
        Verify
      </button>
    </>
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
