import { METRIC_WORDS } from "../../../shared/guard/metrics/words.ts";
import { USUAL_GUARDS } from "../../../shared/release/presets.ts";
import type { Metric } from "../../../shared/schema/series.ts";
import { DEFAULT_GOAL_EVENT, DEFAULT_OUTCOME_EVENT } from "../../../shared/telemetry/default-events.ts";
import { EventField } from "../../editors/event-field.tsx";
import { NumberBox } from "../../ui/number-box.tsx";
import type { PlanPlace } from "./plan-store.ts";

const CONVERSION: Metric = { kind: "conversion", name: "conversion", event: DEFAULT_GOAL_EVENT, tolerance: 0.05 };
const OFFERED: readonly Metric[] = [...USUAL_GUARDS, CONVERSION];

interface GuardChoiceProps {
  place: PlanPlace;
  guards: readonly Metric[];
  set: (guards: Metric[]) => void;
}

const isGoal = ({ kind }: Metric): boolean => METRIC_WORDS[kind].offer?.isGoal ?? false;
/** As `eventOf` of the schema has it, which a browser need not load. */
const eventOf = (metric: Metric): string =>
  metric.event ?? (metric.kind === "missing" ? DEFAULT_OUTCOME_EVENT : metric.name);

/** What takes a release back: measures that are compared with the users who do not have it. */
export function GuardChoice({ place, guards, set }: GuardChoiceProps) {
  const own = guards.filter(({ name }) => !OFFERED.some((offered) => offered.name === name));
  /** The event of the metrics of one kind that are watched: a metric that is added listens for the same. */
  const eventOfKind = (goal: boolean): string => {
    const known = guards.find((metric) => isGoal(metric) === goal);
    return known ? eventOf(known) : goal ? DEFAULT_GOAL_EVENT : DEFAULT_OUTCOME_EVENT;
  };
  const setEvent = (goal: boolean, event: string) =>
    set(guards.map((metric) => (isGoal(metric) === goal && !own.includes(metric) ? { ...metric, event } : metric)));
  const listens = (goal: boolean) => guards.some((metric) => isGoal(metric) === goal && !own.includes(metric));
  return (
    <fieldset class="guard-choice">
      <legend class="label">Guardrail metrics: roll back when, vs. control,</legend>
      {[...OFFERED, ...own].map((offered) => {
        const chosen = guards.find(({ name }) => name === offered.name);
        const words = METRIC_WORDS[offered.kind];
        return (
          <div key={offered.name} class="guard-line">
            <label class="check">
              <input
                type="checkbox"
                checked={chosen !== undefined}
                onChange={() =>
                  set(
                    chosen
                      ? guards.filter((one) => one !== chosen)
                      : [...guards, { ...offered, event: eventOfKind(isGoal(offered)) }],
                  )
                }
              />
              <span>
                {words.watches} {own.includes(offered) && <code>{`${offered.name} of ${eventOf(offered)}`}</code>}
              </span>
            </label>
            {chosen && (
              <span class="guard-tolerance">
                tolerate
                <NumberBox
                  label={`Tolerated change of ${words.name.toLowerCase()}, in per cent`}
                  value={chosen.tolerance * 100}
                  unit="%"
                  set={(percent) =>
                    set(guards.map((one) => (one === chosen ? { ...one, tolerance: percent / 100 } : one)))
                  }
                />
              </span>
            )}
          </div>
        );
      })}
      {listens(false) && (
        <EventField
          place={place}
          label="Metric event"
          value={eventOfKind(false)}
          set={(event) => setEvent(false, event)}
        />
      )}
      {listens(true) && (
        <EventField place={place} label="Goal event" value={eventOfKind(true)} set={(event) => setEvent(true, event)} />
      )}
    </fieldset>
  );
}
