import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Explanation } from "../../../shared/evaluation/explain/explain.ts";
import { answer, api } from "../../domain/api.ts";
import { environment, project, seenRevision } from "../../domain/project.ts";
import { learnContext } from "../../domain/usage.ts";
import { EnvironmentSwitch } from "../../ui/environment-switch.tsx";
import { Problem } from "../../ui/problem.tsx";
import { Result } from "./result.tsx";
import { SAMPLES } from "./samples.ts";

const PAUSE_MS = 250;

/** Who would get what, and why: a person on the left, every flag's answer on the right. */
export function PlaygroundPage() {
  const text = useSignal(JSON.stringify(SAMPLES[0]?.context, null, 2));
  const results = useSignal<Explanation[] | null>(null);
  const search = useSignal("");
  const problem = useSignal<unknown>(null);
  const latest = useRef(0);
  const parsed = parseContext(text.value);
  const key = project.value?.key;
  const here = environment.value?.key;
  useEffect(() => {
    if (!key || !here || !parsed.ok) return;
    const { context } = parsed;
    const turn = ++latest.current;
    const timer = setTimeout(async () => {
      try {
        const param = { project: key, environment: here };
        const request = api.projects[":project"].environments[":environment"].evaluate.$post({
          param,
          json: { context },
        });
        const { flags } = await answer(request);
        // A slower answer to an earlier question must not overwrite a newer one.
        if (turn === latest.current) results.value = flags as unknown as Explanation[];
        problem.value = null;
        learnContext(context);
      } catch (error) {
        problem.value = error;
      }
    }, PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text.value, key, here, seenRevision.value]);
  const shown = results.value?.filter((one) => one.key.toLowerCase().includes(search.value.toLowerCase()));
  return (
    <main class="page">
      <div class="page-head">
        <h1>Playground</h1>
        <EnvironmentSwitch />
      </div>
      <div class="playground">
        <section class="card stack" aria-label="The person">
          <h2>Who asks?</h2>
          <div class="row">
            {SAMPLES.map(({ name, context }) => (
              <button
                key={name}
                type="button"
                class="button button-small"
                onClick={() => {
                  text.value = JSON.stringify(context, null, 2);
                }}
              >
                {name}
              </button>
            ))}
          </div>
          <label class="field">
            <span class="label">What the app tells about them (JSON)</span>
            <textarea
              class="mono"
              rows={12}
              spellcheck={false}
              aria-invalid={!parsed.ok}
              value={text.value}
              onInput={(event) => {
                text.value = event.currentTarget.value;
              }}
            />
            {parsed.ok ? (
              <span class="hint">Nothing is counted: this is only a look, also at what is not published yet.</span>
            ) : (
              <span class="bad">{parsed.problem}</span>
            )}
          </label>
        </section>
        <section class="stack" aria-label="What they get">
          <input
            type="search"
            aria-label="Search results"
            placeholder="Search flags"
            value={search.value}
            onInput={(event) => {
              search.value = event.currentTarget.value;
            }}
          />
          {problem.value !== null && <Problem error={problem.value} />}
          {shown?.length === 0 && <p class="card">No flag of that name. Flags are made on the Flags page.</p>}
          {!shown && problem.value === null && <div class="skeleton" aria-busy="true" />}
          <ul class="results">
            {shown?.slice(0, 200).map((one) => (
              <Result key={one.key} explanation={one} />
            ))}
          </ul>
          {shown && shown.length > 200 && <p class="muted">{`${shown.length - 200} more: search to see them.`}</p>}
        </section>
      </div>
    </main>
  );
}

function parseContext(text: string): { ok: true; context: Record<string, never> } | { ok: false; problem: string } {
  try {
    const context = JSON.parse(text || "{}");
    if (typeof context !== "object" || context === null || Array.isArray(context))
      return { ok: false, problem: 'An object is needed, such as { "targetingKey": "kim" }' };
    return { ok: true, context };
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : "Not JSON" };
  }
}
