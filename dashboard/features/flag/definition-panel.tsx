import { useSignal, useSignalEffect } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import type { FlagDefinition, Purpose, Visibility } from "../../../shared/schema/flag.ts";
import { mayChange } from "../../domain/session.ts";
import { same } from "../../domain/words/change-words.ts";
import { PURPOSE_WORDS, VISIBILITY_WORDS } from "../../domain/words/flag-words.ts";
import { edit, editing, type Place } from "../../editors/documents.ts";
import { rowsOf, VariantFields, type VariantRow, valuesOf } from "../../editors/variant-fields.tsx";

/** What the flag is, in every environment alike. */
export function DefinitionPanel({ place, locked }: { place: Place; locked: boolean }) {
  const document = editing<FlagDefinition>(place);
  if (!document) return null;
  const { value } = document;
  const set = (change: Partial<FlagDefinition>) => edit<FlagDefinition>(place, (old) => ({ ...old, ...change }));
  return (
    <fieldset class="stack definition" disabled={locked}>
      <legend class="unseen">Definition</legend>
      <label class="field">
        <span class="label">What is it for?</span>
        <textarea
          rows={3}
          maxLength={4000}
          value={value.description}
          onInput={(event) => set({ description: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        <span class="label">Owner</span>
        <input value={value.owner} maxLength={100} onInput={(event) => set({ owner: event.currentTarget.value })} />
      </label>
      <label class="field">
        <span class="label">Meant to be gone by</span>
        <input
          type="date"
          value={value.expiresAt?.slice(0, 10) ?? ""}
          onInput={({ currentTarget: { value: day } }) => set({ expiresAt: day ? `${day}T00:00:00Z` : undefined })}
        />
      </label>
      <TagField tags={value.tags} set={(tags) => set({ tags })} />
      <label class="field">
        <span class="label">Purpose</span>
        <select
          disabled={!mayChange("release")}
          value={value.purpose}
          onChange={(event) => set({ purpose: event.currentTarget.value as Purpose })}
        >
          {Object.entries(PURPOSE_WORDS).map(([purpose, { name }]) => (
            <option key={purpose} value={purpose} selected={purpose === value.purpose}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span class="label">Who may see that it exists?</span>
        <select
          value={value.visibility}
          onChange={(event) => set({ visibility: event.currentTarget.value as Visibility })}
        >
          {Object.entries(VISIBILITY_WORDS).map(([visibility, { name }]) => (
            <option key={visibility} value={visibility} selected={visibility === value.visibility}>
              {name}
            </option>
          ))}
        </select>
        <span class="hint">{VISIBILITY_WORDS[value.visibility].explanation}.</span>
      </label>
      <Variants value={value} set={set} />
    </fieldset>
  );
}

function TagField({ tags, set }: { tags: string[]; set: (tags: string[]) => void }) {
  const text = useSignal(tags.join(", "));
  const parsed = (typed: string) => [...new Set(typed.split(",").map((tag) => tag.trim()))].filter(Boolean);
  useLayoutEffect(() => {
    if (!same(parsed(text.value), tags)) text.value = tags.join(", ");
  }, [tags]);
  return (
    <label class="field">
      <span class="label">Tags</span>
      <input
        value={text.value}
        placeholder="checkout, mobile"
        onInput={(event) => {
          text.value = event.currentTarget.value;
          set(parsed(text.value));
        }}
      />
    </label>
  );
}

/** Rows keep what is half typed; the definition gets them as soon as they are whole. */
function Variants({ value, set }: { value: FlagDefinition; set: (change: Partial<FlagDefinition>) => void }) {
  const rows = useSignal<VariantRow[]>(rowsOf(value.type, value.variants));
  const off = useSignal(value.offVariant ?? "");
  useLayoutEffect(() => {
    const typed = valuesOf(value.type, rows.value);
    if (typed.ok && !same(typed.variants, value.variants)) rows.value = rowsOf(value.type, value.variants);
    if (off.value !== (value.offVariant ?? "")) off.value = value.offVariant ?? "";
  }, [value.variants, value.offVariant]);
  useSignalEffect(() => {
    const typed = valuesOf(value.type, rows.value);
    if (!typed.ok) return;
    const offVariant = off.value === "" ? null : off.value;
    if (!same(typed.variants, value.variants) || offVariant !== value.offVariant)
      set({ variants: typed.variants, offVariant });
  });
  return <VariantFields type={value.type} rows={rows} off={off} />;
}
