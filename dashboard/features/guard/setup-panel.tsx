import { useSignal } from "@preact/signals";
import { METRIC_WORDS } from "../../../shared/guard/metrics/words.ts";
import { intervalWords, numbersWords } from "../../../shared/guard/words.ts";
import type { GuardStatus } from "../../../shared/schema/guard.ts";
import type { Metric } from "../../../shared/schema/series.ts";
import { deleteGuard, putGuard, useGuardStatus } from "../../domain/guard-setup-store.ts";
import type { GuardPlace } from "../../domain/guard-store.ts";
import type { SectionProps } from "../../domain/section-props.ts";
import { ago, exactly } from "../../domain/words/time-words.ts";
import { FreePlanNote } from "../../editors/free-plan-note.tsx";
import { SilentNote } from "../../editors/silent-note.tsx";
import { confirmed } from "../../ui/confirm.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Problem } from "../../ui/problem.tsx";
import { complain, tell } from "../../ui/toasts.tsx";
import { SetupForm } from "./setup-form.tsx";

/** A guard looks once a minute while nothing arrives: this long (ms) without a look, it cannot. */
const BLIND_MS = 90_000;

/** Guards a flag without a release plan: sets it up, says what it watches and what it found, takes it off. */
export function GuardSetup({ project, environment, flag, locked }: SectionProps) {
  const place: GuardPlace = { project, environment: environment.key, flag: flag.key };
  const problem = useSignal<unknown>(null);
  const summary = flag.environments[environment.key];
  const stamp = `${flag.version} ${summary?.version} ${summary?.kills.length}`;
  const { status, read } = useGuardStatus(place, stamp, (error) => {
    problem.value = error;
  });
  const attempt = async (work: Promise<unknown>, done: string, failed: string) => {
    try {
      await work;
      tell(done);
      await read();
    } catch (error) {
      complain(failed, error);
    }
  };
  const takeOff = async () => {
    const isSure = await confirmed({
      title: "Take the guard off this flag?",
      text: "What is served stays as it is, and nothing stops it by itself any more.",
      action: "Take the guard off",
    });
    if (isSure) await attempt(deleteGuard(place), "The guard is gone", "The guard is still there");
  };
  if (status === undefined && problem.value === null) return null;
  const guard = status?.guard ?? null;
  const watch = status?.watch ?? null;
  // A plan's own guards are the plan's business.
  if (!guard && watch?.active) return null;
  return (
    <section class="card stack" aria-labelledby="guard-setup">
      <div>
        <h2 id="guard-setup">{`Guard in ${environment.name}`}</h2>
        <p class="muted">
          Compares those who get a variant with those who do not, every other second, and stops the flag when it does
          harm. Your servers report what people were served and what came of it.
        </p>
      </div>
      <FreePlanNote about="guards" />
      {problem.value !== null && <Problem error={problem.value} />}
      {watch?.breach && <Breach watch={watch} />}
      {guard && <Watching metrics={guard.metrics} watch={watch} />}
      {!guard && locked && <p class="muted">Nothing guards this flag.</p>}
      {!guard && !locked && (
        <SetupForm
          place={place}
          save={(definition) => attempt(putGuard(place, definition), "The flag is guarded", "The flag is not guarded")}
        />
      )}
      {guard && !locked && (
        <div class="row">
          <button type="button" class="button button-small" onClick={takeOff}>
            <Icon name="trash" /> Take the guard off
          </button>
        </div>
      )}
    </section>
  );
}

type Watch = NonNullable<GuardStatus["watch"]>;

function Watching({ metrics, watch }: { metrics: readonly Metric[]; watch: Watch | null }) {
  const { checkedAt, active, exposed, apart, breach } = watch ?? {};
  const units = Object.entries(exposed ?? {}).filter(([, count]) => count > 0);
  const left = apart ? apart.unattributed + apart.mismatched + apart.excluded : 0;
  const blind = active === true && checkedAt != null && Date.now() - Date.parse(checkedAt) > BLIND_MS;
  return (
    <>
      <ul class="guard-watches" aria-label="Watches for">
        {metrics.map(({ name, kind, event }) => (
          <li key={name}>
            {METRIC_WORDS[kind].watches} <code>{event ?? name}</code>
          </li>
        ))}
      </ul>
      <p class="muted">
        {units.length > 0
          ? `Seen: ${units.map(([arm, count]) => `${count.toLocaleString("en")} ${arm}`).join(", ")}. `
          : "It counts as soon as the flag is on and its servers report. "}
        {left > 0 && `${left.toLocaleString("en")} told apart: bots, staff, events without an exposure. `}
        {!breach && units.length > 0 && watch?.state !== "no-data" && watch?.reason}
      </p>
      {watch?.silent.map((silent) => (
        <SilentNote key={silent.event ?? ""} silent={silent} exposed={exposed ?? {}} />
      ))}
      {blind && (
        <p class="guard-blind" role="status">
          <Icon name="alert" /> It has not been able to look for a while: a part of the counts does not answer.
        </p>
      )}
    </>
  );
}

const TAKEN: Record<Watch["onBreach"], string> = {
  kill: "It stopped the flag",
  "step-back": "It took the release back a stage",
  alert: "It found harm",
};

/** The last thing it did, by which numbers. */
function Breach({ watch: { breach, onBreach, state } }: { watch: Watch }) {
  if (!breach) return null;
  const interval = intervalWords(breach);
  return (
    <div class="guard-breach">
      <Icon name="stop" size={20} />
      <div>
        <strong>{state === "waiting-for-approval" ? "It found harm and waits for a person" : TAKEN[onBreach]}</strong>,{" "}
        <time title={exactly(breach.at)}>{ago(breach.at)}</time>
        <p>{`${numbersWords(breach)}.${interval === "" ? "" : ` Difference: ${interval}.`}`}</p>
      </div>
    </div>
  );
}
