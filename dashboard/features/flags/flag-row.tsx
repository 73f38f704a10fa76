import type { Environment, FlagView } from "../../domain/api.ts";
import { environment as chosenEnvironment } from "../../domain/project.ts";
import { mayChange } from "../../domain/session.ts";
import { usage } from "../../domain/usage.ts";
import { PURPOSE_WORDS } from "../../domain/words/flag-words.ts";
import { stateWords } from "../../domain/words/state-words.ts";
import { askedBriefly, askedWords } from "../../domain/words/usage-words.ts";
import { StateSwitch } from "../../editors/state-switch.tsx";
import { Icon } from "../../ui/icon.tsx";
import { mayTick, selection, tick } from "./selection.ts";

interface FlagRowProps {
  flag: FlagView;
  index: number;
  href: string;
  environments: readonly Environment[];
  actions: RowActions;
}
export interface RowActions {
  toggle: (flag: FlagView, environment: Environment) => void;
  restore: (flag: FlagView, environment: Environment) => void;
  kill: (flag: FlagView) => void;
  /** Keys in the order shown. */
  order: () => readonly string[];
}

/** One flag: what it is on the left, what it does in each environment on the right. */
export function FlagRow({ flag, index, href, environments, actions }: FlagRowProps) {
  const asked = usage.value;
  const here = chosenEnvironment.value?.key;
  const isLive = flag.archivedAt === undefined;
  const mayKill = isLive && here !== undefined && mayChange(flag.purpose, here);
  return (
    <tr class="flag-row" aria-rowindex={index + 2} data-index={index}>
      <td class="flag-cell flag-tick">
        {mayTick(flag) && (
          <input
            type="checkbox"
            aria-label={`Tick ${flag.key}`}
            checked={selection.value.has(flag.key)}
            onClick={(event) => tick(flag.key, event.shiftKey ? actions.order() : undefined)}
          />
        )}
      </td>
      <td class="flag-cell flag-name">
        <a href={href} data-flag={flag.key}>
          {flag.key}
        </a>
        <span class="muted clip" title={flag.description}>
          {flag.description || "No description yet"}
        </span>
      </td>
      <td class="flag-cell flag-about">
        <span class={`chip ${PURPOSE_WORDS[flag.purpose].isTest ? "chip-test" : ""}`}>
          {PURPOSE_WORDS[flag.purpose].name}
        </span>
        <span class="muted clip" title={[flag.owner, ...flag.tags].filter(Boolean).join(", ")}>
          {flag.owner}
          {flag.tags.map((tag) => (
            <span key={tag} class="tag">
              {tag}
            </span>
          ))}
        </span>
      </td>
      <td class="flag-cell flag-asked muted" title={asked ? askedWords(asked, flag.key, asked.environment) : undefined}>
        {asked && askedBriefly(asked, flag.key)}
      </td>
      {environments.map((environment) => {
        const summary = flag.environments[environment.key];
        if (!summary) return <td key={environment.key} class="flag-cell" />;
        return (
          <td key={environment.key} class="flag-cell flag-state">
            <StateSwitch
              flag={flag}
              environment={environment}
              words={stateWords(flag, summary)}
              enabled={summary.enabled}
              disabled={!mayChange(flag.purpose, environment.key) || flag.archivedAt !== undefined}
              onToggle={() => actions.toggle(flag, environment)}
              onRestore={() => actions.restore(flag, environment)}
            />
          </td>
        );
      })}
      <td class="flag-cell flag-stop">
        <button
          type="button"
          class="icon-button stop-button"
          aria-label={`Kill ${flag.key}…`}
          title="Kill… (k)"
          disabled={!mayKill}
          onClick={() => actions.kill(flag)}
        >
          <Icon name="stop" size={18} />
        </button>
      </td>
    </tr>
  );
}
