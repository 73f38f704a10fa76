import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { percent } from "../../../shared/resilience/words.ts";
import type { Resilience } from "../../../shared/schema/resilience.ts";
import { answer, api } from "../../domain/api.ts";
import { environment, project } from "../../domain/project.ts";
import { EnvironmentSwitch } from "../../ui/environment-switch.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { FindingList } from "./finding-list.tsx";
import { HabitFigures } from "./habit-figures.tsx";
import { Trend } from "./trend.tsx";

/** Where the next accident would come from, and what to do about it first. */
export function ResiliencePage() {
  const review = useSignal<Resilience | null>(null);
  const problem = useSignal<unknown>(null);
  const key = project.value?.key;
  const here = environment.value;
  useEffect(() => {
    if (!key || !here) return;
    problem.value = null;
    review.value = null;
    let isAsked = true;
    const query = { environment: here.key, format: "json" } as const;
    answer(api.projects[":project"].resilience.$get({ param: { project: key }, query })).then(
      (answered) => {
        if (isAsked) review.value = answered as Resilience;
      },
      (error) => {
        if (isAsked) problem.value = error;
      },
    );
    return () => {
      isAsked = false;
    };
  }, [key, here?.key]);
  if (!key || !here) return <main class="page page-review" aria-busy="true" />;
  const shown = review.value;
  return (
    <main class="page page-review stack">
      <div class="page-head">
        <h1>Resilience</h1>
        <EnvironmentSwitch label="Environment of the review" />
        <a
          class="button"
          href={`/api/v1/projects/${key}/resilience?environment=${here.key}&format=markdown`}
          download={`resilience-${key}-${here.key}.md`}
        >
          <Icon name="down" /> Export Markdown
        </a>
      </div>
      {problem.value !== null && <Problem error={problem.value} />}
      {!shown && problem.value === null && <div class="skeleton" />}
      {shown && (
        <>
          <p class="muted review-summary">{summaryOf(shown, here.name)}</p>
          <FindingList findings={shown.findings} total={shown.total} project={key} environment={here.key} />
          <HabitFigures habits={shown.habits} />
          <Trend weeks={shown.weeks} />
          {!shown.changes.complete && (
            <p class="hint">{`Trend and habits cover the latest ${shown.changes.read} changes.`}</p>
          )}
        </>
      )}
    </main>
  );
}

function summaryOf({ findings, total }: Resilience, environmentName: string): string {
  const [first] = findings;
  if (!first) return `Nothing found in ${environmentName}. Look again after the next release.`;
  const high = findings.filter(({ severity }) => severity === "high").length;
  const all = `${total} ${total === 1 ? "finding" : "findings"} in ${environmentName}${high > 0 ? `, ${high} high` : ""}`;
  return `${all}. The largest blast radius is ${percent(first.blastRadius)}: the share of users that the next accident would reach before something stops it.`;
}
