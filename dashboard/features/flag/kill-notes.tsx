import type { KillView } from "../../domain/api.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { Icon } from "../../ui/icon.tsx";

/** Kills in force: by whom, when, why, and the only way out. */
export function KillNotes({ kills, restore }: { kills: readonly KillView[]; restore: (() => void) | undefined }) {
  if (kills.length === 0) return null;
  return (
    <div class="kill-notes">
      {kills.map(({ id, variant, serve, by, at, comment }) => (
        <p key={id}>
          <Icon name="stop" />
          <span>
            <strong>{variant ? `The variant ${variant} is killed` : "Killed"}</strong>: everybody gets{" "}
            <b>{serve ?? "no value"}</b>. By {by}, <time title={exactly(at)}>{ago(at)}</time>
            {comment && <>: “{comment}”</>}
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
