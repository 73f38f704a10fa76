import { useState } from "preact/hooks";
import type { Rule } from "../../shared/schema/flag.ts";
import { Icon } from "../frame/icon.tsx";
import { conditionWords, isForEverybody, serveWords } from "../words/condition-words.ts";
import { exactly } from "../words/time-words.ts";
import { ConditionBuilder } from "./condition-builder.tsx";
import { ServeEditor } from "./serve-editor.tsx";

interface RuleCardProps {
  rule: Rule;
  number: number;
  count: number;
  variants: readonly string[];
  offVariant: string | null;
  locked: boolean;
  startOpen: boolean;
  set: (rule: Rule) => void;
  move: (by: -1 | 1) => void;
  duplicate: () => void;
  remove: () => void;
}

/** A rule as a sentence; opened, its parts can be changed. */
export function RuleCard(props: RuleCardProps) {
  const { rule, number, count, variants, offVariant, locked, startOpen, set, move, duplicate, remove } = props;
  const [open, setOpen] = useState(startOpen);
  const name = rule.name ?? rule.id;
  const expired = rule.expiresAt !== undefined && Date.parse(rule.expiresAt) <= Date.now();
  return (
    <li class={`rule ${rule.paused || expired ? "is-resting" : ""}`} data-rule={rule.id}>
      <div class="rule-head">
        <span class="rule-number">{number}</span>
        <div class="rule-words">
          <strong>{name}</strong>
          <p>
            {isForEverybody(rule.when) ? (
              <span class="rule-if">Everybody gets</span>
            ) : (
              <>
                <span class="rule-if">If</span> {conditionWords(rule.when)} <span class="rule-if">then</span>
              </>
            )}{" "}
            <b>{serveWords(rule.serve)}</b>
          </p>
          {(rule.paused || rule.expiresAt) && (
            <p class="muted">
              {rule.paused ? "Paused. " : ""}
              {rule.expiresAt ? `${expired ? "Ended" : "Ends"} ${exactly(rule.expiresAt)}.` : ""}
            </p>
          )}
        </div>
        {!locked && (
          <div class="rule-actions">
            <Act icon="arrowUp" name={`Move ${name} up`} disabled={number === 1} run={() => move(-1)} />
            <Act icon="arrowDown" name={`Move ${name} down`} disabled={number === count} run={() => move(1)} />
            <Act
              icon={rule.paused ? "play" : "pause"}
              name={`${rule.paused ? "Resume" : "Pause"} ${name}`}
              run={() => {
                const { paused, ...rest } = rule;
                set(paused ? rest : { ...rest, paused: true });
              }}
            />
            <Act icon="copy" name={`Duplicate ${name}`} run={duplicate} />
            <Act icon="trash" name={`Remove ${name}`} run={remove} />
            <button type="button" class="button button-small" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open ? "Done" : "Edit"}
            </button>
          </div>
        )}
      </div>
      {open && !locked && (
        <div class="rule-body">
          <label class="field">
            <span class="label">Name</span>
            <input
              value={rule.name ?? ""}
              placeholder={rule.id}
              maxLength={100}
              onInput={(event) => {
                const { name: _, ...rest } = rule;
                const typed = event.currentTarget.value;
                set(typed.trim() ? { ...rest, name: typed } : rest);
              }}
            />
          </label>
          <div class="field">
            <span class="label">If</span>
            <ConditionBuilder condition={rule.when} set={(when) => set({ ...rule, when })} />
          </div>
          <div class="field">
            <span class="label">Then serve</span>
            <ServeEditor
              serve={rule.serve}
              variants={variants}
              offVariant={offVariant}
              label={`What ${name} serves`}
              set={(serve) => set({ ...rule, serve })}
            />
          </div>
          <label class="field">
            <span class="label">Ends (optional)</span>
            <input
              type="datetime-local"
              class="date"
              value={rule.expiresAt ? localOf(rule.expiresAt) : ""}
              onChange={(event) => {
                const { expiresAt: _, ...rest } = rule;
                const { value } = event.currentTarget;
                set(value ? { ...rest, expiresAt: new Date(value).toISOString() } : rest);
              }}
            />
          </label>
        </div>
      )}
    </li>
  );
}

function localOf(instant: string): string {
  const date = new Date(instant);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

interface ActProps {
  icon: "arrowUp" | "arrowDown" | "pause" | "play" | "copy" | "trash";
  name: string;
  disabled?: boolean;
  run: () => void;
}

function Act({ icon, name, disabled, run }: ActProps) {
  return (
    <button type="button" class="icon-button" aria-label={name} title={name} disabled={disabled} onClick={run}>
      <Icon name={icon} />
    </button>
  );
}
