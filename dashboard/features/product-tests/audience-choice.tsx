import type { Condition } from "../../../shared/schema/condition.ts";
import { isForEverybody } from "../../domain/words/condition-words.ts";
import { ConditionBuilder } from "../../editors/condition-builder.tsx";

interface AudienceChoiceProps {
  audience: Condition;
  set: (audience: Condition) => void;
}

/** Everybody, or those of whom something is true. */
export function AudienceChoice({ audience, set }: AudienceChoiceProps) {
  const everybody = isForEverybody(audience);
  return (
    <fieldset class="field">
      <legend class="label">Who may see it?</legend>
      <div class="segmented">
        <label>
          <input type="radio" name="audience" checked={everybody} onChange={() => set({ all: [] })} />
          <span>Everybody</span>
        </label>
        <label>
          <input
            type="radio"
            name="audience"
            checked={!everybody}
            onChange={() => set({ all: [{ attribute: "edge.country", op: "in", values: ["DE"] }] })}
          />
          <span>Some visitors</span>
        </label>
      </div>
      {!everybody && <ConditionBuilder condition={audience} set={set} withoutFlags />}
    </fieldset>
  );
}
