import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Dora } from "../../../shared/schema/delivery.ts";
import type { DebtView } from "../../../shared/schema/flag-debt.ts";
import { answer, api } from "../../domain/api.ts";
import { environment, project } from "../../domain/project.ts";
import { EnvironmentSwitch } from "../../ui/environment-switch.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { useHashTarget } from "../../ui/use-hash-target.ts";
import { DebtList } from "./debt-list.tsx";
import { DrillCard } from "./drill-card.tsx";
import { Figures } from "./figures.tsx";
import { Incidents } from "./incidents.tsx";
import { Weeks } from "./weeks.tsx";

const SPANS = [30, 90, 180, 365] as const;
const routes = api.projects[":project"];

/** How delivery fares: the four figures of DORA, what was taken back, and flags that have had their day. */
export function DeliveryPage() {
  const figures = useSignal<Dora | null>(null);
  const debt = useSignal<DebtView | null>(null);
  const problem = useSignal<unknown>(null);
  const days = useSignal<number>(90);
  useHashTarget();
  const key = project.value?.key;
  const here = environment.value?.key;
  useEffect(() => {
    if (!key || !here) return;
    const param = { project: key };
    problem.value = null;
    const query = { environment: here, days: String(days.value) };
    answer(routes.dora.$get({ param, query })).then(
      (answered) => {
        figures.value = answered;
      },
      (error) => {
        problem.value = error;
      },
    );
    answer(routes.debt.$get({ param, query: { environment: here, days: "30" } })).then(
      (answered) => {
        debt.value = answered;
      },
      (error) => {
        problem.value = error;
      },
    );
  }, [key, here, days.value]);
  if (!key || !here) return <main class="page" aria-busy="true" />;
  const shown = figures.value;
  return (
    <main class="page stack">
      <div class="page-head">
        <h1>Delivery</h1>
        <EnvironmentSwitch label="Environment of the figures" />
        <label class="row">
          <span class="label">Over</span>
          <select
            value={days.value}
            onChange={(event) => {
              days.value = Number(event.currentTarget.value);
            }}
          >
            {SPANS.map((span) => (
              <option key={span} value={span}>{`${span} days`}</option>
            ))}
          </select>
        </label>
        <a
          class="button"
          href={`/api/v1/projects/${key}/dora/export?environment=${here}&days=${days.value}`}
          download={`delivery-${key}-${here}.csv`}
        >
          <Icon name="down" /> Export CSV
        </a>
      </div>
      {problem.value !== null && <Problem error={problem.value} />}
      {!shown && problem.value === null && <div class="skeleton" />}
      {shown && (
        <>
          {shown.deploymentFrequency.deployments === 0 && (
            <p class="hint">
              No deployments were told of yet, so only releases count. Let CI call{" "}
              <code>{`POST /api/v1/projects/${key}/deployments`}</code>; the guide to integrations has a workflow to
              copy.
            </p>
          )}
          <Figures figures={shown} />
          <div class="delivery-columns">
            <div class="stack">
              <Incidents project={key} figures={shown} />
              <DrillCard key={`${key} ${here}`} project={key} environment={here} />
            </div>
            <Weeks figures={shown} />
          </div>
        </>
      )}
      {debt.value && <DebtList project={key} debt={debt.value} />}
    </main>
  );
}
