import type { DebtView } from "../../../shared/schema/flag-debt.ts";
import { DEBT_WORDS } from "../../domain/words/debt-words.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";

/** Flags that code could do without, why, and the way to be rid of them. */
export function DebtList({ project, debt }: { project: string; debt: DebtView }) {
  return (
    <section class="card stack" aria-labelledby="debt">
      <div>
        <h2 id="debt">Flag debt</h2>
        <p class="muted">
          {`Flags that have not moved for ${debt.days} days in ${debt.environment}, or are past their expiry. Take them out of the code, then archive them.`}
        </p>
      </div>
      {debt.flags.length === 0 ? (
        <p class="muted">None. Every flag earns its keep.</p>
      ) : (
        <>
          <ul class="plain-list">
            {debt.flags.map(({ flag, owner, reasons, keep, dependants }) => (
              <li key={flag}>
                <span>
                  <a href={`/p/${project}/flags/${flag}?env=${debt.environment}`}>{flag}</a>{" "}
                  <span class="muted">{owner}</span>
                  <br />
                  <span class="muted">
                    {keep === undefined
                      ? "People get different variants or none: decide what stays."
                      : keep === null
                        ? "Everybody gets the code's own default."
                        : `Everybody gets ${keep}: keep that path in the code.`}
                    {dependants.length > 0 && ` First change what depends on it: ${dependants.join(", ")}.`}
                  </span>
                </span>
                {reasons.map(({ reason, since }) => (
                  <span key={reason} class={`debt-reason tone-${DEBT_WORDS[reason].tone}`} title={exactly(since)}>
                    {DEBT_WORDS[reason].words}, {ago(since)}
                  </span>
                ))}
                <a
                  class="button button-small"
                  href={`/p/${project}/flags/${flag}?env=${debt.environment}&tab=settings`}
                >
                  Open to archive
                </a>
              </li>
            ))}
          </ul>
          <p class="muted">
            Where code uses them: <code>npm run flags:usage -- PATH {project}</code>
          </p>
        </>
      )}
    </section>
  );
}
