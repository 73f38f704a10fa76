import { computed, signal } from "@preact/signals";
import { summarize } from "../../shared/flags/summary.ts";
import {
  answer,
  api,
  type Environment,
  type FlagView,
  ifMatch,
  type Project,
  type StateView,
  stateAnswer,
} from "./api.ts";

type Summary = FlagView["environments"][string];

export const projects = signal<{ key: string; name: string }[] | null>(null);
export const project = signal<Project | null>(null);
/** In key order; null while they load. */
export const flags = signal<FlagView[] | null>(null);
/** The revision of the newest thing that `flags` shows. */
export const seenRevision = signal(0);
/** The environment that pages show, when the URL names none. */
const chosen = signal<string | null>(null);

export const environment = computed<Environment | null>(() => {
  const all = project.value?.environments ?? [];
  return all.find(({ key }) => key === chosen.value) ?? all.find(isProduction) ?? all.at(-1) ?? null;
});
export const isProduction = ({ key }: { key: string }): boolean => /^(prod|live)/.test(key);

export function chooseEnvironment(key: string): void {
  chosen.value = key;
}

export async function loadProjects(): Promise<void> {
  projects.value = (await answer(api.projects.$get())).projects;
}

export async function openProject(key: string): Promise<void> {
  const same = project.value?.key === key;
  if (!same) {
    project.value = null;
    flags.value = null;
  }
  const param = { project: key };
  const [view, list] = await Promise.all([
    answer(api.projects[":project"].$get({ param })),
    answer(api.projects[":project"].flags.$get({ param, query: {} })),
  ]);
  seenRevision.value = view.revision;
  flags.value = list.flags;
  project.value = view;
}

export const flagOf = (key: string): FlagView | undefined => flags.value?.find((flag) => flag.key === key);

export function showFlag(flag: FlagView): void {
  const others = (flags.value ?? []).filter(({ key }) => key !== flag.key);
  flags.value = [...others, flag].sort((a, b) => (a.key < b.key ? -1 : 1));
}

export function hideFlag(key: string): void {
  flags.value = (flags.value ?? []).filter((flag) => flag.key !== key);
}

function showSummary(key: string, inEnvironment: string, change: (summary: Summary) => Summary): void {
  flags.value = (flags.value ?? []).map((flag) => {
    const summary = flag.environments[inEnvironment];
    if (flag.key !== key || !summary) return flag;
    return { ...flag, environments: { ...flag.environments, [inEnvironment]: change(summary) } };
  });
}

/** What the list shows of a state that was just read or written. */
export function showState(state: StateView): void {
  showSummary(state.flag, state.environment, (shown) =>
    shown.version > state.version ? shown : summarize(state, state.version, state.kills, state.reach),
  );
}

export async function refreshFlag(key: string): Promise<void> {
  const current = project.value;
  if (!current) return;
  try {
    const flag = await answer(
      api.projects[":project"].flags[":flag"].$get({ param: { project: current.key, flag: key } }),
    );
    if (flag.archivedAt) hideFlag(key);
    else showFlag(flag);
  } catch {
    hideFlag(key);
  }
  await refreshDependants(key).catch(() => {});
}

/** Whom a flag reaches also depends on flags that it tests: what these became shows in it. */
async function refreshDependants(key: string): Promise<void> {
  const current = project.value;
  const dependants = (flags.value ?? []).filter((flag) =>
    Object.values(flag.environments).some(({ reach }) => reach?.flags.includes(key)),
  );
  if (!current || dependants.length === 0) return;
  if (dependants.length > FEW) return openProject(current.key);
  for (const flag of dependants) {
    const param = { project: current.key, flag: flag.key };
    showFlag(await answer(api.projects[":project"].flags[":flag"].$get({ param })));
  }
}
/** More flags than this are read with the whole list. */
const FEW = 10;

/**
 * Shows the switch in its new place at once, and back in its old one when the server refuses.
 *
 * @param enabled where it is to be; the other place unless told otherwise
 */
export async function toggle(
  flag: FlagView,
  inEnvironment: string,
  enabled = flag.environments[inEnvironment]?.enabled === false,
): Promise<void> {
  const before = (flagOf(flag.key) ?? flag).environments[inEnvironment];
  if (!before || !project.value || before.enabled === enabled) return;
  showSummary(flag.key, inEnvironment, (summary) => ({ ...summary, enabled }));
  try {
    const state = await stateAnswer(
      api.projects[":project"].environments[":environment"].flags[":flag"].$patch({
        param: { project: project.value.key, environment: inEnvironment, flag: flag.key },
        query: {},
        header: ifMatch(before.version),
        json: { enabled },
      }),
    );
    showState(state);
    await refreshDependants(flag.key).catch(() => {});
  } catch (error) {
    showSummary(flag.key, inEnvironment, (summary) => ({ ...summary, enabled: before.enabled }));
    void refreshFlag(flag.key);
    throw error;
  }
}
