import { METRIC_WORDS } from "../../../shared/guard/metrics/words.ts";
import type { PlanView } from "../../../shared/schema/plan.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { Detection } from "./detection.tsx";
import type { PlanPlace } from "./plan-store.ts";
import { audienceWords, durationWords, leastSeconds, stageName, stepWords } from "./plan-words.ts";

/** A plan that is not under way: its stages, what is watched, and how its last run ended. */
export function PlanSummary({ plan, place }: { plan: PlanView; place: PlanPlace }) {
  const watched = [...new Set(plan.stages.flatMap(({ guards }) => guards.map(({ kind }) => METRIC_WORDS[kind].name)))];
  return (
    <>
      <ol class="plan-steps">
        {plan.stages.map((stage, index) => (
          <li key={`${index} ${stageName(plan, index)}`}>
            <span class="plan-dot">{index + 1}</span>
            <span class="plan-step-name">{stageName(plan, index)}</span>
            <span class="muted">
              {stage.minimumSeconds > 0 ? durationWords(stage.minimumSeconds) : "no least time"}
              {stage.advance === "by-hand" && ", by hand"}
            </span>
          </li>
        ))}
      </ol>
      <p>
        <strong>{plan.variant}</strong> goes to {audienceWords(plan, plan.stages.length - 1)} in at least{" "}
        {durationWords(leastSeconds(plan.stages))}; until then people get <strong>{plan.baseline}</strong>.{" "}
        {watched.length > 0 ? `Watched: ${watched.join(", ").toLowerCase()}.` : "Nothing is watched."}
      </p>
      <LastRun plan={plan} />
      <Detection plan={plan} place={place} />
    </>
  );
}

function LastRun({ plan }: { plan: PlanView }) {
  const last = plan.run?.steps.at(-1);
  if (!last) return null;
  return (
    <p class="muted">
      {stepWords(plan, last)} by {last.by}, <time title={exactly(last.at)}>{ago(last.at)}</time>
      {last.comment && <>: “{last.comment}”</>}
    </p>
  );
}
