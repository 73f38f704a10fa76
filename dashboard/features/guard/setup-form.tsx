import { useSignal } from "@preact/signals";
import { METRIC_WORDS } from "../../../shared/guard/metrics/words.ts";
import type { GuardDefinition } from "../../../shared/schema/guard.ts";
import type { Metric, MetricKind } from "../../../shared/schema/series.ts";
import { DEFAULT_GOAL_EVENT, DEFAULT_OUTCOME_EVENT } from "../../../shared/telemetry/default-events.ts";
import type { GuardPlace } from "../../domain/guard-store.ts";
import { EventField } from "../../editors/event-field.tsx";

const CHOICES = (Object.keys(METRIC_WORDS) as MetricKind[]).flatMap((kind) => {
  const { offer } = METRIC_WORDS[kind];
  return offer ? [{ kind, ...offer }] : [];
});
type Choice = (typeof CHOICES)[number];

/** A metric with its usual settings. Names are for the server to judge: its refusal says which one, and why. */
const metricOf = ({ kind, metric, settings }: Choice, event: string): Metric =>
  ({ name: metric, event, tolerance: 0, kind, ...settings }) as Metric;

interface SetupFormProps {
  place: GuardPlace;
  save: (guard: Pick<GuardDefinition, "metrics" | "onBreach">) => Promise<void>;
}

/** Sets up a guard without a plan: what is watched, which events feed it, and what happens then. */
export function SetupForm({ place, save }: SetupFormProps) {
  const kinds = useSignal<MetricKind[]>(["error", "slow", "missing"]);
  const event = useSignal(DEFAULT_OUTCOME_EVENT);
  const goal = useSignal(DEFAULT_GOAL_EVENT);
  const onBreach = useSignal<"kill" | "alert">("kill");
  const busy = useSignal(false);
  const toggle = (kind: MetricKind) => {
    kinds.value = kinds.value.includes(kind) ? kinds.value.filter((one) => one !== kind) : [...kinds.value, kind];
  };
  const chosen = CHOICES.filter(({ kind }) => kinds.value.includes(kind));
  const hasGoal = chosen.some(({ isGoal }) => isGoal);
  const metrics = () => chosen.map((choice) => metricOf(choice, (choice.isGoal ? goal : event).value.trim()));
  const incomplete = kinds.value.length === 0 || event.value.trim() === "" || (hasGoal && goal.value.trim() === "");
  return (
    <form
      class="guard-form"
      onSubmit={async (submitted) => {
        submitted.preventDefault();
        busy.value = true;
        await save({ metrics: metrics(), onBreach: onBreach.value });
        busy.value = false;
      }}
    >
      <fieldset>
        <legend class="label">Guardrail metrics</legend>
        <div class="guard-choices">
          {CHOICES.map(({ kind, label, hint }) => (
            <label key={kind} class="guard-choice">
              <input type="checkbox" checked={kinds.value.includes(kind)} onChange={() => toggle(kind)} />
              <span>
                <b>{label}</b> <span class="muted">{hint}</span>
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <div class="inline-form">
        {chosen.some(({ isGoal }) => !isGoal) && (
          <EventField
            place={place}
            label="Metric event"
            value={event.value}
            set={(typed) => {
              event.value = typed;
            }}
          />
        )}
        {hasGoal && (
          <EventField
            place={place}
            label="Goal event"
            value={goal.value}
            set={(typed) => {
              goal.value = typed;
            }}
          />
        )}
        <label class="field">
          <span class="label">Then</span>
          <select
            value={onBreach.value}
            onChange={(changed) => {
              onBreach.value = changed.currentTarget.value as "kill" | "alert";
            }}
          >
            <option value="kill">stop the flag</option>
            <option value="alert">notify only</option>
          </select>
        </label>
        <button type="submit" class="button button-primary" disabled={busy.value || incomplete}>
          Guard this flag
        </button>
      </div>
    </form>
  );
}
