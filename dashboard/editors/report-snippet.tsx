import { DEFAULT_GOAL_EVENT, DEFAULT_OUTCOME_EVENT } from "../../shared/telemetry/default-events.ts";
import { Copyable } from "../ui/copyable.tsx";

/** The line of an app's server that sends an event; null stands for any event. */
export function ReportSnippet({
  event,
  isGoal = event === DEFAULT_GOAL_EVENT,
}: {
  event: string | null;
  isGoal?: boolean;
}) {
  const name = JSON.stringify(event ?? DEFAULT_OUTCOME_EVENT);
  const call = isGoal
    ? `telemetry.conversion(${name}, { targetingKey });`
    : `telemetry.outcome(${name}, { targetingKey }, { ok: response.ok, latencyMs });`;
  return <Copyable isPublic text={call} note="On your server, where it is known what came of the request:" />;
}
