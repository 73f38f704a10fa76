import { useSignal } from "@preact/signals";
import type { FlagState } from "../../../shared/schema/flag.ts";
import type { ScheduleView } from "../../../shared/schema/schedule.ts";
import { answer, api, type Environment, type FlagView } from "../../domain/api.ts";
import { changesOf, same } from "../../domain/words/change-words.ts";
import { ChangeList } from "../../editors/change-list.tsx";
import { discard, editing, isEdited, type Place } from "../../editors/documents.ts";
import { sendOrAsk } from "../../editors/exposure.ts";
import { CommentField } from "../../ui/comment-field.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { DialogActions } from "../../ui/dialog-actions.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { tell } from "../../ui/toasts.tsx";
import { whenWords } from "./schedule-words.ts";

interface ScheduleDialogProps {
  project: string;
  environment: Environment;
  flag: FlagView;
  close: (made: boolean) => void;
}
type What = "on" | "off" | "edits";

const HERE = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const ZONES = [...new Set([HERE, "UTC", ...Intl.supportedValuesOf("timeZone")])];

/** Tomorrow at nine, as clocks here show it. */
function tomorrow(): string {
  const date = new Date(Date.now() + 86_400_000);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}T09:00`;
}

/** A change of one environment's state at a wall-clock time: the switch, or what is edited on the page. */
export function ScheduleDialog({ project, environment, flag, close }: ScheduleDialogProps) {
  const place: Place = { project, flag: flag.key, environment: environment.key };
  const hasEdits = isEdited(place);
  const isOn = flag.environments[environment.key]?.enabled ?? false;
  const what = useSignal<What>(hasEdits ? "edits" : isOn ? "off" : "on");
  const local = useSignal(tomorrow());
  const zone = useSignal(HERE);
  const comment = useSignal("");
  const applyAnyway = useSignal(false);
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const document = editing<FlagState>(place);
  const options: { value: What; words: string }[] = [
    { value: "on", words: "Switch on" },
    { value: "off", words: "Switch off" },
    ...(hasEdits ? [{ value: "edits" as const, words: "Make my unsaved changes" }] : []),
  ];
  const make = async () => {
    busy.value = true;
    problem.value = null;
    try {
      const param = { project, environment: environment.key, flag: flag.key };
      const json = {
        at: { local: local.value, timeZone: zone.value },
        patch:
          what.value === "edits" && document
            ? patchOf(document.base, document.value)
            : { enabled: what.value === "on" },
        comment: comment.value,
        applyAnyway: applyAnyway.value,
      };
      const { schedules } = api.projects[":project"].environments[":environment"].flags[":flag"];
      const made = (await sendOrAsk((query) =>
        answer(schedules.$post({ param, query, header: {}, json })),
      )) as ScheduleView;
      // What is scheduled is no longer waiting to be saved.
      if (what.value === "edits") discard(place);
      close(true);
      tell(`Scheduled for ${whenWords(made)}`, "It can be cancelled until then.", {
        label: "Undo",
        act: async () => {
          await schedules[":id"].$delete({ param: { ...param, id: made.id }, header: {} });
          tell("The schedule is cancelled");
        },
      });
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  return (
    <Dialog
      title={`Schedule a change of ${flag.key} in ${environment.name}`}
      onClose={() => close(false)}
      onSubmit={make}
    >
      <fieldset class="field">
        <legend class="label">What</legend>
        <div class="segmented">
          {options.map(({ value, words }) => (
            <label key={value}>
              <input
                type="radio"
                name="schedule-what"
                checked={what.value === value}
                onChange={() => {
                  what.value = value;
                }}
              />
              <span>{words}</span>
            </label>
          ))}
        </div>
        {!hasEdits && (
          <span class="hint">To schedule other changes, make them on the page first and do not save them.</span>
        )}
      </fieldset>
      {what.value === "edits" && document && (
        <ChangeList changes={changesOf("state", { ...document.base }, { ...document.value })} />
      )}
      <div class="two-columns">
        <label class="field">
          <span class="label">When</span>
          <input
            type="datetime-local"
            data-first
            required
            value={local.value}
            onInput={(event) => {
              local.value = event.currentTarget.value;
            }}
          />
        </label>
        <label class="field">
          <span class="label">By the clocks of</span>
          <input
            list="time-zones"
            value={zone.value}
            onInput={(event) => {
              zone.value = event.currentTarget.value;
            }}
          />
          <datalist id="time-zones">
            {ZONES.map((name) => (
              <option key={name} value={name} />
            ))}
          </datalist>
        </label>
      </div>
      <CommentField comment={comment} example="The campaign begins" />
      <label class="check">
        <input
          type="checkbox"
          checked={applyAnyway.value}
          onChange={(event) => {
            applyAnyway.value = event.currentTarget.checked;
          }}
        />
        <span>Apply anyway if somebody changes the same fields before then</span>
      </label>
      <p class="muted">
        Checked again at its time. If it no longer fits, or would undo a later change, it changes nothing and the reason
        is shown here. A schedule never lifts a kill.
      </p>
      {problem.value !== null && <Problem error={problem.value} />}
      <DialogActions close={() => close(false)} disabled={busy.value || local.value === ""}>
        <Icon name="clock" /> Schedule
      </DialogActions>
    </Dialog>
  );
}

/** The merge patch that makes one state the other: fields that differ, removed ones as null. */
function patchOf(before: FlagState, after: FlagState): ScheduleView["patch"] {
  const [old, now] = [before as Record<string, unknown>, after as Record<string, unknown>];
  const fields = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter(
    (field) => !same(old[field], now[field]),
  );
  return Object.fromEntries(fields.map((field) => [field, field in now ? now[field] : null])) as ScheduleView["patch"];
}
