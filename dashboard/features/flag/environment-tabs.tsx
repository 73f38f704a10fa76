import type { Environment, FlagView } from "../../domain/api.ts";
import { project } from "../../domain/project.ts";
import { mayChange } from "../../domain/session.ts";
import { stateWords } from "../../domain/words/state-words.ts";
import { StateSwitch } from "../../editors/state-switch.tsx";

interface EnvironmentTabsProps {
  flag: FlagView | undefined;
  here: Environment;
  choose: (environment: Environment) => void;
  toggle: (flag: FlagView, environment: Environment) => void;
  restore: () => void;
}

/** The flag in every environment at a glance; the chosen one is edited below. */
export function EnvironmentTabs({ flag, here, choose, toggle, restore }: EnvironmentTabsProps) {
  return (
    <section class="environment-tabs" aria-label="Environments">
      {project.value?.environments.map((one) => {
        const summary = flag?.environments[one.key];
        const isHere = one.key === here.key;
        return (
          <div key={one.key} class={`environment-tab ${isHere ? "is-here" : ""}`}>
            <button type="button" class="environment-name" aria-pressed={isHere} onClick={() => choose(one)}>
              {one.name}
            </button>
            {flag && summary && (
              <StateSwitch
                flag={flag}
                environment={one}
                words={stateWords(flag, summary)}
                enabled={summary.enabled}
                disabled={!mayChange(flag.purpose, one.key)}
                onToggle={() => toggle(flag, one)}
                onRestore={() => {
                  choose(one);
                  restore();
                }}
              />
            )}
          </div>
        );
      })}
    </section>
  );
}
