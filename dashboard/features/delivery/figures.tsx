import type { ComponentChildren } from "preact";
import type { Dora } from "../../../shared/schema/delivery.ts";
import { durationWords, frequencyWords } from "../../domain/words/duration-words.ts";
import { WeekBars } from "./week-bars.tsx";

/** The four figures, each with its trend and with what it means. */
export function Figures({ figures }: { figures: Dora }) {
  const { deploymentFrequency, leadTime, changeFailureRate, timeToRestore, weeks } = figures;
  const span = `${weeks.length} weeks`;
  return (
    <div class="figures">
      <Figure
        name="Deployment frequency"
        value={frequencyWords(deploymentFrequency.perDay)}
        from={`${count(deploymentFrequency.deployments, "deployment")}, ${count(deploymentFrequency.releases, "release")}`}
        bars={
          <WeekBars
            label={`Deployments and releases by week, ${span}`}
            bars={weeks.map(({ week, deployments, releases }) => ({ week, value: deployments + releases }))}
          />
        }
      >
        Changes that reached people, a day: deployments that CI told of, and releases. A release is when more people are
        served a flag than before; a plan is one release, and controls (ops, config) are none.
      </Figure>
      <Figure
        name="Lead time for changes"
        value={leadTime.value === null ? null : durationWords(leadTime.value)}
        from={`median of ${count(leadTime.count, "deployment")}`}
        bars={
          <WeekBars
            label={`Median lead time by week, ${span}`}
            bars={weeks.map(({ week, leadTimeMs }) => ({ week, value: leadTimeMs }))}
          />
        }
      >
        From the oldest commit in a deployment to its end, as CI told. The median.
      </Figure>
      <Figure
        name="Change failure rate"
        value={changeFailureRate.value === null ? null : `${(changeFailureRate.value * 100).toFixed(1)} %`}
        from={`${changeFailureRate.failed} of ${count(changeFailureRate.count, "change")}`}
        bars={
          <WeekBars
            label={`Changes by week, and those taken back, ${span}`}
            bars={weeks.map(({ week, deployments, releases, failed }) => ({
              week,
              value: deployments + releases,
              bad: failed,
            }))}
          />
        }
      >
        The share of changes that had to be taken back: deployments rolled back, and releases whose flag was killed or
        put back before its next release, within seven days.
      </Figure>
      <Figure
        name="Time to restore"
        value={timeToRestore.value === null ? null : durationWords(timeToRestore.value)}
        from={restoreWords(timeToRestore)}
        bars={
          <WeekBars
            label={`Median time to restore by week, ${span}`}
            bars={weeks.map(({ week, restoreMs }) => ({ week, value: restoreMs }))}
          />
        }
      >
        From the onset of the trouble to the value confirmed off at the edge, the median. The onset is what monitoring
        says, what a person said, or for a guard the beginning of the stage that it stopped. Confirmed means: the last
        data centre that was awake serves it so. Without an onset nothing is counted.
      </Figure>
    </div>
  );
}

function Figure(props: {
  name: string;
  value: string | null;
  from: string;
  bars: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <section class="card figure" aria-label={props.name}>
      <h2>{props.name}</h2>
      <p class={`figure-value ${props.value === null ? "muted" : ""}`}>{props.value ?? "Nothing to count yet"}</p>
      <p class="muted">{props.from}</p>
      {props.bars}
      <details>
        <summary>How it is counted</summary>
        <p>{props.children}</p>
      </details>
    </section>
  );
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? "" : "s"}`;

function restoreWords({ count: counted, withoutOnset, unconfirmed }: Dora["timeToRestore"]): string {
  const apart = [
    ...(withoutOnset > 0 ? [`${withoutOnset} without a known onset`] : []),
    ...(unconfirmed > 0 ? [`${unconfirmed} not confirmed`] : []),
  ];
  return [`median of ${count(counted, "incident")}`, ...apart].join(", ");
}
