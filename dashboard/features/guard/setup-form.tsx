import { useSignal } from "@preact/signals";
import type { GuardDefinition } from "../../../shared/schema/guard.ts";
import type { Metric } from "../../../shared/schema/series.ts";

const CHOICES = [
  { kind: "error", label: "More errors", hint: "more people meet an error" },
  { kind: "slow", label: "Slower", hint: "more people wait long" },
  { kind: "missing", label: "Silence", hint: "more people are never heard of again" },
  { kind: "conversion", label: "Fewer conversions", hint: "fewer people reach the goal" },
] as const;
type Kind = (typeof CHOICES)[number]["kind"];
const NAMES: Record<Kind, string> = { error: "errors", slow: "slow", missing: "silent", conversion: "conversions" };

/** A metric with its usual settings. Names are for the server to judge: its refusal says which one, and why. */
function metricOf(kind: Kind, event: string): Metric {
  const common = { name: NAMES[kind], event, tolerance: 0 };
  switch (kind) {
    case "error":
    case "conversion":
      return { ...common, kind };
    case "slow":
      return { ...common, kind, factor: 1.2, quantile: 0.95, blockSeconds: 10 };
    case "missing":
      return { ...common, kind, afterSeconds: 60 };
  }
}

/** Sets up a guard without a plan: what is harm, under which name it is reported, and what happens then. */
export function SetupForm({ save }: { save: (guard: Pick<GuardDefinition, "metrics" | "onBreach">) => Promise<void> }) {
  const kinds = useSignal<Kind[]>(["error", "slow", "missing"]);
  const event = useSignal("checkout");
  const goal = useSignal("order");
  const onBreach = useSignal<"kill" | "alert">("kill");
  const busy = useSignal(false);
  const toggle = (kind: Kind) => {
    kinds.value = kinds.value.includes(kind) ? kinds.value.filter((one) => one !== kind) : [...kinds.value, kind];
  };
  const metrics = () => kinds.value.map((kind) => metricOf(kind, (kind === "conversion" ? goal : event).value.trim()));
  const incomplete =
    kinds.value.length === 0 ||
    event.value.trim() === "" ||
    (kinds.value.includes("conversion") && goal.value.trim() === "");
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
        <legend class="label">What would be harm?</legend>
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
        <label class="field">
          <span class="label">Outcomes are reported as</span>
          <input
            value={event.value}
            maxLength={100}
            onInput={(input) => {
              event.value = input.currentTarget.value;
            }}
          />
        </label>
        {kinds.value.includes("conversion") && (
          <label class="field">
            <span class="label">The goal is reported as</span>
            <input
              value={goal.value}
              maxLength={100}
              onInput={(input) => {
                goal.value = input.currentTarget.value;
              }}
            />
          </label>
        )}
        <label class="field">
          <span class="label">Then</span>
          <select
            value={onBreach.value}
            onChange={(chosen) => {
              onBreach.value = chosen.currentTarget.value as "kill" | "alert";
            }}
          >
            <option value="kill">stop the flag</option>
            <option value="alert">only tell</option>
          </select>
        </label>
        <button type="submit" class="button button-primary" disabled={busy.value || incomplete}>
          Guard this flag
        </button>
      </div>
    </form>
  );
}
