import { useEffect, useRef } from "preact/hooks";
import type { FlagDefinition, FlagState, Rule } from "../../../shared/schema/flag.ts";
import { flagOf } from "../../domain/project.ts";
import { shownConditions } from "../../domain/usage.ts";
import { serveWords } from "../../domain/words/condition-words.ts";
import { AttributeList } from "../../editors/attribute-list.tsx";
import { edit, editing, type Place } from "../../editors/documents.ts";
import { Icon } from "../../ui/icon.tsx";
import { NeededBy } from "./needed-by.tsx";
import { Prerequisites } from "./prerequisites.tsx";
import { RuleCard } from "./rule-card.tsx";
import { ServeEditor } from "./serve-editor.tsx";

interface StatePanelProps {
  place: Place;
  definition: FlagDefinition;
  locked: boolean;
}

/** Whom the flag reaches in one environment, in the order in which it is decided. */
export function StatePanel({ place, definition, locked }: StatePanelProps) {
  const fresh = useRef<string | null>(null);
  const document = editing<FlagState>(place);
  const rules = document?.value.rules;
  useEffect(() => {
    shownConditions.value = rules?.map(({ when }) => when) ?? [];
  }, [rules]);
  if (!document || !rules) return <div class="skeleton skeleton-small" aria-busy="true" />;
  const state = document.value;
  const variants = Object.keys(definition.variants);
  const { offVariant } = definition;
  const set = (change: Partial<FlagState>) => edit<FlagState>(place, (value) => ({ ...value, ...change }));
  const setRules = (rules: Rule[]) => set({ rules });
  const newId = (base: string): string => {
    const taken = new Set(rules.map(({ id }) => id));
    for (let n = 1; ; n++) if (!taken.has(`${base}-${n}`)) return `${base}-${n}`;
  };
  const add = () => {
    const id = newId("rule");
    fresh.current = id;
    const variant = variants.find((one) => one !== offVariant) ?? offVariant;
    setRules([...rules, { id, when: { all: [] }, serve: { variant } }]);
  };
  const insert = (index: number, rule: Rule) => setRules([...rules.slice(0, index), rule, ...rules.slice(index)]);
  const move = (index: number, by: number) => {
    const next = [...rules];
    const [rule] = next.splice(index, 1);
    if (rule) next.splice(index + by, 0, rule);
    setRules(next);
  };
  return (
    <section class="stack" aria-label="Rules">
      <Prerequisites
        flag={place.flag}
        prerequisites={state.prerequisites}
        locked={locked}
        set={(prerequisites) => set({ prerequisites })}
      />
      {(state.holdout || state.layer) && (
        <p class="note-plain">
          {state.holdout && (
            <span>
              People in the holdout <strong>{state.holdout}</strong> get {offVariant ?? "no value"}.{" "}
            </span>
          )}
          {state.layer && (
            <span>
              Shares the layer <strong>{state.layer.layer}</strong>: reaches{" "}
              {(state.layer.to - state.layer.from) / 1_000} % of it.
            </span>
          )}
        </p>
      )}
      {rules.length === 0 ? (
        <p class="muted">No rules: everybody gets the same. Add a rule to choose who goes first.</p>
      ) : (
        <ol class="rules">
          {rules.map((rule, index) => (
            <RuleCard
              key={rule.id}
              rule={rule}
              number={index + 1}
              count={rules.length}
              variants={variants}
              offVariant={offVariant}
              locked={locked}
              startOpen={fresh.current === rule.id}
              set={(next) => setRules(rules.map((one, at) => (at === index ? next : one)))}
              move={(by) => move(index, by)}
              duplicate={() => {
                const id = newId(rule.id.slice(0, 90));
                insert(index + 1, { ...rule, id, ...(rule.name ? { name: `${rule.name} (copy)`.slice(0, 100) } : {}) });
              }}
              remove={() => setRules(rules.filter((_, at) => at !== index))}
            />
          ))}
        </ol>
      )}
      {!locked && (
        <button type="button" class="button button-small add-rule" onClick={add}>
          <Icon name="plus" /> Add a rule
        </button>
      )}
      <div class="rule rule-rest">
        <div class="rule-head">
          <span class="rule-number">
            <Icon name="person" />
          </span>
          <div class="rule-words">
            <strong>Everybody else</strong>
            {locked ? (
              <p>
                <b>{serveWords(state.fallthrough)}</b>
              </p>
            ) : (
              <ServeEditor
                serve={state.fallthrough}
                variants={variants}
                offVariant={offVariant}
                label="What everybody else gets"
                set={(fallthrough) => set({ fallthrough })}
              />
            )}
          </div>
        </div>
      </div>
      <label class="row kill-variant">
        <span>While killed, everybody gets</span>
        <select
          disabled={locked}
          value={state.killVariant === undefined ? "*off" : (state.killVariant ?? "*none")}
          onChange={(event) => {
            const { value } = event.currentTarget;
            edit<FlagState>(place, ({ killVariant: _, ...rest }) =>
              value === "*off" ? rest : { ...rest, killVariant: value === "*none" ? null : value },
            );
          }}
        >
          <option value="*off">{`the off variant (${offVariant ?? "no value"})`}</option>
          {variants.map((variant) => (
            <option key={variant} value={variant} selected={state.killVariant === variant}>
              {variant}
            </option>
          ))}
          <option value="*none" selected={state.killVariant === null}>
            no value
          </option>
        </select>
      </label>
      <NeededBy place={place} />
      <AttributeList />
      {flagOf(place.flag) === undefined && <p class="bad">This flag is archived.</p>}
    </section>
  );
}
