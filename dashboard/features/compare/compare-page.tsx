import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import { reachIfOn } from "../../../shared/flags/reach.ts";
import { isNarrowed, summarize } from "../../../shared/flags/summary.ts";
import { ownOf } from "../../../shared/own.ts";
import type { ExportDocument, StateSummary } from "../../../shared/schema/admin.ts";
import { answer, api, type Environment } from "../../domain/api.ts";
import { withQuery } from "../../domain/filters.ts";
import { flagOf, isProduction, project, seenRevision } from "../../domain/project.ts";
import { may } from "../../domain/session.ts";
import { type Change, changesOf } from "../../domain/words/change-words.ts";
import { stateWords } from "../../domain/words/state-words.ts";
import { ChangeList } from "../../editors/change-list.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { exportedWorld } from "./exported-world.ts";
import { PromoteDialog } from "./promote-dialog.tsx";

interface Difference {
  key: string;
  changes: Change[];
}

/** Two environments side by side: what differs, and what of it goes from one to the other. */
export function ComparePage() {
  const { query, route } = useLocation();
  const exported = useSignal<ExportDocument | null>(null);
  const problem = useSignal<unknown>(null);
  const ticked = useSignal<ReadonlySet<string>>(new Set());
  const promoting = useSignal(false);
  const environments = project.value?.environments ?? [];
  const to = environments.find(({ key }) => key === query.to) ?? environments.find(isProduction) ?? environments.at(-1);
  const before = to && environments[environments.indexOf(to) - 1];
  const from =
    environments.find(({ key }) => key === query.from && key !== to?.key) ??
    before ??
    environments.find((one) => one !== to);
  const key = project.value?.key;
  useEffect(() => {
    if (!key) return;
    answer(api.projects[":project"].export.$get({ param: { project: key } })).then(
      (document) => {
        exported.value = document as ExportDocument;
        problem.value = null;
      },
      (error) => {
        problem.value = error;
      },
    );
  }, [key, seenRevision.value]);
  useLayoutEffect(() => {
    ticked.value = new Set();
  }, [from?.key, to?.key]);
  const document = exported.value;
  const set = (changes: Record<string, string>) => route(withQuery(location.pathname + location.search, changes), true);
  if (!from || !to)
    return (
      <main class="page page-narrow" aria-busy={!project.value}>
        <h1>Compare environments</h1>
        {project.value && <p class="card">This project has one environment; there is nothing to compare it with.</p>}
      </main>
    );
  const all = document ? differences(document, from, to) : [];
  const chosen = all.filter((one) => ticked.value.has(one.key));
  return (
    <main class="page page-narrow">
      <div class="page-head">
        <h1>Compare environments</h1>
        {document && <span class="count">{all.length === 1 ? "1 flag differs" : `${all.length} flags differ`}</span>}
      </div>
      <div class="compare-bar card">
        <Pick label="From" chosen={from} environments={environments} choose={(one) => set({ from: one, to: to.key })} />
        <button
          type="button"
          class="icon-button"
          aria-label="Swap the two"
          title="Swap the two"
          onClick={() => set({ from: to.key, to: from.key })}
        >
          <Icon name="compare" size={20} />
        </button>
        <Pick label="To" chosen={to} environments={environments} choose={(one) => set({ from: from.key, to: one })} />
        {may("engineer", to.key) && all.length > 0 && (
          <label class="check page-action">
            <input
              type="checkbox"
              checked={chosen.length === all.length}
              onChange={(event) => {
                ticked.value = new Set(event.currentTarget.checked ? all.map((one) => one.key) : []);
              }}
            />
            Tick all
          </label>
        )}
      </div>
      {problem.value !== null && <Problem error={problem.value} />}
      {document && all.length === 0 && (
        <section class="empty card">
          <h2>{`${from.name} and ${to.name} are alike`}</h2>
          <p>Every flag has the same rules, shares and switch in both.</p>
        </section>
      )}
      <ul class="history">
        {all.map((one) => (
          <DifferenceRow
            key={one.key}
            one={one}
            from={from}
            to={to}
            document={document as ExportDocument}
            isTicked={ticked.value.has(one.key)}
            tick={() => {
              const next = new Set(ticked.value);
              if (!next.delete(one.key)) next.add(one.key);
              ticked.value = next;
            }}
          />
        ))}
      </ul>
      {chosen.length > 0 && (
        <section class="save-bar" aria-label="Ticked flags">
          <strong role="status">{chosen.length === 1 ? "1 flag ticked" : `${chosen.length} flags ticked`}</strong>
          <span class="muted clip">{chosen.map((one) => one.key).join(", ")}</span>
          <button
            type="button"
            class="button button-primary"
            onClick={() => {
              promoting.value = true;
            }}
          >
            {`Promote to ${to.name}…`}
          </button>
        </section>
      )}
      {promoting.value && document && (
        <PromoteDialog
          document={document}
          flags={chosen.map((one) => one.key)}
          from={from}
          to={to}
          close={() => {
            promoting.value = false;
          }}
        />
      )}
    </main>
  );
}

function differences({ states }: ExportDocument, from: Environment, to: Environment): Difference[] {
  const [source = {}, target = {}] = [states[from.key], states[to.key]];
  return Object.keys(source)
    .sort()
    .map((key) => ({ key, changes: changesOf("state", { ...ownOf(target, key) }, { ...source[key] }) }))
    .filter(({ changes }) => changes.length > 0);
}

interface DifferenceRowProps {
  one: Difference;
  from: Environment;
  to: Environment;
  document: ExportDocument;
  isTicked: boolean;
  tick: () => void;
}

function DifferenceRow({ one, from, to, document, isTicked, tick }: DifferenceRowProps) {
  const flag = flagOf(one.key);
  const words = (where: Environment) => {
    const state = ownOf(document.states[where.key], one.key);
    if (!flag || !state) return undefined;
    const reach = isNarrowed(state) ? reachIfOn(exportedWorld(document, where.key), one.key, Date.now()) : undefined;
    return stateWords(flag, summarize(state, 0, [], reach as StateSummary["reach"]));
  };
  const kills = flag?.environments[to.key]?.kills ?? [];
  return (
    <li class="card difference">
      <span class="row">
        {may("engineer", to.key) && (
          <input type="checkbox" checked={isTicked} aria-label={`Promote ${one.key}`} onChange={tick} />
        )}
        <a href={`/p/${project.value?.key}/flags/${encodeURIComponent(one.key)}?env=${to.key}`}>
          <strong>{one.key}</strong>
        </a>
      </span>
      <span class="before-after">
        {[from, to].map((where) => {
          const shown = words(where);
          return (
            shown && (
              <span key={where.key} class="compared">
                <span class="muted">{`${where.name}: `}</span>
                <span class={`pill tone-${shown.tone}`}>{shown.text}</span>
              </span>
            )
          );
        })}
        {kills.length > 0 && <span class="muted">{`killed in ${to.name}, and stays so`}</span>}
      </span>
      <details>
        <summary class="muted">
          {one.changes.length === 1 ? "1 difference" : `${one.changes.length} differences`}
        </summary>
        <ChangeList changes={one.changes} />
      </details>
    </li>
  );
}

interface PickProps {
  label: string;
  chosen: Environment;
  environments: readonly Environment[];
  choose: (key: string) => void;
}

function Pick({ label, chosen, environments, choose }: PickProps) {
  return (
    <label class="pick">
      <span class="label">{label}</span>
      <select value={chosen.key} onChange={(event) => choose(event.currentTarget.value)}>
        {environments.map(({ key, name }) => (
          <option key={key} value={key} selected={key === chosen.key}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
