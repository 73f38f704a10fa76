import { useSignal } from "@preact/signals";
import { SPLIT_TOTAL } from "../../../shared/limits.ts";
import type { PlanDefinition, PlanStage } from "../../../shared/schema/plan.ts";
import type { Metric } from "../../../shared/schema/series.ts";
import type { FlagView } from "../../domain/api.ts";
import { may } from "../../domain/session.ts";
import { keyOf } from "../../domain/words/key-words.ts";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { complain, tell } from "../../ui/toasts.tsx";
import { Detection } from "./detection.tsx";
import { GuardChoice } from "./guard-choice.tsx";
import { type PlanPlace, savePlan, saveTemplate, shownPlan, undoingPlan } from "./plan-store.ts";
import { durationWords, leastSeconds } from "./plan-words.ts";
import { StageEditor } from "./stage-editor.tsx";

interface PlanEditorProps {
  place: PlanPlace;
  flag: FlagView;
  /** Of the plan as it was read; undefined for a new one. */
  version: number | undefined;
  /** The stage that people are in: it and those before it stay as they are. */
  reached: number;
  initial: PlanDefinition;
  close: () => void;
}

/** A plan in plain words: what goes to whom, for how long at least, and what takes it back. */
export function PlanEditor({ place, flag, version, reached, initial, close }: PlanEditorProps) {
  const plan = useSignal(initial);
  const template = useSignal<string | null>(null);
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const { stages, variant, baseline, holdback, onBreach } = plan.value;
  const set = (change: Partial<PlanDefinition>) => {
    plan.value = { ...plan.value, ...change };
  };
  const setStage = (index: number, stage: PlanStage) => set({ stages: stages.with(index, stage) });
  const isUnderWay = reached >= 0;
  /** One choice for all stages that are not measured yet. */
  const guards = stages.at(-1)?.guards ?? [];
  const setGuards = (chosen: Metric[]) =>
    set({
      stages: stages.map((stage, index) => (index > reached && watches(stage) ? { ...stage, guards: chosen } : stage)),
    });
  const add = () => {
    const last = stages.at(-1);
    const share = Math.max(0, ...stages.map(({ audience }) => ("share" in audience ? audience.share : 0)));
    const next = Math.min(SPLIT_TOTAL, share === 0 ? SPLIT_TOTAL / 100 : share * 2);
    set({
      stages: [
        ...stages,
        {
          minimumSeconds: 3_600,
          minimumUnits: 0,
          advance: "automatic",
          guards: last?.guards ?? [],
          audience: { share: next },
        },
      ],
    });
  };
  const save = async () => {
    busy.value = true;
    problem.value = null;
    try {
      const before = shownPlan(place);
      const saved = await savePlan(place, plan.value, version);
      close();
      const next = isUnderWay ? undefined : "Nothing is live until it is started.";
      tell("The release plan is saved", next, undoingPlan(place, before, saved));
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  const keep = async () => {
    const name = template.value?.trim() ?? "";
    const key = keyOf(name.toLowerCase());
    if (key === "") return;
    const { variant: _, baseline: __, ...rest } = plan.value;
    try {
      await saveTemplate(place.project, key, { ...rest, name });
      template.value = null;
      tell(`The template ${name} is kept`, "Every flag of this project can begin with it.");
    } catch (error) {
      complain("The template is not kept", error);
    }
  };
  const variants = Object.keys(flag.variants);
  return (
    <form
      class="stack plan-editor"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div class="plan-arms">
        <Choice
          label="Release"
          value={variant}
          options={variants}
          disabled={isUnderWay}
          set={(chosen) => set({ variant: chosen })}
        />
        <Choice
          label="Until then people get"
          value={baseline}
          options={variants}
          disabled={isUnderWay}
          set={(chosen) => set({ baseline: chosen })}
        />
      </div>
      <ol class="stage-list">
        {stages.map((stage, index) => (
          <StageEditor
            // Stages have no names of their own; what is typed belongs to the place.
            key={`stage ${index + 1}`}
            number={index + 1}
            stage={stage}
            locked={index <= reached}
            set={(changed) => setStage(index, changed)}
            remove={
              stages.length > 1 && index > reached ? () => set({ stages: stages.toSpliced(index, 1) }) : undefined
            }
          />
        ))}
      </ol>
      <button type="button" class="button button-small stage-add" onClick={add}>
        <Icon name="plus" /> Add a stage
      </button>
      <GuardChoice place={place} guards={guards} set={setGuards} />
      <div class="plan-arms">
        <label class="field">
          <span class="label">When a guard sees harm</span>
          <select
            value={onBreach}
            onChange={(event) => set({ onBreach: event.currentTarget.value as PlanDefinition["onBreach"] })}
          >
            <option value="kill">Kill the flag: everybody is back at once</option>
            <option value="step-back">Go back a stage and wait for a person</option>
          </select>
        </label>
        <label class="field">
          <span class="label">At 100 %, hold back</span>
          <select
            value={holdback}
            disabled={isUnderWay}
            onChange={(event) => set({ holdback: Number(event.currentTarget.value) })}
          >
            {[0, 1_000, 2_000, 5_000].map((parts) => (
              <option key={parts} value={parts}>
                {parts === 0 ? "nobody" : `${parts / 1_000} % of everybody, to compare with`}
              </option>
            ))}
          </select>
        </label>
      </div>
      <p class="muted">
        {`From the start to the end: at least ${durationWords(leastSeconds(stages))}.`}
        {guards.length === 0 && " Nothing is watched: a bad release goes on until a person stops it."}
      </p>
      <Detection plan={plan.value} place={place} />
      {problem.value !== null && <Problem error={problem.value} />}
      <div class="row plan-actions">
        <button type="submit" class="button button-primary" disabled={busy.value}>
          Save the plan
        </button>
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        {may("engineer") && template.value === null && (
          <button
            type="button"
            class="button button-plain"
            onClick={() => {
              template.value = plan.value.name ?? "";
            }}
          >
            Keep as a template…
          </button>
        )}
      </div>
      {template.value !== null && (
        <div class="inline-form">
          <label class="field">
            <span class="label">Name of the template</span>
            <input
              value={template.value}
              maxLength={100}
              placeholder="Slow canary"
              onInput={(event) => {
                template.value = event.currentTarget.value;
              }}
            />
          </label>
          <button type="button" class="button" onClick={keep}>
            Keep it
          </button>
        </div>
      )}
    </form>
  );
}

/** A stage for chosen people compares nobody with anybody; only shares are watched by the plan's guards. */
const watches = ({ audience }: PlanStage): boolean => "share" in audience;

interface ChoiceProps {
  label: string;
  value: string;
  options: string[];
  disabled: boolean;
  set: (value: string) => void;
}

function Choice({ label, value, options, disabled, set }: ChoiceProps) {
  return (
    <label class="field">
      <span class="label">{label}</span>
      <select value={value} disabled={disabled} onChange={(event) => set(event.currentTarget.value)}>
        {options.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    </label>
  );
}
