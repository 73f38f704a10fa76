import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Rule } from "../../../shared/schema/flag.ts";
import { conditionWords, isForEverybody, serveWords } from "../../domain/words/condition-words.ts";
import { exactly } from "../../domain/words/time-words.ts";
import { ConditionBuilder } from "../../editors/condition-builder.tsx";
import { Icon } from "../../ui/icon.tsx";
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
  move: (by: number) => void;
  duplicate: () => void;
  remove: () => void;
}

/** A rule as a sentence; opened, its parts can be changed. */
export function RuleCard(props: RuleCardProps) {
  const { rule, number, count, variants, offVariant, locked, startOpen, set, move, duplicate, remove } = props;
  const [open, setOpen] = useState(startOpen);
  const name = rule.name ?? rule.id;
  const card = useRef<HTMLLIElement>(null);
  const { handle, isDragged } = useDrag(card, number, count, move);
  const expired = rule.expiresAt !== undefined && Date.parse(rule.expiresAt) <= Date.now();
  return (
    <li
      ref={card}
      class={`rule ${rule.paused || expired ? "is-resting" : ""} ${isDragged ? "is-dragged" : ""}`}
      data-rule={rule.id}
    >
      <div class="rule-head">
        {locked || count < 2 ? (
          <span class="rule-number">{number}</span>
        ) : (
          <button
            type="button"
            class="rule-number rule-handle"
            aria-label={`${name} is rule ${number} of ${count}. Arrow keys move it`}
            title="Drag, or use the arrow keys, to change the order"
            {...handle}
          >
            {number}
          </button>
        )}
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

/** A rule follows the pointer, or the arrow keys, past its neighbours; what was focused stays so. */
function useDrag(card: { current: HTMLLIElement | null }, number: number, count: number, move: (by: number) => void) {
  const [isDragged, setDragged] = useState(false);
  const latest = useRef(move);
  latest.current = move;
  const focused = useRef<Element | null>(null);
  useLayoutEffect(() => {
    // Moving an element in the page takes the focus from it.
    if (focused.current instanceof HTMLElement && document.activeElement !== focused.current) focused.current.focus();
    focused.current = null;
  }, [number]);
  const go = (by: number) => {
    focused.current = card.current?.contains(document.activeElement) ? document.activeElement : null;
    latest.current(by);
  };
  const follow = ({ clientY }: PointerEvent) => {
    const middleOf = (element: Element | null | undefined) => {
      const box = element?.getBoundingClientRect();
      return box && box.top + box.height / 2;
    };
    const above = middleOf(card.current?.previousElementSibling);
    const below = middleOf(card.current?.nextElementSibling);
    if (above !== undefined && clientY < above) go(-1);
    else if (below !== undefined && clientY > below) go(1);
  };
  const handle = {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      setDragged(true);
      // Of the window: an element that is moved in the page loses a pointer it has captured.
      addEventListener("pointermove", follow);
      const end = () => {
        setDragged(false);
        removeEventListener("pointermove", follow);
        removeEventListener("pointerup", end);
        removeEventListener("pointercancel", end);
      };
      addEventListener("pointerup", end);
      addEventListener("pointercancel", end);
    },
    onKeyDown: (event: KeyboardEvent) => {
      const by = event.key === "ArrowUp" ? -1 : event.key === "ArrowDown" ? 1 : 0;
      if (by === 0 || number + by < 1 || number + by > count) return;
      event.preventDefault();
      go(by);
    },
  };
  return { handle, isDragged };
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
