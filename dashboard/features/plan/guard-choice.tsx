import { METRIC_WORDS } from "../../../shared/guard/metrics/words.ts";
import { USUAL_GUARDS } from "../../../shared/release/presets.ts";
import type { Metric } from "../../../shared/schema/series.ts";
import { NumberBox } from "../../ui/number-box.tsx";

const CONVERSION: Metric = { kind: "conversion", name: "conversion", tolerance: 0.05 };
const OFFERED: readonly Metric[] = [...USUAL_GUARDS, CONVERSION];

interface GuardChoiceProps {
  guards: readonly Metric[];
  set: (guards: Metric[]) => void;
}

/** What takes a release back: measures that are compared with the people who do not have it. */
export function GuardChoice({ guards, set }: GuardChoiceProps) {
  const own = guards.filter(({ name }) => !OFFERED.some((offered) => offered.name === name));
  return (
    <fieldset class="guard-choice">
      <legend class="label">Taken back when, compared with those who do not have it,</legend>
      {[...OFFERED, ...own].map((offered) => {
        const chosen = guards.find(({ name }) => name === offered.name);
        const words = METRIC_WORDS[offered.kind];
        return (
          <div key={offered.name} class="guard-line">
            <label class="check">
              <input
                type="checkbox"
                checked={chosen !== undefined}
                onChange={() => set(chosen ? guards.filter((one) => one !== chosen) : [...guards, offered])}
              />
              <span>
                {words.watches} {own.includes(offered) && <code>{offered.name}</code>}
              </span>
            </label>
            {chosen && (
              <span class="guard-tolerance">
                tolerate
                <NumberBox
                  label={`Tolerated change of ${words.name.toLowerCase()}, in per cent`}
                  value={chosen.tolerance * 100}
                  unit="%"
                  set={(percent) =>
                    set(guards.map((one) => (one === chosen ? { ...one, tolerance: percent / 100 } : one)))
                  }
                />
              </span>
            )}
          </div>
        );
      })}
    </fieldset>
  );
}
