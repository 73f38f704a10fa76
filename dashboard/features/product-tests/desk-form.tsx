import type { Signal } from "@preact/signals";
import type { Condition } from "../../../shared/schema/condition.ts";
import type { WizardOfOzSettings } from "../../../shared/schema/demand-test.ts";
import { ShareSlider } from "../../editors/share-slider.tsx";
import { NumberBox } from "../../ui/number-box.tsx";
import { AudienceChoice } from "./audience-choice.tsx";

export interface DeskDraft {
  audience: Condition;
  share: number;
  minutes: number;
  fallback: string;
  guidance: string;
}

export const newDesk = (): DeskDraft => ({
  audience: { all: [] },
  share: 10,
  minutes: 2,
  fallback: "",
  guidance: "",
});

export const fallbackOf = ({ fallback }: DeskDraft): string =>
  fallback || "Our team is busy right now. Please try again later.";

export function deskSettings(draft: DeskDraft): WizardOfOzSettings {
  return {
    kind: "wizard-of-oz",
    audience: draft.audience,
    share: Math.max(1, Math.round(draft.share * 1_000)),
    deadlineSeconds: Math.min(72 * 3_600, Math.max(5, Math.round(draft.minutes * 60))),
    fallback: fallbackOf(draft),
    guidance: draft.guidance,
  };
}

export function DeskForm({ draft }: { draft: Signal<DeskDraft> }) {
  const desk = draft.value;
  const change = (part: Partial<DeskDraft>) => {
    draft.value = { ...draft.value, ...part };
  };
  return (
    <>
      <section class="card stack" aria-labelledby="desk-who">
        <h2 id="desk-who">Who may ask</h2>
        <AudienceChoice audience={desk.audience} set={(audience) => change({ audience })} />
        <div class="field">
          <span class="label">Share of them</span>
          <ShareSlider share={desk.share} label="Share of visitors" set={(share) => change({ share })} />
          <span class="hint">Begin with fewer than your team can answer.</span>
        </div>
      </section>
      <section class="card stack" aria-labelledby="desk-time">
        <h2 id="desk-time">When nobody answers in time</h2>
        <div class="number-row">
          <span>After</span>
          <NumberBox label="Minutes" value={desk.minutes} set={(minutes) => change({ minutes })} />
          <span>minutes the visitor gets this instead:</span>
        </div>
        <label class="field">
          <span class="label">Answer without a person</span>
          <input
            maxLength={500}
            value={desk.fallback}
            placeholder={fallbackOf(desk)}
            onInput={(event) => change({ fallback: event.currentTarget.value })}
          />
        </label>
        <label class="field">
          <span class="label">Guidance for your team</span>
          <textarea
            rows={2}
            maxLength={4_000}
            value={desk.guidance}
            placeholder="Answer as the product would: short, friendly, no names."
            onInput={(event) => change({ guidance: event.currentTarget.value })}
          />
        </label>
      </section>
    </>
  );
}
