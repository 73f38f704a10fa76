import { useLayoutEffect } from "preact/hooks";
import { DEMAND_ALPHA, LEAST_PEOPLE } from "../../../shared/demand/demand.ts";
import { peopleNeeded } from "../../../shared/guard/statistics/binomial-sequence.ts";
import { NumberBox } from "../../ui/number-box.tsx";
import type { DoorDraft } from "./door-draft.ts";

interface DurationProps {
  door: DoorDraft;
  change: (part: Partial<DoorDraft>) => void;
}

const MOST_PEOPLE = 1_000_000;

/** How many people, and so how many days, until the answer is clear in four tests of five. */
export function Duration({ door, change }: DurationProps) {
  const { bar, hoped, visitors, share, targetPeople, weeks } = door;
  const needed = peopleNeeded({ bar: bar / 100, expected: hoped / 100, alpha: DEMAND_ALPHA });
  const advised = needed === null ? null : Math.min(MOST_PEOPLE, Math.max(LEAST_PEOPLE, round(needed)));
  useLayoutEffect(() => {
    if (advised !== null) change({ targetPeople: advised });
  }, [advised]);
  const daily = (visitors * share) / 100;
  const days = targetPeople === null || daily <= 0 ? null : Math.ceil(targetPeople / daily);
  return (
    <>
      <div class="number-row">
        <span>Your page has about</span>
        <NumberBox label="Visitors a day" value={visitors} set={(value) => change({ visitors: Math.round(value) })} />
        <span>visitors a day. Stop after</span>
        <NumberBox
          label="People"
          value={targetPeople ?? 1_000}
          set={(value) => change({ targetPeople: Math.min(MOST_PEOPLE, Math.max(20, Math.round(value))) })}
        />
        <span>people, at the latest after</span>
        <NumberBox label="Weeks" value={weeks} set={(value) => change({ weeks: Math.min(52, Math.max(1, value)) })} />
        <span>weeks.</span>
      </div>
      <p class={`note-plain ${days !== null && days > weeks * 7 ? "bad" : ""}`} role="status">
        {advised === null
          ? "Hope and bar are too close to tell apart: no number of people would decide it."
          : days === null
            ? "Say how many visitors there are, and this says how long it takes."
            : `${days === 1 ? "One day" : `About ${days.toLocaleString("en")} days`} for ${(targetPeople ?? 0).toLocaleString("en")} people. ${
                days > weeks * 7
                  ? "That is longer than the test may last: raise the share, or be content with less certainty."
                  : `If you are right, ${advised.toLocaleString("en")} people make the answer clear in four of five tests.`
              }`}
      </p>
    </>
  );
}

/** Two significant digits, upwards: more would claim more than a plan knows. */
function round(people: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(people)) - 1);
  return Math.ceil(people / step) * step;
}
