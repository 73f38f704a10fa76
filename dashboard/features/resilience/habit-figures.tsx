import { percent } from "../../../shared/resilience/words.ts";
import type { Habits } from "../../../shared/schema/resilience.ts";
import { durationWords } from "../../domain/words/duration-words.ts";

const counted = (n: number, one: string): string => `${n} ${one}${n === 1 ? "" : "s"}`;

/** How the team releases, from the same data. */
export function HabitFigures({ habits }: { habits: Habits }) {
  const { changeSize, leadTime, killToRelease, byPlan } = habits;
  return (
    <section class="stack" aria-labelledby="habits">
      <div>
        <h2 id="habits">Habits</h2>
        <p class="muted">Over the last twelve weeks.</p>
      </div>
      <dl class="habits card">
        <Habit
          name="Change size"
          value={changeSize.value === null ? null : percent(changeSize.value)}
          from={`of users added by a release, the median of ${counted(changeSize.count, "release")}`}
        />
        <Habit
          name="Lead time"
          value={leadTime.value === null ? null : durationWords(leadTime.value)}
          from={`from commit to deployed, the median of ${counted(leadTime.count, "deployment")}`}
        />
        <Habit
          name="From kill to next release"
          value={killToRelease.value === null ? null : durationWords(killToRelease.value)}
          from={`the median of ${counted(killToRelease.count, "kill")}${killToRelease.waiting > 0 ? `; ${counted(killToRelease.waiting, "flag")} not released since` : ""}`}
        />
        <Habit
          name="Rolled out by a plan"
          value={byPlan.value === null ? null : percent(byPlan.value)}
          from={`of ${counted(byPlan.count, "release")}`}
        />
      </dl>
    </section>
  );
}

function Habit({ name, value, from }: { name: string; value: string | null; from: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <b class={value === null ? "muted" : undefined}>{value ?? "No data"}</b>
        <span class="muted">{from}</span>
      </dd>
    </div>
  );
}
