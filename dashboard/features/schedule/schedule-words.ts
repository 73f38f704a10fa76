import type { ScheduleView } from "../../../shared/schema/schedule.ts";
import { type Change, changesOf } from "../../domain/words/change-words.ts";
import { exactly, exactlyIn } from "../../domain/words/time-words.ts";

type Patch = ScheduleView["patch"];

/** When it happens, by the clocks that it was made by: a toast, a row and a title say the same. */
export function whenWords({ at, local, timeZone }: Pick<ScheduleView, "at" | "local" | "timeZone">): string {
  if (!local || !timeZone) return exactly(at);
  return `${exactlyIn(at, timeZone)} ${timeZone}`;
}

/** What a schedule does, as the beginning of a sentence. */
export function patchWords(patch: Patch): string {
  const fields = Object.keys(patch);
  if (fields.length === 1 && "enabled" in patch) return patch.enabled ? "Switches on" : "Switches off";
  const also =
    "enabled" in patch ? (patch.enabled ? "Switches on, with other rules" : "Switches off, with other rules") : null;
  return also ?? "Changes who gets what";
}

/** What the state says of each field afterwards. */
export function patchChanges(patch: Patch): Change[] {
  const empty = { rules: [] };
  return changesOf("state", empty, { ...empty, ...patch }).map(({ what, after }) => ({ what, after }));
}
