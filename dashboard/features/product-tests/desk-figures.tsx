import type { DeskFigures as Figures } from "../../../shared/schema/desk.ts";
import { durationWords } from "./test-words.ts";

export function DeskFigures({ figures }: { figures: Figures }) {
  const { waiting, oldestMs, answered, fallbacks, medianMs, p90Ms } = figures;
  const all = answered + fallbacks;
  const shown: [string, string][] = [
    ["Waiting now", oldestMs === null ? "0" : `${waiting}, for ${durationWords(oldestMs)}`],
    ["Answered", `${answered}`],
    ["Half of them within", durationWords(medianMs)],
    ["Nine of ten within", durationWords(p90Ms)],
    ["Without an answer in time", all === 0 ? "0" : `${fallbacks} (${Math.round((fallbacks * 100) / all)} %)`],
  ];
  return (
    <dl class="figures">
      {shown.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
