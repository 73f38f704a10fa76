import { OPERATOR_SCHEMAS, OPERATOR_WORDS, OPERATORS } from "../../shared/evaluation/operators/operators.ts";
import type { AttributeTest, Condition, Operator } from "../../shared/schema/condition.ts";
import { flagOf, flags } from "../domain/project.ts";
import { segmentKeys } from "../domain/segment-store.ts";
import { knownAttributes } from "../domain/usage.ts";
import { conditionWords } from "../domain/words/condition-words.ts";
import { ATTRIBUTE_LIST } from "./attribute-list.tsx";
import { ValueChips } from "./value-chips.tsx";

type Single = Exclude<Condition, { all: unknown } | { any: unknown } | { not: unknown }>;

interface ConditionRowProps {
  condition: Condition;
  set: (condition: Condition) => void;
}

export function ConditionRow({ condition, set }: ConditionRowProps) {
  const single = condition as Single;
  if ("segment" in single) return <SegmentRow segment={single.segment} set={set} />;
  if ("flag" in single) return <FlagTestRow flag={single.flag} variants={single.variants} set={set} />;
  // What an import brought: to be read, and kept or removed as it stands.
  if ("unless" in single || "bucket" in single || "now" in single || "some" in single || single.as !== undefined)
    return <p class="condition">{conditionWords(single)}</p>;
  return <AttributeRow test={single} set={set} />;
}

/** Read from a header that the sender writes. */
const FORGEABLE = new Set(["edge.device", "edge.bot"]);

function AttributeRow({ test, set }: { test: AttributeTest; set: (test: AttributeTest) => void }) {
  const choose = (chosen: string) => {
    const [op, negated] = chosen.split(" ") as [Operator, string?];
    const { negate: _, ignoreCase, values, ...rest } = test;
    set({
      ...rest,
      op,
      ...(OPERATOR_SCHEMAS[op].takes === "nothing" ? {} : { values: values ?? [] }),
      ...(ignoreCase && OPERATOR_SCHEMAS[op].cased ? { ignoreCase } : {}),
      ...(negated ? { negate: true } : {}),
    });
  };
  return (
    <div class="condition">
      <input
        class="condition-attribute"
        list={ATTRIBUTE_LIST}
        aria-label="Attribute"
        placeholder="attribute, such as country"
        value={test.attribute}
        onInput={(event) => set({ ...test, attribute: event.currentTarget.value })}
      />
      <select
        aria-label="Comparison"
        value={`${test.op}${test.negate ? " not" : ""}`}
        onChange={(event) => choose(event.currentTarget.value)}
      >
        {OPERATORS.flatMap((op) =>
          [op, `${op} not`].map((value, index) => (
            <option key={value} value={value} selected={test.op === op && (test.negate ? 1 : 0) === index}>
              {OPERATOR_WORDS[op][index as 0 | 1]}
            </option>
          )),
        )}
      </select>
      {OPERATOR_SCHEMAS[test.op].takes !== "nothing" && (
        <ValueChips
          op={test.op}
          values={test.values ?? []}
          suggestions={knownAttributes.value.get(test.attribute)}
          label="Value"
          set={(values) => set({ ...test, values })}
        />
      )}
      {OPERATOR_SCHEMAS[test.op].cased && (
        <label class="check muted">
          <input
            type="checkbox"
            checked={test.ignoreCase ?? false}
            onChange={(event) => {
              const { ignoreCase: _, ...rest } = test;
              set(event.currentTarget.checked ? { ...rest, ignoreCase: true } : rest);
            }}
          />
          in any case
        </label>
      )}
      {FORGEABLE.has(test.attribute) && (
        <span class="hint">Anyone can fake this: the browser says it in its User-Agent header.</span>
      )}
    </div>
  );
}

function SegmentRow({ segment, set }: { segment: string; set: (condition: Condition) => void }) {
  return (
    <label class="condition">
      <span>is in the segment</span>
      <select aria-label="Segment" value={segment} onChange={(event) => set({ segment: event.currentTarget.value })}>
        {segmentKeys.value.map((key) => (
          <option key={key} value={key} selected={key === segment}>
            {key}
          </option>
        ))}
      </select>
    </label>
  );
}

function FlagTestRow({
  flag,
  variants,
  set,
}: {
  flag: string;
  variants: string[];
  set: (condition: Condition) => void;
}) {
  const offered = Object.keys(flagOf(flag)?.variants ?? {});
  return (
    <div class="condition">
      <select
        aria-label="Other flag"
        value={flag}
        onChange={(event) => {
          const key = event.currentTarget.value;
          set({ flag: key, variants: Object.keys(flagOf(key)?.variants ?? {}).slice(0, 1) });
        }}
      >
        {flags.value?.map(({ key }) => (
          <option key={key} value={key} selected={key === flag}>
            {key}
          </option>
        ))}
      </select>
      <span>serves</span>
      <span class="row">
        {offered.map((variant) => (
          <label key={variant} class="check">
            <input
              type="checkbox"
              checked={variants.includes(variant)}
              onChange={(event) => {
                const next = event.currentTarget.checked
                  ? [...variants, variant]
                  : variants.filter((one) => one !== variant);
                if (next.length > 0) set({ flag, variants: next });
              }}
            />
            {variant}
          </label>
        ))}
      </span>
    </div>
  );
}
