import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { TriggerView } from "../../../shared/schema/trigger.ts";
import { answer, api } from "../../domain/api.ts";
import type { SectionProps } from "../../domain/section-props.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { OUTCOME_WORDS, SOURCE_WORDS } from "../../domain/words/trigger-words.ts";
import { confirmed } from "../../ui/confirm.tsx";
import { Icon } from "../../ui/icon.tsx";
import { InlineForm } from "../../ui/inline-form.tsx";
import { Problem } from "../../ui/problem.tsx";
import { ShownOnce } from "../../ui/shown-once.tsx";
import { TextField } from "../../ui/text-field.tsx";
import { complain, tell } from "../../ui/toasts.tsx";

const routes = api.projects[":project"].environments[":environment"].flags[":flag"].triggers;
/** Calls shown of each trigger before one asks for more. */
const FEW = 3;

/** Secret URLs with which monitoring kills this flag in this environment, and what their calls did. */
export function TriggerPanel({ project, environment, flag, locked }: SectionProps) {
  const triggers = useSignal<TriggerView[] | null>(null);
  const name = useSignal("");
  const variant = useSignal("");
  const made = useSignal<{ url: string; name: string } | null>(null);
  const problem = useSignal<unknown>(null);
  const param = { project, environment: environment.key, flag: flag.key };
  const read = async () => {
    triggers.value = (await answer(routes.$get({ param }))).triggers;
  };
  const kills = flag.environments[environment.key]?.kills.length;
  useEffect(() => {
    read().catch((error) => {
      problem.value = error;
    });
  }, [kills]);
  const make = async () => {
    problem.value = null;
    try {
      const only = variant.value === "" ? {} : { variant: variant.value };
      const { url } = await answer(routes.$post({ param, header: {}, json: { name: name.value.trim(), ...only } }));
      made.value = { url, name: name.value.trim() };
      name.value = "";
      await read();
    } catch (error) {
      problem.value = error;
    }
  };
  const remove = async (trigger: TriggerView) => {
    const isSure = await confirmed({
      title: `Take back the trigger ${trigger.name}?`,
      text: "Monitoring that calls it can no longer stop this flag.",
      action: "Take it back",
    });
    if (!isSure) return;
    try {
      await routes[":id"].$delete({ param: { ...param, id: trigger.id }, header: {} });
      await read();
      tell(`The trigger ${trigger.name} is gone`);
    } catch (error) {
      complain(`The trigger ${trigger.name} is still there`, error);
    }
  };
  return (
    <section class="card stack" aria-labelledby="triggers">
      <div>
        <h2 id="triggers">{`Stop button for monitoring in ${environment.name}`}</h2>
        <p class="muted">
          A secret address that Alertmanager, Grafana, Datadog, PagerDuty or a script calls when something is firing. It
          kills this flag; only a person restores it.
        </p>
      </div>
      {triggers.value?.length === 0 && !made.value && <p class="muted">No monitoring can stop this flag yet.</p>}
      <ul class="trigger-list">
        {triggers.value?.map((trigger) => (
          <Trigger key={trigger.id} trigger={trigger} remove={locked ? undefined : () => remove(trigger)} />
        ))}
      </ul>
      {made.value && <ShownOnce secret={made.value.url} name={made.value.name} />}
      {problem.value !== null && <Problem error={problem.value} />}
      {!locked && (
        <InlineForm submit={make}>
          <TextField label="New trigger for" value={name} maxLength={100} placeholder="Alertmanager: checkout errors" />
          <label class="field">
            <span class="label">It kills</span>
            <select
              value={variant.value}
              onChange={(event) => {
                variant.value = event.currentTarget.value;
              }}
            >
              <option value="">the whole flag</option>
              {Object.keys(flag.variants).map((one) => (
                <option key={one} value={one}>{`only the variant ${one}`}</option>
              ))}
            </select>
          </label>
          <button type="submit" class="button button-primary" disabled={name.value.trim() === ""}>
            Make the trigger
          </button>
        </InlineForm>
      )}
    </section>
  );
}

function Trigger({ trigger, remove }: { trigger: TriggerView; remove: (() => void) | undefined }) {
  const all = useSignal(false);
  const { calls } = trigger;
  const shown = all.value ? calls : calls.slice(0, FEW);
  return (
    <li>
      <div class="trigger-head">
        <span>
          <strong>{trigger.name}</strong> <code>…{trigger.hint}</code>{" "}
          {trigger.variant && <span class="chip">{`Only ${trigger.variant}`}</span>}
        </span>
        <span class="muted">{`${trigger.createdBy}, ${ago(trigger.createdAt)}`}</span>
        {remove && (
          <button type="button" class="button button-small" onClick={remove} aria-label={`Take back ${trigger.name}`}>
            <Icon name="trash" /> Take back
          </button>
        )}
      </div>
      {calls.length === 0 ? (
        <p class="muted">Never called.</p>
      ) : (
        <ol class="trigger-calls" aria-label={`Calls of ${trigger.name}`}>
          {shown.map((call) => {
            const { words, tone } = OUTCOME_WORDS[call.outcome];
            return (
              <li key={call.at + call.outcome} class={`tone-${tone}`}>
                <b class="trigger-outcome">{words}</b>
                <span>
                  {call.source ? SOURCE_WORDS[call.source] : "Unknown format"}: {call.summary}
                  {call.calls > 1 && ` (${call.calls} calls)`}
                </span>
                <time class="muted" title={exactly(call.at)}>
                  {ago(call.at)}
                </time>
              </li>
            );
          })}
        </ol>
      )}
      {calls.length > FEW && (
        <button
          type="button"
          class="button button-small"
          aria-expanded={all.value}
          onClick={() => {
            all.value = !all.value;
          }}
        >
          {all.value ? "Fewer calls" : `All ${calls.length} calls`}
        </button>
      )}
    </li>
  );
}
