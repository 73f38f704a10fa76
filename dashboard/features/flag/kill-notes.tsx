import type { KillView } from "../../domain/api.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { Icon } from "../../ui/icon.tsx";

interface KillNotesProps {
  kills: readonly KillView[];
  /** Where an incident's page stands, by the revision of its kill. */
  incidents: (revision: number) => string;
  restore: (() => void) | undefined;
}

/** Kills in force: by whom, when, why, and the only way out. */
export function KillNotes({ kills, incidents, restore }: KillNotesProps) {
  if (kills.length === 0) return null;
  return (
    <div class="kill-notes">
      {kills.map(({ id, variant, serve, by, at, comment, revision }) => (
        <p key={id}>
          <Icon name="stop" />
          <span>
            <strong>{variant ? `The variant ${variant} is killed` : "Killed"}</strong>: everybody gets{" "}
            <b>{serve ?? "no value"}</b>. By {by}, <time title={exactly(at)}>{ago(at)}</time>
            {comment && <>: “{comment}”</>}. <a href={incidents(revision)}>Open the incident</a>
          </span>
        </p>
      ))}
      {restore && (
        <button type="button" class="button button-small" onClick={restore}>
          <Icon name="restore" /> Restore… <kbd>r</kbd>
        </button>
      )}
    </div>
  );
}
