import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { BudgetView } from "../../../shared/schema/quota.ts";
import { wholeNumber } from "../../../shared/whole-number.ts";
import { answer, api, Refusal } from "../../domain/api.ts";
import { may } from "../../domain/session.ts";
import { FreePlanNote } from "../../editors/free-plan-note.tsx";
import { InlineForm } from "../../ui/inline-form.tsx";
import { Problem } from "../../ui/problem.tsx";
import { TextField } from "../../ui/text-field.tsx";

const route = api.projects[":project"].budget;
const number = new Intl.NumberFormat("en");
const WORDS: Record<BudgetView["state"], { words: string; tone: string }> = {
  none: { words: "No budget is set", tone: "off" },
  within: { words: "Within the budget", tone: "on" },
  warning: { words: "The budget runs out", tone: "part" },
  over: { words: "Over the budget", tone: "killed" },
};

/** This month's evaluations, and what they may come to. A budget warns; nothing is refused. */
export function BudgetSettings({ project }: { project: string }) {
  const budget = useSignal<BudgetView | null>(null);
  const wanted = useSignal("");
  const problem = useSignal<unknown>(null);
  /** What the field showed when it was last read. */
  const known = useRef("");
  const param = { project };
  const read = async () => {
    budget.value = await answer(route.$get({ param }));
    const stored = String(budget.value.evaluationsPerMonth ?? "");
    // What somebody has typed meanwhile stays.
    if (wanted.value === known.current) wanted.value = stored;
    known.current = stored;
  };
  useEffect(() => {
    read().catch((error) => {
      problem.value = error;
    });
  }, [project]);
  const save = async () => {
    problem.value = null;
    const isNone = wanted.value.trim() === "";
    const evaluationsPerMonth = wholeNumber(wanted.value);
    if (!isNone && evaluationsPerMonth === null) {
      problem.value = new Refusal(0, {
        title: `"${wanted.value.trim()}" is no whole number`,
        detail: "Write the evaluations of a month as a whole number, such as 10,000,000.",
      });
      return;
    }
    try {
      if (evaluationsPerMonth === null) await route.$delete({ param, header: {} });
      else await route.$put({ param, header: {}, json: { evaluationsPerMonth } });
      known.current = wanted.value;
      await read();
    } catch (error) {
      problem.value = error;
    }
  };
  const shown = budget.value;
  const share = shown?.evaluationsPerMonth ? Math.min(1, shown.used / shown.evaluationsPerMonth) : 0;
  return (
    <section class="card stack" aria-labelledby="budget">
      <div>
        <h2 id="budget">Evaluations this month</h2>
        <p class="muted">A budget warns at 80 %, in the history and by webhook. It refuses nothing: apps come first.</p>
      </div>
      <FreePlanNote about="usage" />
      {shown && (
        <div class={`budget tone-${WORDS[shown.state].tone}`}>
          <p>
            <b class="figure-value">{number.format(shown.used)}</b>
            {shown.evaluationsPerMonth !== null && ` of ${number.format(shown.evaluationsPerMonth)}`}{" "}
            <b class="webhook-state">{WORDS[shown.state].words}</b>
          </p>
          {shown.evaluationsPerMonth !== null && (
            <svg class="budget-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
              <rect class="budget-rest" width="100" height="4" />
              <rect class="budget-used" width={share * 100} height="4" />
            </svg>
          )}
          <p class="muted">
            {Object.entries(shown.environments)
              .map(([name, used]) => `${name} ${number.format(used)}`)
              .join(", ") || "Nothing was asked for yet."}
          </p>
        </div>
      )}
      {problem.value !== null && <Problem error={problem.value} />}
      {may("admin") && (
        <InlineForm submit={save}>
          <TextField
            label="Budget for a month (empty: none)"
            value={wanted}
            inputMode="numeric"
            placeholder="10,000,000"
          />
          <button type="submit" class="button button-primary">
            Set the budget
          </button>
        </InlineForm>
      )}
    </section>
  );
}
