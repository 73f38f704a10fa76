import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { IncidentPage } from "../../../shared/schema/resilience.ts";
import { answer, api } from "../../domain/api.ts";
import { flagOf } from "../../domain/project.ts";
import { who } from "../../domain/session.ts";
import { Problem } from "../../ui/problem.tsx";

const WEEK_MS = 7 * 86_400_000;
const inAWeek = (): string => new Date(Date.now() + WEEK_MS).toISOString().slice(0, 10);

interface NewFollowUpProps {
  incident: IncidentPage;
  close: () => void;
  changed: () => Promise<void>;
}

/** A form for one follow-up; it starts with the flag's owner and a week. */
export function NewFollowUp({ incident, close, changed }: NewFollowUpProps) {
  const { project, environment, revision, flag } = incident;
  const title = useSignal("");
  const owner = useSignal(flagOf(flag)?.owner || who.value?.name || "");
  const due = useSignal(inAWeek());
  const problem = useSignal<unknown>(null);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const save = async () => {
    try {
      await answer(
        api.projects[":project"].environments[":environment"].incidents[":revision"]["follow-ups"].$post({
          param: { project, environment, revision: String(revision) },
          query: { flag },
          header: {},
          json: { title: title.value, owner: owner.value, due: due.value },
        }),
      );
      await changed();
      close();
    } catch (error) {
      problem.value = error;
    }
  };
  return (
    <form
      class="stack new-follow-up"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <label class="field">
        <span class="label">What is to be done</span>
        <input
          ref={first}
          name="title"
          maxLength={300}
          placeholder="Alert on payment errors"
          value={title.value}
          onInput={(event) => {
            title.value = event.currentTarget.value;
          }}
        />
      </label>
      <div class="follow-up-fields">
        <label class="field">
          <span class="label">Owner</span>
          <input
            name="owner"
            maxLength={100}
            value={owner.value}
            onInput={(event) => {
              owner.value = event.currentTarget.value;
            }}
          />
        </label>
        <label class="field">
          <span class="label">Due</span>
          <input
            type="date"
            name="due"
            value={due.value}
            onInput={(event) => {
              due.value = event.currentTarget.value;
            }}
          />
        </label>
      </div>
      {problem.value !== null && <Problem error={problem.value} />}
      <div class="row">
        <button type="submit" class="button button-primary">
          Add follow-up
        </button>
        <button type="button" class="button" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
}
