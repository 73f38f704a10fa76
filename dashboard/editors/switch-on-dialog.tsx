import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Environment, FlagView } from "../domain/api.ts";
import { isProduction, project, toggle } from "../domain/project.ts";
import { loadUsage, usage } from "../domain/usage.ts";
import { type StateWords, stateWords } from "../domain/words/state-words.ts";
import { askedWords } from "../domain/words/usage-words.ts";
import { Dialog } from "../ui/dialog.tsx";
import { DialogActions } from "../ui/dialog-actions.tsx";
import { complain } from "../ui/toasts.tsx";

const switchingOn = signal<{ flag: FlagView; environment: Environment } | null>(null);

/** Off is always at once; on in production asks first, naming whom it reaches. */
export function switchState(flag: FlagView, environment: Environment): void {
  const isOff = flag.environments[environment.key]?.enabled === false;
  if (isOff && isProduction(environment)) switchingOn.value = { flag, environment };
  else void carryOut(flag, environment);
}

async function carryOut(flag: FlagView, environment: Environment): Promise<void> {
  try {
    await toggle(flag, environment.key);
  } catch (error) {
    complain(`${flag.key} was not switched in ${environment.name}`, error);
  }
}

export function SwitchOnDialog() {
  const asked = switchingOn.value;
  if (!asked) return null;
  const { flag, environment } = asked;
  const summary = flag.environments[environment.key];
  const words = summary && stateWords(flag, { ...summary, enabled: true });
  const close = () => {
    switchingOn.value = null;
  };
  return (
    <Dialog
      title={`Switch on ${flag.key} in ${environment.name}?`}
      onClose={close}
      onSubmit={() => {
        close();
        void carryOut(flag, environment);
      }}
    >
      {words && (
        <p class="before-after">
          <span class="pill tone-off">Off</span>
          <span aria-hidden="true">→</span>
          <span class="unseen">becomes</span>
          <span class={`pill tone-${words.tone}`}>{words.text}</span>
        </p>
      )}
      <p>{words && reach(words, summary.targeting)}</p>
      <AskedFor flag={flag.key} environment={environment} />
      <DialogActions close={close} first="go-on">
        {`Switch on in ${environment.name}`} <kbd>↵</kbd>
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

function reach({ tone, share }: StateWords, targeting: number): string {
  const rules = `people whom ${targeting === 1 ? "its rule names" : `its ${targeting} rules name`}`;
  switch (tone) {
    case "on":
      return "It reaches everybody, at once.";
    case "part":
      return `It reaches about ${share} of every 100 people${targeting > 0 ? `, and ${rules}` : ""}.`;
    case "rules":
      return `It reaches ${rules}; everybody else keeps the off variant.`;
    default:
      return "Nobody gets anything else than before.";
  }
}
