import { useSignal } from "@preact/signals";
import { SPLIT_TOTAL } from "../../../shared/limits.ts";
import type { PlanStage } from "../../../shared/schema/plan.ts";
import { segmentKeys } from "../../domain/segment-store.ts";
import { Icon } from "../../ui/icon.tsx";
import { NumberBox } from "../../ui/number-box.tsx";

interface StageEditorProps {
  number: number;
  stage: PlanStage;
  /** People are in it already. */
  locked: boolean;
  set: (stage: PlanStage) => void;
  remove: (() => void) | undefined;
}

const LENGTHS = [
  ["minutes", 60],
  ["hours", 3_600],
  ["days", 86_400],
] as const;

/** One stage as a sentence with places to fill in. */
export function StageEditor({ number, stage, locked, set, remove }: StageEditorProps) {
  const { audience, minimumSeconds, minimumUnits, advance } = stage;
  /** Chosen, or the one in which a time was typed: "24 hours" must not become "1 day" on the way to "240 hours". */
  const chosenUnit = useSignal<string | null>(null);
  const [unit, length] =
    LENGTHS.find(([name]) => name === chosenUnit.value) ??
    LENGTHS.findLast(([, seconds]) => minimumSeconds > 0 && minimumSeconds % seconds === 0) ??
    LENGTHS[0];
  const isShare = "share" in audience;
  return (
    <li class="stage">
      <span class="plan-dot">{number}</span>
      <div class="stage-sentence">
        <select
          aria-label={`Who, in stage ${number}`}
          value={isShare ? "" : audience.segment}
          disabled={locked}
          onChange={(event) => {
            const segment = event.currentTarget.value;
            set({ ...stage, audience: segment === "" ? { share: SPLIT_TOTAL / 100 } : { segment }, name: undefined });
          }}
        >
          <option value="">A share of everybody</option>
          {segmentKeys.value.map((key) => (
            <option key={key} value={key}>
              {`The segment ${key}`}
            </option>
          ))}
        </select>
        {isShare && (
          <NumberBox
            label={`Share of stage ${number}, in per cent`}
            value={(audience.share * 100) / SPLIT_TOTAL}
            unit="%"
            disabled={locked}
            set={(share) =>
              set({ ...stage, audience: { share: Math.round((share * SPLIT_TOTAL) / 100) }, name: undefined })
            }
          />
        )}
        <span>for at least</span>
        <NumberBox
          label={`Least time of stage ${number}`}
          value={minimumSeconds / length}
          set={(n) => {
            chosenUnit.value = unit;
            set({ ...stage, minimumSeconds: Math.round(n * length) });
          }}
        />
        <select
          aria-label={`Unit of the least time of stage ${number}`}
          value={unit}
          onChange={(event) => {
            const chosen = LENGTHS.find(([name]) => name === event.currentTarget.value) ?? LENGTHS[0];
            chosenUnit.value = chosen[0];
            set({ ...stage, minimumSeconds: Math.round(minimumSeconds / length) * chosen[1] });
          }}
        >
          {LENGTHS.map(([name]) => (
            <option key={name}>{name}</option>
          ))}
        </select>
        <span>and</span>
        <NumberBox
          label={`Least number of units of stage ${number}`}
          value={minimumUnits}
          unit="people"
          set={(n) => set({ ...stage, minimumUnits: Math.round(n) })}
        />
        <select
          aria-label={`What follows stage ${number}`}
          value={advance}
          onChange={(event) => set({ ...stage, advance: event.currentTarget.value as PlanStage["advance"] })}
        >
          <option value="automatic">then advance automatically</option>
          <option value="by-hand">then wait for a person</option>
        </select>
      </div>
      {remove && (
        <button type="button" class="icon-button" aria-label={`Remove stage ${number}`} onClick={remove}>
          <Icon name="trash" />
        </button>
      )}
    </li>
  );
}
