import { useSignal } from "@preact/signals";
import type { KeySigning } from "../../../shared/schema/signed-context.ts";
import { Dialog } from "../../ui/dialog.tsx";
import { DialogActions } from "../../ui/dialog-actions.tsx";
import { Problem } from "../../ui/problem.tsx";
import { TextField } from "../../ui/text-field.tsx";

type Require = KeySigning["require"] | "nothing";

const CHOICES: [value: Require, name: string, effect: string][] = [
  ["nothing", "Nothing", "Unsigned attributes are taken. Signed ones override them."],
  ["attributes", "These attributes", "They count only when they are signed. All others are taken unsigned."],
  ["context", "The whole context", "Requests without a signed context are refused. Unsigned attributes are ignored."],
];

interface Props {
  name: string;
  signing: KeySigning | undefined;
  /** Without signing keys nothing can be signed. */
  hasSigningKeys: boolean;
  save: (signing: KeySigning | null) => Promise<void>;
  close: () => void;
}

/** Asks what a client key takes only when it is signed. */
export function KeySigningDialog({ name, signing, hasSigningKeys, save, close }: Props) {
  const require = useSignal<Require>(signing?.require ?? "nothing");
  const listed = useSignal(signing?.require === "attributes" ? signing.attributes.join(", ") : "");
  const busy = useSignal(false);
  const problem = useSignal<unknown>(null);
  const attributes = [...new Set(listed.value.split(/[\s,]+/).filter(Boolean))];
  const submit = async () => {
    busy.value = true;
    problem.value = null;
    try {
      await save(wanted(require.value, attributes));
      close();
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  return (
    <Dialog title={`What has to be signed for ${name}?`} onClose={close} onSubmit={submit}>
      <fieldset class="field">
        <legend class="label">Has to be signed by your server</legend>
        {CHOICES.map(([value, words, effect]) => (
          <label key={value} class="choice-card">
            <input
              type="radio"
              name="require"
              data-first={value === require.value || undefined}
              checked={value === require.value}
              onChange={() => {
                require.value = value;
              }}
            />
            <span>
              <strong>{words}</strong>
              <span class="muted">{effect}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {require.value === "attributes" && (
        <TextField label="Attributes, separated by commas" value={listed} placeholder="userId, plan" />
      )}
      {require.value !== "nothing" && !hasSigningKeys && (
        <p class="note">
          This environment has no signing key, so nothing can be signed yet. Create one first, and let your server sign.
        </p>
      )}
      {problem.value !== null && <Problem error={problem.value} />}
      <DialogActions close={close} disabled={busy.value || (require.value === "attributes" && attributes.length === 0)}>
        Save
      </DialogActions>
    </Dialog>
  );
}

function wanted(require: Require, attributes: string[]): KeySigning | null {
  if (require === "nothing") return null;
  return require === "context" ? { require } : { require, attributes };
}
