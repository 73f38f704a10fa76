import { DARK_STAGES, type DarkStage } from "../../../shared/demand/test-kinds.ts";
import type { DarkLaunchSettings } from "../../../shared/schema/demand-test.ts";
import type { TestView } from "../../../shared/schema/test-admin.ts";
import { environment, project } from "../../domain/project.ts";
import { may } from "../../domain/session.ts";
import { conditionWords } from "../../domain/words/condition-words.ts";
import { Icon } from "../../ui/icon.tsx";
import { complain, tell } from "../../ui/toasts.tsx";
import { DarkGuard } from "./dark-guard.tsx";
import { takeToStage } from "./test-store.ts";
import { STAGE_WORDS } from "./test-words.ts";

interface DarkStagesProps {
  test: TestView;
  settings: DarkLaunchSettings;
  locked: boolean;
  changed: () => Promise<void>;
}

/** The way from nobody to the first visitors, one step at a time, and back. */
export function DarkStages({ test, settings, locked, changed }: DarkStagesProps) {
  const here = DARK_STAGES.indexOf(test.stage ?? "off");
  const go = async (stage: DarkStage) => {
    try {
      await takeToStage(test.flag, stage);
      await changed();
      tell(stage === "off" ? "Off: nobody sees it any more" : `Now at: ${STAGE_WORDS[stage].name}`);
    } catch (error) {
      complain("The stage was not changed", error);
    }
  };
  const who: Partial<Record<DarkStage, string>> = {
    segment: conditionWords(settings.segment),
    staff: conditionWords(settings.staff),
    percent: `${settings.percent / 1_000} % of everybody`,
  };
  return (
    <section class="card stack" aria-labelledby="stages">
      <h2 id="stages">Who sees it</h2>
      <ol class="dark-stages">
        {DARK_STAGES.map((stage, index) => (
          <li
            key={stage}
            class={index === here ? "is-here" : index < here ? "is-done" : ""}
            aria-current={index === here ? "step" : undefined}
          >
            <span class="dark-stage-mark">{index < here ? <Icon name="check" size={14} /> : index}</span>
            <span class="dark-stage-words">
              <strong>{STAGE_WORDS[stage].name}</strong>
              <span class="muted">{STAGE_WORDS[stage].explanation}</span>
              {who[stage] && <span class="hint">{who[stage]}</span>}
              {stage === "synthetic" && index <= here && here > 0 && !may("engineer", environment.value?.key) && (
                <span class="hint">An engineer starts it.</span>
              )}
              {stage === "synthetic" && index <= here && here > 0 && may("engineer", environment.value?.key) && (
                <code class="dark-command">
                  {`npm run synthetic -- ${project.value?.key} ${environment.value?.key} ${test.flag} --rate 20 --seconds 30`}
                </code>
              )}
            </span>
            {!locked && index !== here && (
              <button
                type="button"
                class={`button button-small ${index === here + 1 ? "button-primary" : ""}`}
                onClick={() => go(stage)}
              >
                {index === 0 ? "Switch off" : index < here ? "Back to this" : "Go to this stage"}
              </button>
            )}
          </li>
        ))}
      </ol>
      <DarkGuard flag={test.flag} locked={locked} />
      <p class="muted">
        At every stage, users outside it get answers that are byte for byte those of a flag that does not exist.
      </p>
    </section>
  );
}
