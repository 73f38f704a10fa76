import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { DrillView } from "../../../shared/schema/drill.ts";
import { answer, api } from "../../domain/api.ts";
import { may } from "../../domain/session.ts";
import { durationWords } from "../../domain/words/duration-words.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { Problem } from "../../ui/problem.tsx";
import { complain, tell } from "../../ui/toasts.tsx";

const route = api.projects[":project"].environments[":environment"].drill;
const FEW = 5;

/** Whether the stop button works here, and how fast: it is tried on a canary that nobody needs. */
export function DrillCard({ project, environment }: { project: string; environment: string }) {
  const drill = useSignal<DrillView | null>(null);
  const running = useSignal(false);
  const problem = useSignal<unknown>(null);
  const param = { project, environment };
  const read = async () => {
    drill.value = await answer(route.$get({ param }));
  };
  useEffect(() => {
    read().catch((error) => {
      problem.value = error;
    });
  }, [project, environment]);
  const run = async () => {
    running.value = true;
    try {
      const { outcome, killMs, problem: why } = await answer(route.run.$post({ param }));
      await read();
      if (outcome === "passed" && killMs !== null) tell(`The stop button works: seen after ${durationWords(killMs)}`);
      else complain("The kill drill failed", new Error(why ?? ""));
    } catch (error) {
      complain("The kill drill could not be made", error);
    } finally {
      running.value = false;
    }
  };
  const plan = async (everyHours: number | null) => {
    try {
      if (everyHours === null) await route.$delete({ param, header: {} });
      else await route.$put({ param, header: {}, json: { everyHours } });
      await read();
    } catch (error) {
      complain("The drills stay as they were", error);
    }
  };
  const shown = drill.value;
  const [last] = shown?.runs ?? [];
  const tone = !last ? "off" : last.outcome === "passed" ? "on" : "killed";
  return (
    <section class="card stack" aria-labelledby="drill">
      <div>
        <h2 id="drill">Kill drill</h2>
        <p class="muted">
          Kills a canary flag for real and measures until this edge serves it off. Nobody’s flags are touched.
        </p>
      </div>
      {problem.value !== null && <Problem error={problem.value} />}
      {shown && (
        <>
          <p class={`tone-${tone} drill-last`}>
            {!last ? (
              <span class="muted">Never tried here.</span>
            ) : last.outcome === "passed" && last.killMs !== null ? (
              <>
                <b class="figure-value">{durationWords(last.killMs)}</b> to off at the edge,{" "}
                <time title={exactly(last.at)}>{ago(last.at)}</time>
              </>
            ) : (
              <>
                <b class="webhook-state">Failed</b>: {last.problem},{" "}
                <time title={exactly(last.at)}>{ago(last.at)}</time>
              </>
            )}
          </p>
          {shown.runs.length > 1 && (
            <ol class="trigger-calls" aria-label="Earlier drills">
              {shown.runs.slice(1, FEW + 1).map(({ at, outcome, killMs, problem: why }) => (
                <li key={at} class={`tone-${outcome === "passed" ? "on" : "killed"}`}>
                  <b class="trigger-outcome">{outcome === "passed" ? "Passed" : "Failed"}</b>
                  <span>{killMs === null ? why : `off after ${durationWords(killMs)}`}</span>
                  <time class="muted" title={exactly(at)}>
                    {ago(at)}
                  </time>
                </li>
              ))}
            </ol>
          )}
          {may("engineer", environment) && (
            <div class="row">
              <button type="button" class="button button-primary" disabled={running.value} onClick={run}>
                {running.value ? "Trying…" : "Try it now"}
              </button>
              <label class="row">
                <span class="muted">By itself</span>
                <select
                  value={String(shown.everyHours ?? "")}
                  onChange={({ currentTarget: { value } }) => plan(value === "" ? null : Number(value))}
                >
                  <option value="">never</option>
                  <option value="6">every 6 hours</option>
                  <option value="24">every day</option>
                  <option value="168">every week</option>
                </select>
              </label>
            </div>
          )}
        </>
      )}
    </section>
  );
}
