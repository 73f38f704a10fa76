import type { CallOutcome, SignalSource } from "../../../shared/schema/trigger.ts";

/** What a call of a trigger did: in words, and in which tone. */
export const OUTCOME_WORDS: Record<CallOutcome, { words: string; tone: "killed" | "off" | "part" }> = {
  killed: { words: "Killed the flag", tone: "killed" },
  "already-killed": { words: "Was killed already", tone: "off" },
  repeated: { words: "Known outbreak, nothing done", tone: "off" },
  "not-firing": { words: "Not firing, nothing done", tone: "off" },
  test: { words: "Test, nothing done", tone: "off" },
  stale: { words: "Too old, nothing done", tone: "part" },
  unrecognised: { words: "Not understood", tone: "part" },
  refused: { words: "Could not be killed", tone: "part" },
  "rate-limited": { words: "Too many calls", tone: "part" },
};

export const SOURCE_WORDS: Record<SignalSource, string> = {
  alertmanager: "Alertmanager",
  grafana: "Grafana",
  datadog: "Datadog",
  pagerduty: "PagerDuty",
  plain: "Plain call",
};
