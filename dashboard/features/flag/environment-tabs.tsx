import type { FlagState } from "../../../shared/schema/flag.ts";
import type { Environment, FlagView } from "../../domain/api.ts";
import { project } from "../../domain/project.ts";
import { mayChange } from "../../domain/session.ts";
import { type StateWords, stateWords } from "../../domain/words/state-words.ts";
import { editing } from "../../editors/documents.ts";
import { StateSwitch } from "../../editors/state-switch.tsx";

/** Where an unsaved change has put the switch; null where it stands as it is served. */
function draftSwitch(flag: FlagView, environment: Environment): (StateWords & { enabled: boolean }) | null {
  const place = { project: project.value?.key ?? "", flag: flag.key, environment: environment.key };
  const document = editing<FlagState>(place);
  if (!document || document.base.enabled === document.value.enabled) return null;
  const { enabled } = document.value;
  return { enabled, tone: enabled ? "part" : "off", text: enabled ? "On, unsaved" : "Off, unsaved" };
}

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
        const draft = flag && draftSwitch(flag, one);
        return (
          <div key={one.key} class={`environment-tab ${isHere ? "is-here" : ""}`}>
            <button type="button" class="environment-name" aria-pressed={isHere} onClick={() => choose(one)}>
              {one.name}
            </button>
            {flag && summary && (
              <StateSwitch
                flag={flag}
                environment={one}
                words={draft ?? stateWords(flag, summary)}
                enabled={draft ? draft.enabled : summary.enabled}
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
