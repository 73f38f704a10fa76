import { signal, useSignal } from "@preact/signals";
import { useLocation } from "preact-iso";
import type { FlagDefinition, Purpose, Visibility } from "../../../shared/schema/flag.ts";
import { answer, api, Refusal } from "../../domain/api.ts";
import { flagOf, project, showFlag } from "../../domain/project.ts";
import { mayChange } from "../../domain/session.ts";
import { PURPOSE_WORDS, TYPE_WORDS, VISIBILITY_WORDS } from "../../domain/words/flag-words.ts";
import { keyOf, keyProblem } from "../../domain/words/key-words.ts";
import { VariantFields, type VariantRow, valuesOf } from "../../editors/variant-fields.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Problem } from "../../ui/problem.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { tell } from "../../ui/toasts.tsx";
import { Cards } from "./cards.tsx";

export const creating = signal(false);

const START: Record<FlagDefinition["type"], VariantRow[]> = {
  boolean: [
    { name: "on", text: "true" },
    { name: "off", text: "false" },
  ],
  string: [
    { name: "standard", text: "" },
    { name: "new", text: "" },
  ],
  number: [
    { name: "standard", text: "0" },
    { name: "new", text: "1" },
  ],
  json: [
    { name: "standard", text: "{}" },
    { name: "new", text: "{}" },
  ],
};

export function CreateFlag() {
  const words = useSignal("");
  const description = useSignal("");
  const type = useSignal<FlagDefinition["type"]>("boolean");
  const rows = useSignal<VariantRow[]>(START.boolean);
  const off = useSignal("off");
  const purpose = useSignal<Purpose>(mayChange("release") ? "release" : "experiment");
  const visibility = useSignal<Visibility>("server-only");
  const owner = useSignal("");
  const problem = useSignal<unknown>(null);
  const busy = useSignal(false);
  const { route } = useLocation();
  const key = keyOf(words.value);
  const close = () => {
    creating.value = false;
  };
  const taken = flagOf(key) !== undefined;
  const values = valuesOf(type.value, rows.value);
  const create = async (reuse = false) => {
    if (keyProblem(key) || taken || !values.ok) return;
    busy.value = true;
    problem.value = null;
    try {
      const param = { project: project.value?.key ?? "", flag: key };
      const made = await answer(
        api.projects[":project"].flags[":flag"].$put({
          param,
          query: reuse ? { reuse: "true" } : {},
          header: { "if-match": '"0"' },
          json: {
            type: type.value,
            purpose: purpose.value,
            variants: values.variants,
            offVariant: off.value,
            visibility: visibility.value,
            description: description.value,
            owner: owner.value,
          },
        }),
      );
      showFlag(made);
      close();
      tell(`${key} is made`, "It is off everywhere until you switch it on.");
      route(`/p/${param.project}/flags/${encodeURIComponent(key)}`);
    } catch (error) {
      problem.value = error;
    }
    busy.value = false;
  };
  const isArchived = problem.value instanceof Refusal && problem.value.code === "flag-archived";
  return (
    <Dialog title="New flag" onClose={close} onSubmit={() => create()} wide>
      <p class="muted">It starts switched off everywhere: making it changes nothing for anybody.</p>
      <label class="field">
        <span class="label">Name</span>
        <input
          data-first
          name="name"
          value={words.value}
          maxLength={100}
          placeholder="New checkout"
          aria-describedby="new-flag-key"
          onInput={(event) => {
            words.value = event.currentTarget.value;
          }}
        />
        <span class="hint" id="new-flag-key">
          {taken ? (
            <span class="bad">{`There is a flag ${key} already`}</span>
          ) : key ? (
            <>
              In code: <code>{key}</code>
            </>
          ) : (
            "Its name in code is made from this"
          )}
        </span>
      </label>
      <label class="field">
        <span class="label">What is it for?</span>
        <textarea
          rows={2}
          value={description.value}
          maxLength={4000}
          placeholder="The one-page checkout, so that fewer people give up"
          onInput={(event) => {
            description.value = event.currentTarget.value;
          }}
        />
      </label>
      <Cards
        legend="What kind of work is it?"
        name="purpose"
        value={purpose.value}
        choose={(value) => {
          purpose.value = value;
        }}
        options={PURPOSE_WORDS}
        isOffered={mayChange}
      />
      <Cards
        legend="What does it decide?"
        name="type"
        value={type.value}
        choose={(value) => {
          type.value = value;
          rows.value = START[value];
          off.value = value === "boolean" ? "off" : "standard";
        }}
        options={TYPE_WORDS}
      />
      {type.value !== "boolean" && <VariantFields type={type.value} rows={rows} off={off} />}
      <Cards
        legend="Who may see that it exists?"
        name="visibility"
        value={visibility.value}
        choose={(value) => {
          visibility.value = value;
        }}
        options={VISIBILITY_WORDS}
      />
      <TextField label="Owner" value={owner} maxLength={100} placeholder="Checkout team" />
      {problem.value !== null && <Problem error={problem.value} />}
      <footer class="dialog-actions">
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
        {isArchived && (
          <button type="button" class="button" onClick={() => create(true)}>
            Use the archived name again
          </button>
        )}
        <button
          type="submit"
          class="button button-primary"
          disabled={busy.value || keyProblem(key) !== null || taken || !values.ok}
        >
          Make the flag
        </button>
      </footer>
    </Dialog>
  );
}
