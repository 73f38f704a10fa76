import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { type DeskDraft, fallbackOf } from "./desk-form.tsx";
import type { DoorDraft } from "./door-draft.ts";
import { labelOf, messageOf, thanksOf } from "./door-form.tsx";

/** A page as a visitor has it, small. */
function Window({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="preview" aria-label={title}>
      <h2 class="preview-title">{title}</h2>
      <div class="preview-window">
        <div class="preview-bar" aria-hidden="true">
          <i />
          <i />
          <i />
        </div>
        <div class="preview-page">{children}</div>
      </div>
    </section>
  );
}

const Lines = ({ count }: { count: number }) => (
  <div class="preview-lines" aria-hidden="true">
    {Array.from({ length: count }, (_, index) => (
      <i key={index} />
    ))}
  </div>
);

/** The door as it will be: click it. */
export function DoorPreview({ name, draft }: { name: string; draft: DoorDraft }) {
  const step = useSignal<"door" | "clicked" | "later">("door");
  const steps = [
    ["door", "Door"],
    ["clicked", "Clicked"],
    ["later", "Later"],
  ] as const;
  return (
    <Window title="What a visitor sees">
      <div class="segmented">
        {steps.map(([value, words]) => (
          <label key={value}>
            <input
              type="radio"
              name="preview-step"
              checked={step.value === value}
              onChange={() => {
                step.value = value;
              }}
            />
            <span>{words}</span>
          </label>
        ))}
      </div>
      <Lines count={2} />
      {step.value === "door" ? (
        <button
          type="button"
          class="button button-primary preview-door"
          onClick={() => {
            step.value = "clicked";
          }}
        >
          {labelOf(draft, name)}
        </button>
      ) : (
        <p class="preview-note">{step.value === "clicked" ? messageOf(draft, name) : thanksOf(draft)}</p>
      )}
      <Lines count={3} />
      <p class="hint">{`The other ${Number((100 - draft.share).toFixed(3))} % of visitors see no button at all.`}</p>
    </Window>
  );
}

export function DarkPreview({ name }: { name: string }) {
  return (
    <>
      <Window title="Who is let in sees">
        <Lines count={1} />
        <div class="preview-feature">{name || "Search by photo"}</div>
        <Lines count={3} />
      </Window>
      <Window title="Everybody else sees, and can learn">
        <Lines count={5} />
        <p class="hint">Nothing: a hidden flag is answered exactly as one that does not exist.</p>
      </Window>
    </>
  );
}

export function DeskPreview({ name, draft }: { name: string; draft: DeskDraft }) {
  return (
    <Window title="What a visitor sees">
      <strong>{name || "Tent adviser"}</strong>
      <p class="preview-bubble preview-mine">Which tent for two in October?</p>
      <p class="preview-bubble">The answer that somebody of your team types, within moments.</p>
      <p class="hint">{`Or, after ${draft.minutes} minutes without one:`}</p>
      <p class="preview-bubble">{fallbackOf(draft)}</p>
    </Window>
  );
}
