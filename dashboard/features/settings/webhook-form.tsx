import { useSignal } from "@preact/signals";
import type { EventType, WebhookFormat } from "../../../shared/schema/webhook.ts";
import { EVENT_WORDS, USUAL_EVENTS } from "../../domain/words/event-words.ts";
import { Problem } from "../../ui/problem.tsx";
import { TextField } from "../../ui/text-field.tsx";

interface Settings {
  name: string;
  url: string;
  events: EventType[];
  format: WebhookFormat;
}

/** Everything there is to say about a new webhook. What was typed stays when it is refused. */
export function WebhookForm({ make }: { make: (settings: Settings) => Promise<void> }) {
  const name = useSignal("");
  const url = useSignal("");
  const format = useSignal<WebhookFormat>("slack");
  const events = useSignal<ReadonlySet<EventType>>(new Set(USUAL_EVENTS));
  const problem = useSignal<unknown>(null);
  const ready = name.value.trim() !== "" && url.value.trim() !== "" && events.value.size > 0;
  const submit = async () => {
    problem.value = null;
    try {
      const chosen = (Object.keys(EVENT_WORDS) as EventType[]).filter((type) => events.value.has(type));
      await make({ name: name.value.trim(), url: url.value.trim(), events: chosen, format: format.value });
      name.value = "";
      url.value = "";
    } catch (error) {
      problem.value = error;
    }
  };
  const toggle = (type: EventType) => {
    const next = new Set(events.value);
    if (!next.delete(type)) next.add(type);
    events.value = next;
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <div class="inline-form">
        <TextField label="New webhook for" value={name} maxLength={100} placeholder="#releases" />
        <label class="field">
          <span class="label">Sent as</span>
          <select
            value={format.value}
            onChange={(event) => {
              format.value = event.currentTarget.value as WebhookFormat;
            }}
          >
            <option value="slack">Slack message</option>
            <option value="standard">Signed JSON</option>
          </select>
        </label>
        <label class="field webhook-url">
          <span class="label">Address (https, kept secret)</span>
          <input
            value={url.value}
            type="url"
            maxLength={2000}
            placeholder="https://hooks.slack.com/services/…"
            autocomplete="off"
            onInput={(event) => {
              url.value = event.currentTarget.value;
            }}
          />
        </label>
      </div>
      <fieldset class="webhook-events">
        <legend class="label">Tell it when</legend>
        {(Object.keys(EVENT_WORDS) as EventType[]).map((type) => (
          <label key={type} class="check">
            <input type="checkbox" checked={events.value.has(type)} onChange={() => toggle(type)} /> {EVENT_WORDS[type]}
          </label>
        ))}
      </fieldset>
      {problem.value !== null && <Problem error={problem.value} />}
      <button type="submit" class="button button-primary webhook-make" disabled={!ready}>
        Make the webhook
      </button>
    </form>
  );
}
