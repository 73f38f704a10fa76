import type { ConditionTrace } from "../../../shared/evaluation/explain/explain.ts";
import { bucketWords, nowWords, testWords } from "../../domain/words/condition-words.ts";

const RESULT_WORDS = {
  true: { sign: "✓", word: "true", tone: "on" },
  false: { sign: "✗", word: "false", tone: "off" },
  unknown: { sign: "?", word: "unknown", tone: "part" },
  blocked: { sign: "■", word: "blocked", tone: "killed" },
} as const;

/** A condition and all inside it, each with how it came out. */
export function ConditionTree({ trace }: { trace: ConditionTrace }) {
  const { sign, word, tone } = RESULT_WORDS[trace.result];
  const inside = trace.all ?? trace.any ?? [trace.not ?? trace.unless ?? trace.when].filter((one) => one !== undefined);
  return (
    <li>
      <span class={`truth tone-${tone}`}>
        <span aria-hidden="true">{sign}</span> {word}
      </span>{" "}
      {wordsOf(trace)}
      {inside.length > 0 && (
        <ul class="tree">
          {inside.map((one, index) => (
            <ConditionTree key={index} trace={one} />
          ))}
        </ul>
      )}
    </li>
  );
}

function wordsOf(trace: ConditionTrace): string {
  if (trace.all) return trace.all.length === 0 ? "everybody" : "all of these";
  if (trace.some) return `some element of ${trace.some.attribute}`;
  if (trace.any) return "at least one of these";
  if (trace.not) return "not this";
  if (trace.unless) return "not this, or not known";
  if (trace.now) return nowWords(trace.now);
  if (trace.bucket) return `${bucketWords(trace.bucket)}; they stand at ${trace.position ?? "no place"}`;
  if (trace.segment) return `in the segment ${trace.segment}${trace.because ? ` (${trace.because})` : ""}`;
  if (trace.flag)
    return `${trace.flag} serves ${trace.variants?.join(" or ")}; it serves ${trace.served ?? "no value"}`;
  if (trace.test) return `${testWords(trace.test)}${trace.test.found === "absent" ? " (the app did not say)" : ""}`;
  return "";
}
