import { useState } from "preact/hooks";
import type { AuditRow } from "../../../shared/schema/admin.ts";
import { flagOf, project } from "../../domain/project.ts";
import { may } from "../../domain/session.ts";
import { actionWords, actorWords, subjectOf } from "../../domain/words/audit-words.ts";
import { allChanges } from "../../domain/words/change-words.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { ChangeList } from "../../editors/change-list.tsx";
import { Icon } from "../../ui/icon.tsx";
import type { Reverting } from "./revert-dialog.tsx";

export type AuditEntry = AuditRow;

interface HistoryRowProps {
  row: AuditEntry;
  /** The flag that the list is about, if it is about one. */
  flag: string;
  revert: (what: Reverting) => void;
}

/** One revision as a sentence; opened, what was different before. */
export function HistoryRow({ row, flag, revert }: HistoryRowProps) {
  const [open, setOpen] = useState(false);
  const subject = subjectOf(row);
  const environment = project.value?.environments.find(({ key }) => key === subject?.environment);
  const isFlag = subject && ["flag", "state", "kill", "plan"].includes(subject.entity);
  const verb = actionWords(row);
  const tone =
    verb === "killed" ? "tone-killed" : verb === "restored" || verb === "switched on" ? "tone-on" : "tone-off";
  return (
    <li class={`history-row ${tone}`}>
      <div class="history-sentence">
        <span>
          <strong>{actorWords(row.actor)}</strong> {verb}{" "}
          {subject && (
            <strong>
              {isFlag ? (
                <a
                  href={`/p/${project.value?.key}/flags/${encodeURIComponent(subject.key)}${environment ? `?env=${environment.key}` : ""}`}
                >
                  {subject.key}
                </a>
              ) : (
                subject.key
              )}
            </strong>
          )}
          {subject && subject.more > 0 && ` and ${subject.more} more`}
          {environment && ` in ${environment.name}`}
        </span>
        <time class="muted" dateTime={row.at} title={exactly(row.at)}>
          {ago(row.at)}
        </time>
      </div>
      {row.comment && <p class="history-comment">“{row.comment}”</p>}
      <div class="row">
        <button
          type="button"
          class="button button-small button-plain"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
        >
          <Icon name="chevron" size={14} /> {open ? "Hide" : "What changed"}
        </button>
        {subject && TAKES_BACK.has(row.action) && row.actor.id !== DRILL && (
          <a
            class="button button-small button-plain"
            href={`/p/${project.value?.key}/incidents/${row.revision}?env=${subject.environment}&flag=${encodeURIComponent(subject.key)}`}
          >
            <Icon name="alert" size={14} /> Open the incident
          </a>
        )}
        {canUndo(row) && may("marketer") && (
          <button
            type="button"
            class="button button-small button-plain"
            onClick={() => revert({ what: "change", revision: row.revision })}
          >
            <Icon name="restore" size={14} /> Undo this change…
          </button>
        )}
        {flag !== "" && flagOf(flag) && may("marketer") && row.revision > 1 && (
          <button
            type="button"
            class="button button-small button-plain"
            onClick={() => revert({ what: "flag", flag, revision: row.revision - 1 })}
          >
            {`Revert ${flag} to before this…`}
          </button>
        )}
        {flag === "" && may("engineer") && row.revision > 1 && (
          <button
            type="button"
            class="button button-small button-plain"
            onClick={() => revert({ what: "project", revision: row.revision - 1 })}
          >
            Revert the project to before this…
          </button>
        )}
        <span class="muted history-revision">{`revision ${row.revision}`}</span>
      </div>
      {open && <ChangeList changes={allChanges(row.changes)} />}
    </li>
  );
}

/** Who drills: what it does to its own flag is no incident. */
const DRILL = "drill";
/** Actions that open an incident. */
const TAKES_BACK: ReadonlySet<string> = new Set(["kill", "stepBackPlan", "rollbackPlan"]);
/** As REVERTIBLE of the store has it: kills, keys and plans are not put back. */
const UNDOABLE: ReadonlySet<string> = new Set(["flag", "state", "segment", "layer", "holdout"]);
const canUndo = ({ changes }: AuditEntry): boolean => changes.some(({ entity }) => UNDOABLE.has(entity));
