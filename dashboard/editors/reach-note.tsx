import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ReachReply } from "../../shared/schema/admin.ts";
import type { FlagState } from "../../shared/schema/flag.ts";
import { answer, api } from "../domain/api.ts";
import { reachSentence, reckonedWords } from "../domain/words/reach-words.ts";
import { editing, type Place } from "./documents.ts";

export interface ReachNoteProps {
  place: Place;
  /** As it is to become; left out: as it is. */
  state?: FlagState | undefined;
  /** As if it were on and not killed. */
  ifOn?: boolean;
}

/** Whom a flag reaches, as the server reckons it for a state, and how. */
export function ReachNote({ place, state, ifOn = false }: ReachNoteProps) {
  const found = useSignal<ReachReply | null>(null);
  const failed = useSignal(false);
  const mark = JSON.stringify(state);
  useEffect(() => {
    let isCurrent = true;
    const route = api.projects[":project"].environments[":environment"].flags[":flag"].reach;
    answer(route.$post({ param: { ...place }, json: { ...(state ? { state } : {}), ifOn } as never }))
      .then((reply) => {
        if (!isCurrent) return;
        found.value = reply as unknown as ReachReply;
        failed.value = false;
      })
      .catch(() => {
        if (isCurrent) failed.value = true;
      });
    return () => {
      isCurrent = false;
    };
  }, [place.project, place.environment, place.flag, mark, ifOn]);
  const reach = state ? found.value?.after : found.value?.before;
  if (failed.value) return <p class="muted">Whom it reaches could not be reckoned.</p>;
  if (found.value && !reach) return <p class="muted">Whom it reaches is too entangled to reckon.</p>;
  if (!reach) return <p class="muted">Reckoning whom it reaches…</p>;
  const names = state ?? editing<FlagState>(place)?.base ?? { rules: [], prerequisites: [] };
  return (
    <div class="reach-note">
      <p>{reachSentence(reach)}</p>
      <details>
        <summary class="muted">How this is reckoned</summary>
        <ul>
          {reckonedWords(reach, names).map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        <p class="hint">
          From its rules in order, splits, layer, holdout and prerequisites; not from counts of requests.
        </p>
      </details>
    </div>
  );
}
