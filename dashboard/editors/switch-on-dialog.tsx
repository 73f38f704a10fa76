import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Environment, FlagView } from "../domain/api.ts";
import { turnUnsavedSwitch } from "../domain/drafts.ts";
import { isProduction, project, toggle } from "../domain/project.ts";
import { loadUsage, usage } from "../domain/usage.ts";
import { stateWords } from "../domain/words/state-words.ts";
import { askedWords } from "../domain/words/usage-words.ts";
import { Dialog } from "../ui/dialog.tsx";
import { DialogActions } from "../ui/dialog-actions.tsx";
import { complain, tell } from "../ui/toasts.tsx";
import { LaterReachNote } from "./later-reach-note.tsx";

const switching = signal<{ flag: FlagView; environment: Environment } | null>(null);

const placeOf = (flag: FlagView, environment: Environment) => ({
  project: project.value?.key ?? "",
  flag: flag.key,
  environment: environment.key,
});

/**
 * In production it asks first, naming whom it reaches; elsewhere it is done at once. With unsaved changes of the same
 * state the switch is one of them: on its own it would make live what nobody looks at.
 */
export function switchState(flag: FlagView, environment: Environment): void {
  const unsaved = turnUnsavedSwitch(placeOf(flag, environment));
  if (unsaved) {
    tell(
      `Switching ${flag.key} ${unsaved} is one of your unsaved changes in ${environment.name}`,
      "Review and save them on the flag's page.",
    );
  } else if (isProduction(environment)) switching.value = { flag, environment };
  else void carryOut(flag, environment);
}

async function carryOut(flag: FlagView, environment: Environment): Promise<void> {
  const on = flag.environments[environment.key]?.enabled === false;
  try {
    await toggle(flag, environment.key);
    // Elsewhere the switch under the pointer undoes it.
    if (!isProduction(environment)) return;
    tell(`${flag.key} is switched ${on ? "on" : "off"} in ${environment.name}`, undefined, {
      label: "Undo",
      act: () => toggle(flag, environment.key, !on),
    });
  } catch (error) {
    complain(`${flag.key} was not switched in ${environment.name}`, error);
  }
}

export function SwitchOnDialog() {
  const asked = switching.value;
  if (!asked) return null;
  const { flag, environment } = asked;
  const summary = flag.environments[environment.key];
  if (!summary) return null;
  const turnsOn = !summary.enabled;
  const on = stateWords(flag, { ...summary, enabled: true });
  const off = stateWords(flag, { ...summary, enabled: false });
  const [was, becomes] = turnsOn ? [off, on] : [on, off];
  const verb = turnsOn ? "Switch on" : "Switch off";
  const close = () => {
    switching.value = null;
  };
  return (
    <Dialog
      title={`${verb} ${flag.key} in ${environment.name}?`}
      onClose={close}
      onSubmit={() => {
        close();
        void carryOut(flag, environment);
      }}
    >
      <p class="before-after">
        <span class={`pill tone-${was.tone}`}>{was.text}</span>
        <span aria-hidden="true">→</span>
        <span class="unseen">becomes</span>
        <span class={`pill tone-${becomes.tone}`}>{becomes.text}</span>
      </p>
      {turnsOn ? (
        <LaterReachNote place={placeOf(flag, environment)} ifOn />
      ) : (
        <p>{`Everyone gets ${flag.offVariant ?? "the default of their code"}, at once. Its rules stay as they are.`}</p>
      )}
      <AskedFor flag={flag.key} environment={environment} />
      <DialogActions close={close} first="go-on">
        {`${verb} in ${environment.name}`} <kbd>↵</kbd>
      </DialogActions>
    </Dialog>
  );
}

/** An app that never asks is not reached, whatever the rules say. */
function AskedFor({ flag, environment }: { flag: string; environment: Environment }) {
  const key = project.value?.key;
  useEffect(() => {
    if (key) void loadUsage(key, environment.key);
  }, [key, environment.key]);
  const known = usage.value?.environment === environment.key ? usage.value : null;
  return <p class="muted">{known ? askedWords(known, flag, environment.name) : "\u00a0"}</p>;
}
