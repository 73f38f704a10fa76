import { useId, useState } from "preact/hooks";
import { OPERATOR_SCHEMAS } from "../../shared/evaluation/operators/operators.ts";
import type { ConditionValue, Operator } from "../../shared/schema/condition.ts";
import { Icon } from "../ui/icon.tsx";

/** What somebody typed, as the operator wants it: a number, true or false where those make sense; quotes keep text. */
function parseTyped(op: Operator, typed: string): ConditionValue | null {
  const text = typed.trim();
  if (text === "") return null;
  const { takes } = OPERATOR_SCHEMAS[op];
  if (takes === "number") {
    const number = Number(text.replace(",", "."));
    return Number.isFinite(number) ? number : null;
  }
  if (takes !== "anything") return text;
  const quoted = /^"(.*)"$/.exec(text);
  if (quoted) return quoted[1] ?? "";
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  return Number.isFinite(number) ? number : text;
}

interface ValueChipsProps {
  op: Operator;
  values: readonly ConditionValue[];
  /** Values of this attribute that were seen. */
  suggestions?: ReadonlySet<string> | undefined;
  label: string;
  set: (values: ConditionValue[]) => void;
}

/** Several values in one field: Enter or leaving it adds what was typed, Backspace takes the last one out again. */
export function ValueChips({ op, values, suggestions, label, set }: ValueChipsProps) {
  const list = useId();
  const { takes } = OPERATOR_SCHEMAS[op];
  const offered = [...(suggestions ?? [])].filter((value) => !values.some((one) => String(one) === value));
  const [typed, setTyped] = useState("");
  const add = () => {
    const value = parseTyped(op, typed);
    if (value === null) return;
    if (!values.includes(value)) set([...values, value]);
    setTyped("");
  };
  return (
    <span class="chips">
      {values.map((value, index) => (
        <span key={`${typeof value} ${value}`} class="value-chip">
          {typeof value === "string" &&
          takes === "anything" &&
          String(parseTyped(op, value)) === value &&
          typeof parseTyped(op, value) !== "string"
            ? `"${value}"`
            : String(value)}
          <button
            type="button"
            aria-label={`Remove ${value}`}
            onClick={() => set(values.filter((_, at) => at !== index))}
          >
            <Icon name="close" size={10} />
          </button>
        </span>
      ))}
      <input
        aria-label={label}
        list={offered.length > 0 ? list : undefined}
        value={typed}
        placeholder={values.length > 0 ? "or…" : takes === "instant" ? "2027-01-31T12:00:00Z" : "value"}
        onInput={(event) => setTyped(event.currentTarget.value)}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            event.preventDefault();
            add();
          }
          if (event.key === "Backspace" && typed === "" && values.length > 0) set(values.slice(0, -1));
        }}
      />
      {offered.length > 0 && (
        <datalist id={list}>
          {offered.slice(0, 50).map((value) => (
            <option key={value} value={value} />
          ))}
        </datalist>
      )}
    </span>
  );
}
