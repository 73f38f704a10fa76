import type { DarkStage, TestKind } from "../../../shared/demand/test-kinds.ts";
import type { StopReason } from "../../../shared/schema/demand-test.ts";
import type { TestView } from "../../../shared/schema/test-admin.ts";
import type { Tone } from "../../domain/words/state-words.ts";

export const KIND_WORDS: Record<TestKind, { name: string; make: string; question: string; explanation: string }> = {
  "fake-door": {
    name: "Fake door",
    make: "New fake door",
    question: "Do people want it?",
    explanation: "Show a button to something that does not exist yet, and count who clicks.",
  },
  "dark-launch": {
    name: "Dark launch",
    make: "New dark launch",
    question: "Does it hold?",
    explanation: "Run the real thing in production, seen by nobody but those you let in.",
  },
  "wizard-of-oz": {
    name: "Wizard of Oz",
    make: "New Wizard of Oz",
    question: "Does it help?",
    explanation: "Your team answers by hand what software may answer later.",
  },
};

export const STAGE_WORDS: Record<DarkStage, { name: string; explanation: string }> = {
  off: { name: "Off", explanation: "Nobody sees it." },
  synthetic: { name: "Test traffic", explanation: "Only requests of your engineers' load test. No visitor sees it." },
  segment: { name: "Chosen group", explanation: "Also a small group, such as your office." },
  staff: { name: "Staff", explanation: "Also your own people." },
  percent: { name: "First visitors", explanation: "Also a small share of everybody." },
};

const STOP_WORDS: Record<StopReason, string> = {
  person: "Stopped",
  date: "Ended on its date",
  sample: "Ended: enough people have seen it",
  decided: "Ended: the answer is clear",
};

export function statusOf(test: TestView): { words: string; tone: Tone } {
  if (test.status === "running")
    return {
      words: test.stage ? STAGE_WORDS[test.stage].name : "Running",
      tone: test.stage && test.stage !== "percent" ? "rules" : "on",
    };
  if (test.status === "draft") return { words: "Not started", tone: "off" };
  return { words: STOP_WORDS[test.stopReason ?? "person"], tone: "off" };
}

/** "3 min 20 s". */
export function durationWords(ms: number | null): string {
  if (ms === null) return "–";
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
