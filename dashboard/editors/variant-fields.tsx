import type { Signal } from "@preact/signals";
import type { FlagDefinition } from "../../shared/schema/flag.ts";
import type { Json } from "../../shared/schema/primitives.ts";
import { keyProblem } from "../domain/words/key-words.ts";
import { Icon } from "../ui/icon.tsx";

type FlagType = FlagDefinition["type"];

/** A variant as it is typed: its value stays text until it is whole. */
export interface VariantRow {
  name: string;
  text: string;
}

export const rowsOf = (type: FlagType, variants: Record<string, Json>): VariantRow[] =>
  Object.entries(variants).map(([name, value]) => ({ name, text: textOf(type, value) }));

export const textOf = (type: FlagType, value: Json): string =>
  type === "string" ? String(value) : type === "json" ? JSON.stringify(value, null, 2) : String(value);

/** The typed value, or what is wrong with it. */
function parseValue(type: FlagType, text: string): { value: Json } | { problem: string } {
  switch (type) {
    case "string":
      return { value: text };
    case "boolean":
      return text === "true" || text === "false" ? { value: text === "true" } : { problem: "true or false" };
    case "number": {
      const value = Number(text.trim().replace(",", "."));
      return text.trim() !== "" && Number.isFinite(value) ? { value } : { problem: "A number, such as 4.9" };
    }
    case "json":
      return parseJson(text);
  }
}

function parseJson(text: string): { value: Json } | { problem: string } {
  try {
    const value: Json = JSON.parse(text);
    if (typeof value === "object" && value !== null) return { value };
    return { problem: "An object { } or a list [ ]" };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "Not JSON" };
  }
}

export function valuesOf(
  type: FlagType,
  rows: readonly VariantRow[],
): { ok: true; variants: Record<string, Json> } | { ok: false } {
  const variants: Record<string, Json> = {};
  for (const { name, text } of rows) {
    const parsed = parseValue(type, text);
    if (keyProblem(name) || Object.hasOwn(variants, name) || "problem" in parsed) return { ok: false };
    variants[name] = parsed.value;
  }
  return rows.length > 0 ? { ok: true, variants } : { ok: false };
}

interface VariantFieldsProps {
  type: FlagType;
  rows: Signal<VariantRow[]>;
  /** The variant that is served while the flag is off. */
  off: Signal<string>;
}

export function VariantFields({ type, rows, off }: VariantFieldsProps) {
  const set = (index: number, change: Partial<VariantRow>) => {
    const old = rows.value[index];
    if (change.name !== undefined && old?.name === off.value) off.value = change.name;
    rows.value = rows.value.map((row, at) => (at === index ? { ...row, ...change } : row));
  };
  return (
    <fieldset class="field">
      <legend class="label">Variants</legend>
      <div class="variants">
        {rows.value.map((row, index) => {
          const parsed = parseValue(type, row.text);
          const names = rows.value.filter(({ name }) => name === row.name).length;
          const wrong = names > 1 ? "Twice the same name" : keyProblem(row.name);
          const number = index + 1;
          return (
            <div class="variant" key={`row-${number}`}>
              <input
                class="variant-name"
                aria-label={`Name of variant ${number}`}
                aria-invalid={wrong !== null}
                value={row.name}
                onInput={(event) => set(index, { name: event.currentTarget.value })}
              />
              <ValueField type={type} row={row} number={number} set={(text) => set(index, { text })} />
              <label class="variant-off">
                <input
                  type="radio"
                  name="off-variant"
                  checked={off.value === row.name}
                  onChange={() => {
                    off.value = row.name;
                  }}
                />
                when off
              </label>
              <button
                type="button"
                class="icon-button"
                aria-label={`Remove variant ${row.name}`}
                disabled={rows.value.length < 2 || off.value === row.name}
                onClick={() => {
                  rows.value = rows.value.filter((_, at) => at !== index);
                }}
              >
                <Icon name="trash" />
              </button>
              {(wrong || "problem" in parsed) && (
                <p class="bad variant-wrong">{wrong ?? ("problem" in parsed ? parsed.problem : "")}</p>
              )}
            </div>
          );
        })}
      </div>
      <button
        type="button"
        class="button button-small"
        onClick={() => {
          const text = type === "json" ? "{}" : type === "number" ? "0" : type === "boolean" ? "true" : "";
          rows.value = [...rows.value, { name: `variant-${rows.value.length + 1}`, text }];
        }}
      >
        <Icon name="plus" /> Another variant
      </button>
    </fieldset>
  );
}

interface ValueFieldProps {
  type: FlagType;
  row: VariantRow;
  number: number;
  set: (text: string) => void;
}

function ValueField({ type, row, number, set }: ValueFieldProps) {
  const label = `Value of variant ${number}`;
  if (type === "json")
    return (
      <textarea
        class="mono"
        rows={Math.min(10, row.text.split("\n").length + 1)}
        aria-label={label}
        spellcheck={false}
        value={row.text}
        onInput={(event) => set(event.currentTarget.value)}
      />
    );
  if (type === "boolean")
    return (
      <select aria-label={label} value={row.text} onChange={(event) => set(event.currentTarget.value)}>
        <option value="true">true (on)</option>
        <option value="false">false (off)</option>
      </select>
    );
  return (
    <input
      aria-label={label}
      inputMode={type === "number" ? "decimal" : "text"}
      value={row.text}
      placeholder={type === "string" ? "Text" : ""}
      onInput={(event) => set(event.currentTarget.value)}
    />
  );
}
