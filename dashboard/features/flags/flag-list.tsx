import { useEffect, useMemo, useRef } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { FlagView } from "../../domain/api.ts";
import { type Filters, filtersOf, isFiltering, matching, withQuery } from "../../domain/filters.ts";
import { environment, flags, project } from "../../domain/project.ts";
import { mayChange } from "../../domain/session.ts";
import { loadUsage } from "../../domain/usage.ts";
import { killing } from "../../editors/kill-dialog.tsx";
import { restoring } from "../../editors/restore-dialog.tsx";
import { switchState } from "../../editors/switch-on-dialog.tsx";
import { EnvironmentSwitch } from "../../ui/environment-switch.tsx";
import { Icon } from "../../ui/icon.tsx";
import { useKeys } from "../../ui/keys.ts";
import { Lazily } from "../../ui/lazily.tsx";
import { CreateFlag, creating } from "./create-flag.tsx";
import { EmptyList, NoMatch } from "./empty-list.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { FlagTable } from "./flag-table.tsx";
import { selection, tickAll } from "./selection.ts";

const loadArchived = () => import("./archived-list.tsx").then((module) => module.ArchivedList);
const loadSelectionBar = () => import("./selection-bar.tsx").then((module) => module.SelectionBar);

export function FlagList() {
  const { query, url, route } = useLocation();
  const filters = filtersOf(query);
  const search = useRef<HTMLInputElement>(null);
  const set = (changes: Partial<Filters>) => route(withQuery(location.pathname + location.search, changes), true);
  useKeys({
    "/": () => search.current?.focus(),
    n: () => {
      if (mayChange("experiment")) creating.value = true;
    },
  });
  const all = flags.value;
  const here = environment.value;
  const shown = useMemo(
    () => (all && here ? matching(all, filters, here.key) : []),
    [all, here?.key, ...Object.values(filters)],
  );
  const projectKey = project.value?.key;
  useEffect(() => {
    if (projectKey && here) void loadUsage(projectKey, here.key);
  }, [projectKey, here?.key]);
  useEffect(() => () => tickAll([], false), [projectKey]);
  if (!project.value || !all || !here) return <ListSkeleton />;
  const ticked = selection.value.size === 0 ? [] : all.filter(({ key }) => selection.value.has(key));
  const hrefOf = (flag: FlagView) => `/p/${project.value?.key}/flags/${encodeURIComponent(flag.key)}?env=${here.key}`;
  return (
    <main class="page page-list">
      <div class="page-head">
        <h1>Flags</h1>
        <span class="count" role="status">
          {isFiltering(filters) ? `${shown.length} of ${all.length}` : all.length}
        </span>
        <EnvironmentSwitch />
        {project.value.environments.length > 1 && (
          <a
            class="button compare-link"
            title="Compare environments"
            href={`/p/${project.value.key}/compare?to=${here.key}`}
          >
            <Icon name="compare" /> <span>Compare</span>
          </a>
        )}
        {mayChange("experiment") && (
          <button
            type="button"
            class="button button-primary"
            onClick={() => {
              creating.value = true;
            }}
          >
            <Icon name="plus" /> New flag
          </button>
        )}
      </div>
      {all.length === 0 && !filters.archived ? (
        <EmptyList />
      ) : (
        <>
          <FilterBar flags={all} filters={filters} search={search} set={set} />
          {filters.archived ? (
            <Lazily load={loadArchived} props={{ project: project.value.key, filters }} />
          ) : shown.length === 0 ? (
            <NoMatch filters={filters} clear={() => route(url.split("?")[0] ?? url, true)} />
          ) : (
            <FlagTable
              flags={shown}
              total={all.length}
              hrefOf={hrefOf}
              actions={{
                order: () => shown.map(({ key }) => key),
                toggle: switchState,
                kill: (flag) => {
                  killing.value = { flag, environment: here };
                },
                restore: (flag, inEnvironment) => {
                  restoring.value = { flag, environment: inEnvironment };
                },
              }}
            />
          )}
        </>
      )}
      {ticked.length > 0 && (
        <Lazily load={loadSelectionBar} props={{ project: project.value.key, environment: here, flags: ticked }} />
      )}
      {creating.value && <CreateFlag />}
    </main>
  );
}

function ListSkeleton() {
  return (
    <main class="page page-list" aria-busy="true">
      <div class="page-head">
        <h1>Flags</h1>
      </div>
      <div class="skeleton" />
    </main>
  );
}
