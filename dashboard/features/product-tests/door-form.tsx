import type { Signal } from "@preact/signals";
import type { FakeDoorSettings } from "../../../shared/schema/demand-test.ts";
import { ShareSlider } from "../../editors/share-slider.tsx";
import { Icon } from "../../ui/icon.tsx";
import { NumberBox } from "../../ui/number-box.tsx";
import { AudienceChoice } from "./audience-choice.tsx";
import type { DoorDraft } from "./door-draft.ts";
import { Duration } from "./duration.tsx";

const WEEK_MS = 7 * 86_400_000;
const DEFAULT_PEOPLE = 1_000;

export const labelOf = ({ label }: DoorDraft, name: string): string => label || name || "Gift cards";
export const messageOf = ({ message }: DoorDraft, name: string): string =>
  message || `${name || "This"} is not there yet. Your click helps us decide whether to build it. Thank you!`;
export const thanksOf = ({ thanks }: DoorDraft): string => thanks || "Thank you, we have noted your interest.";

export function doorSettings(draft: DoorDraft, name: string): FakeDoorSettings {
  return {
    kind: "fake-door",
    audience: draft.audience,
    share: Math.max(1, Math.round(draft.share * 1_000)),
    wording: { message: messageOf(draft, name), thanks: thanksOf(draft) },
    bar: draft.bar / 100,
    windowDays: 7,
    targetPeople: Math.round(draft.targetPeople ?? DEFAULT_PEOPLE),
    endsAt: new Date(Date.now() + draft.weeks * WEEK_MS).toISOString(),
    stopWhenDecided: draft.stopWhenDecided,
    networkCap: 30,
  };
}

export function DoorForm({ name, draft }: { name: string; draft: Signal<DoorDraft> }) {
  const door = draft.value;
  const change = (part: Partial<DoorDraft>) => {
    draft.value = { ...draft.value, ...part };
  };
  return (
    <>
      <section class="card stack" aria-labelledby="door-words">
        <h2 id="door-words">What a visitor reads</h2>
        <label class="field">
          <span class="label">On the button</span>
          <input
            value={door.label}
            maxLength={60}
            placeholder={labelOf(door, name)}
            onInput={(event) => change({ label: event.currentTarget.value })}
          />
        </label>
        <label class="field">
          <span class="label">After the click</span>
          <textarea
            rows={2}
            maxLength={300}
            value={door.message}
            placeholder={messageOf(door, name)}
            onInput={(event) => change({ message: event.currentTarget.value })}
          />
        </label>
        <label class="field">
          <span class="label">On later visits, in place of the button</span>
          <input
            maxLength={300}
            value={door.thanks}
            placeholder={thanksOf(door)}
            onInput={(event) => change({ thanks: event.currentTarget.value })}
          />
        </label>
        <p class="note">
          <Icon name="alert" />
          <span>
            Be honest: say at once that it is not there yet. Ask for no payment and no address, and promise no date.
          </span>
        </p>
      </section>
      <section class="card stack" aria-labelledby="door-who">
        <h2 id="door-who">Who sees the door</h2>
        <AudienceChoice audience={door.audience} set={(audience) => change({ audience })} />
        <div class="field">
          <span class="label">Share of them</span>
          <ShareSlider share={door.share} label="Share of visitors" set={(share) => change({ share })} />
          <span class="hint">Nobody is shown two doors at a time: all doors together have 100 %.</span>
        </div>
      </section>
      <section class="card stack" aria-labelledby="door-when">
        <h2 id="door-when">When is it worth building?</h2>
        <div class="number-row">
          <span>If at least</span>
          <NumberBox label="Bar" unit="%" value={door.bar} set={(bar) => change({ bar: clamp(bar, 0.01, 99) })} />
          <span>of those who see the door want it. We hope for</span>
          <NumberBox
            label="Hoped for"
            unit="%"
            value={door.hoped}
            set={(hoped) => change({ hoped: clamp(hoped, 0.01, 99) })}
          />
        </div>
        <Duration door={door} change={change} />
        <label class="check">
          <input
            type="checkbox"
            checked={door.stopWhenDecided}
            onChange={(event) => change({ stopWhenDecided: event.currentTarget.checked })}
          />
          <span>End as soon as the answer is clear. The figures allow looking at any time.</span>
        </label>
      </section>
    </>
  );
}

const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));
