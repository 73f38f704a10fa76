import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { PlanView } from "../../../shared/schema/plan.ts";
import type { ScheduleView } from "../../../shared/schema/schedule.ts";
import { answer, api, type Environment, type FlagView } from "../../domain/api.ts";
import { withQuery } from "../../domain/filters.ts";
import { useGuard } from "../../domain/guard-store.ts";
import { seenRevision } from "../../domain/project.ts";
import { usage } from "../../domain/usage.ts";
import { stateWords } from "../../domain/words/state-words.ts";
import { ago, exactly, fromNow } from "../../domain/words/time-words.ts";
import type { FlagTab } from "./flag-tabs.ts";

interface FlagStatusProps {
  project: string;
  environment: Environment;
  flag: FlagView;
}

/** What a flag is doing here, at a glance; each part leads to the tab that it is about. */
export function FlagStatus({ project, environment, flag }: FlagStatusProps) {
  const plan = useSignal<PlanView | null>(null);
  const next = useSignal<ScheduleView | null>(null);
  const summary = flag.environments[environment.key];
  const place = { project, environment: environment.key, flag: flag.key };
  const watched = useGuard(place, `${summary?.version} ${summary?.kills.length}`);
  useEffect(() => {
    const routes = api.projects[":project"].environments[":environment"];
    let isAsked = true;
    const show = (act: () => void) => {
      if (isAsked) act();
    };
    const param = { project, environment: environment.key };
    answer(routes.plans.$get({ param, query: { flag: flag.key } })).then(
      ({ plans }) =>
        show(() => {
          plan.value = (plans[0] as PlanView | undefined) ?? null;
        }),
      () => {},
    );
    answer(routes.flags[":flag"].schedules.$get({ param: place })).then(
      ({ schedules }) =>
        show(() => {
          next.value = (schedules as ScheduleView[]).find(({ status }) => status === "pending") ?? null;
        }),
      () => {},
    );
    return () => {
      isAsked = false;
    };
  }, [project, environment.key, flag.key, seenRevision.value]);
  if (!summary) return null;
  const { text, tone } = stateWords(flag, summary);
  const known = usage.value?.project === project && usage.value.environment === environment.key ? usage.value : null;
  const askedAt = known?.flags[flag.key];
  return (
    <ul class="flag-status" aria-label={`Status in ${environment.name}`}>
      <Fact name="State" tab="targeting">
        <span class={`pill ${`tone-${tone}`}`}>{text}</span>
      </Fact>
      <Fact name="Plan" tab="release">
        {planWords(plan.value)}
      </Fact>
      <Fact name="Next schedule" tab="targeting">
        {next.value === null ? "None" : <time title={exactly(next.value.at)}>{fromNow(next.value.at)}</time>}
      </Fact>
      <Fact name="Guard" tab="metrics">
        {watched?.watch.active ? GUARD_WORDS[watched.watch.state] : "None"}
      </Fact>
      <Fact name="Last evaluated" tab="settings">
        {askedAt !== undefined ? (
          <time title={exactly(askedAt)}>{ago(askedAt)}</time>
        ) : known?.bulkAt ? (
          "Bulk evaluations only"
        ) : (
          "Never"
        )}
      </Fact>
    </ul>
  );
}

const GUARD_WORDS = {
  "no-data": "No data",
  collecting: "Inconclusive",
  healthy: "No harm found",
  breached: "Regression",
  mismatch: "Split mismatch",
  "waiting-for-approval": "Waits for you",
} as const;

function planWords(plan: PlanView | null): string {
  if (!plan) return "None";
  const { run, stages } = plan;
  if (!run) return "Not started";
  if (run.status === "completed") return "Completed";
  if (run.status === "rolled-back") return "Rolled back";
  const at = `Stage ${run.stage + 1} of ${stages.length}`;
  return run.status === "running" ? at : `${at}, ${run.status}`;
}

function Fact({ name, tab, children }: { name: string; tab: FlagTab; children: ComponentChildren }) {
  const { url } = useLocation();
  return (
    <li>
      <span class="muted">{name}</span>
      <a href={withQuery(url, { tab: tab === "targeting" ? "" : tab })}>{children}</a>
    </li>
  );
}
