import { useId } from "preact/hooks";
import { useReceivedEvents } from "../domain/received-events.ts";
import { Icon } from "../ui/icon.tsx";
import { ReportSnippet } from "./report-snippet.tsx";

interface EventFieldProps {
  place: { project: string; environment: string; flag: string };
  label: string;
  value: string;
  disabled?: boolean;
  set: (event: string) => void;
}

/** Names of events that are offered beside the field. */
const OFFERED = 4;

/** The event that metrics listen for. Any name is allowed; events that were received are suggested. */
export function EventField({ place, label, value, disabled = false, set }: EventFieldProps) {
  const id = useId();
  const received = useReceivedEvents(place.project, place.environment, place.flag);
  const name = value.trim();
  const known = received?.find((one) => one.name === name);
  const others = received?.filter((one) => one.name !== name).slice(0, OFFERED) ?? [];
  return (
    <div class="event-field">
      <label class="field">
        <span class="label">{label}</span>
        <input
          class="mono"
          value={value}
          maxLength={100}
          spellcheck={false}
          autocapitalize="off"
          disabled={disabled}
          list={`${id}-events`}
          aria-describedby={`${id}-hint`}
          onInput={(input) => set(input.currentTarget.value)}
        />
      </label>
      <datalist id={`${id}-events`}>
        {received?.map((one) => (
          <option key={one.name} value={one.name}>
            {`${one.events.toLocaleString("en")} in the last 24 hours`}
          </option>
        ))}
      </datalist>
      <p id={`${id}-hint`} class="hint" role="status">
        {received === null && " "}
        {known && `${known.events.toLocaleString("en")} received in the last 24 hours.`}
        {received !== null && !known && name !== "" && (
          <span class="event-unheard">
            <Icon name="alert" size={16} /> {`"${name}" was not received in the last 24 hours.`}
          </span>
        )}
      </p>
      {received !== null && !known && !disabled && others.length > 0 && (
        <p class="row event-received">
          <span class="muted">Received:</span>
          {others.map((one) => (
            <button key={one.name} type="button" class="button button-small" onClick={() => set(one.name)}>
              {`Use ${one.name} (${one.events.toLocaleString("en")})`}
            </button>
          ))}
        </p>
      )}
      {received !== null && !known && name !== "" && (
        <details>
          <summary>How to send it</summary>
          <ReportSnippet event={name} />
        </details>
      )}
    </div>
  );
}
