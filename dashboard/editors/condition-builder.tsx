import type { Condition } from "../../shared/schema/condition.ts";
import { flags } from "../domain/project.ts";
import { segmentKeys } from "../domain/segment-store.ts";
import { Icon } from "../ui/icon.tsx";
import { ConditionRow } from "./condition-row.tsx";

type Mode = "all" | "any" | "none" | "notAll";
const MODE_WORDS: Record<Mode, string> = {
  all: "all of these are true",
  any: "at least one is true",
  none: "none of these is true",
  notAll: "not all of these are true",
};

/** A condition as a group: what is not one yet becomes a group of one. */
function asGroup(condition: Condition): { mode: Mode; parts: Condition[] } {
  if ("all" in condition) return { mode: "all", parts: condition.all };
  if ("any" in condition) return { mode: "any", parts: condition.any };
  if ("not" in condition && "any" in condition.not) return { mode: "none", parts: condition.not.any };
  if ("not" in condition && "all" in condition.not) return { mode: "notAll", parts: condition.not.all };
  if ("not" in condition) return { mode: "none", parts: [condition.not] };
  return { mode: "all", parts: [condition] };
}

function fromGroup(mode: Mode, parts: Condition[]): Condition {
  switch (mode) {
    case "all":
      return { all: parts };
    case "any":
      return { any: parts };
    case "none":
      return { not: { any: parts } };
    case "notAll":
      return { not: { all: parts } };
  }
}

const isGroup = (condition: Condition): boolean => "all" in condition || "any" in condition || "not" in condition;

interface ConditionBuilderProps {
  condition: Condition;
  set: (condition: Condition) => void;
  depth?: number;
  /** Segments cannot depend on flags. */
  withoutFlags?: boolean;
  /** What no condition at all means. */
  emptyWords?: string;
}

export function ConditionBuilder(props: ConditionBuilderProps) {
  const {
    condition,
    set,
    depth = 0,
    withoutFlags = false,
    emptyWords = "No condition: it holds for everybody.",
  } = props;
  const { mode, parts } = asGroup(condition);
  const change = (next: Condition[]) => set(fromGroup(mode, next));
  const replace = (index: number, part: Condition) => change(parts.map((one, at) => (at === index ? part : one)));
  const remove = (index: number) => change(parts.filter((_, at) => at !== index));
  const firstFlag = flags.value?.[0];
  return (
    <fieldset class={`group ${depth > 0 ? "group-nested" : ""}`}>
      <legend class="unseen">Condition</legend>
      {(parts.length > 1 || mode !== "all" || depth > 0) && (
        <select
          class="group-mode"
          aria-label="How the conditions combine"
          value={mode}
          onChange={(event) => set(fromGroup(event.currentTarget.value as Mode, parts))}
        >
          {Object.entries(MODE_WORDS).map(([value, words]) => (
            <option key={value} value={value} selected={value === mode}>
              {words}
            </option>
          ))}
        </select>
      )}
      {parts.length === 0 && depth === 0 && emptyWords && <p class="muted">{emptyWords}</p>}
      {parts.map((part, index) => (
        <div class="group-part" key={index}>
          {isGroup(part) ? (
            <ConditionBuilder
              condition={part}
              depth={depth + 1}
              withoutFlags={withoutFlags}
              set={(next) => replace(index, next)}
            />
          ) : (
            <ConditionRow condition={part} set={(next) => replace(index, next)} />
          )}
          <button type="button" class="icon-button" aria-label="Remove this condition" onClick={() => remove(index)}>
            <Icon name="trash" />
          </button>
        </div>
      ))}
      <div class="row">
        <Add words="Condition" onClick={() => change([...parts, { attribute: "", op: "equals", values: [] }])} />
        {segmentKeys.value.length > 0 && (
          <Add words="Segment" onClick={() => change([...parts, { segment: segmentKeys.value[0] ?? "" }])} />
        )}
        {!withoutFlags && firstFlag && (mode === "all" || mode === "any") && (
          <Add
            words="Other flag"
            onClick={() =>
              change([...parts, { flag: firstFlag.key, variants: Object.keys(firstFlag.variants).slice(0, 1) }])
            }
          />
        )}
        {depth < 4 && <Add words="Group" onClick={() => change([...parts, { any: [] }])} />}
      </div>
    </fieldset>
  );
}

function Add({ words, onClick }: { words: string; onClick: () => void }) {
  return (
    <button type="button" class="button button-small button-plain" onClick={onClick}>
      <Icon name="plus" size={14} /> {words}
    </button>
  );
}
