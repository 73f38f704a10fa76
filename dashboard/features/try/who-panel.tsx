import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { FlagState } from "../../../shared/schema/flag.ts";
import { answer, api } from "../../domain/api.ts";
import { seenRevision } from "../../domain/project.ts";
import type { SectionProps } from "../../domain/section-props.ts";
import { segments } from "../../domain/segment-store.ts";
import { usage } from "../../domain/usage.ts";
import { editing, isEdited, type Place } from "../../editors/documents.ts";
import { ReachNote } from "../../editors/reach-note.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { attributesAsked, type Context, CROWD, madeUp, parseList } from "./crowd.ts";
import { type Sample, SampleChart } from "./sample-chart.tsx";

const PAUSE_MS = 300;

/** What each of many people gets, and what would change for them if the unsaved changes were saved. */
export function WhoPanel({ project, environment, flag }: SectionProps) {
  const own = useSignal<string | null>(null);
  const sample = useSignal<Sample | null>(null);
  const problem = useSignal<unknown>(null);
  const isOpen = useSignal(false);
  const place: Place = { project, flag: flag.key, environment: environment.key };
  const document = editing<FlagState>(place);
  const state = document && isEdited(place) ? document.value : undefined;
  const conditions = [...(document?.base.rules ?? []), ...(state?.rules ?? [])].map(({ when }) => when);
  const listed = own.value === null ? null : parseList(own.value);
  const known = usage.value?.attributes;
  useEffect(() => {
    if (!isOpen.value || !document || (listed && ("problem" in listed || listed.contexts.length === 0))) return;
    const timer = setTimeout(async () => {
      try {
        const contexts = listed && "contexts" in listed ? listed.contexts : crowd();
        const json = { contexts: contexts as Record<string, never>[], ...(state ? { state } : {}) };
        const param = { project, environment: environment.key, flag: flag.key };
        const request = api.projects[":project"].environments[":environment"].flags[":flag"].sample.$post({
          param,
          json,
        });
        sample.value = { ...(await answer(request)), contexts };
        problem.value = null;
      } catch (error) {
        problem.value = error;
      }
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [isOpen.value, document, own.value, known, segments.value, seenRevision.value]);
  const crowd = (): Context[] => {
    const asked = attributesAsked(conditions, (key) => segments.value.find((one) => one.key === key)?.when);
    for (const { name, values } of known ?? []) for (const value of values) asked.get(name)?.add(value);
    return madeUp(asked);
  };
  return (
    <details
      class="card foldable"
      onToggle={(event) => {
        isOpen.value = event.currentTarget.open;
      }}
    >
      <summary>
        <Icon name="people" />
        <h2>Who would get this?</h2>
        <span class="muted">
          {state ? "with your unsaved changes, before you save them" : "over a crowd of people"}
        </span>
      </summary>
      <div class="stack">
        {isOpen.value && <ReachNote place={place} state={state} />}
        <div class="segmented" role="radiogroup" aria-label="Which people">
          {[
            { words: `${CROWD.toLocaleString("en")} made-up visitors`, value: null },
            { words: "My own list", value: "" },
          ].map(({ words, value }) => (
            <label key={words}>
              <input
                type="radio"
                name="crowd"
                checked={(own.value === null) === (value === null)}
                onChange={() => {
                  own.value = value;
                  sample.value = null;
                }}
              />
              <span>{words}</span>
            </label>
          ))}
        </div>
        {own.value === null ? (
          <p class="muted">
            Spread evenly over the values that its rules ask for, so that each rule has somebody to try it on. Their
            shares are not those of your users, which stand above.
          </p>
        ) : (
          <label class="field">
            <span class="label">One person a line: a targeting key, or a context as JSON</span>
            <textarea
              class="mono"
              rows={5}
              spellcheck={false}
              placeholder={'kim\n{ "targetingKey": "ada", "country": "NL" }'}
              value={own.value}
              aria-invalid={listed !== null && "problem" in listed}
              onInput={(event) => {
                own.value = event.currentTarget.value;
              }}
            />
            {listed && "problem" in listed && <span class="bad">{listed.problem}</span>}
          </label>
        )}
        {problem.value !== null && <Problem error={problem.value} />}
        {sample.value && (
          <SampleChart sample={sample.value} flag={flag} rules={state?.rules ?? document?.base.rules ?? []} />
        )}
      </div>
    </details>
  );
}
