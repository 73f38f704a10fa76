import type { FlagView } from "../domain/api.ts";
import type { StateWords } from "../domain/words/state-words.ts";

interface StateSwitchProps {
  flag: Pick<FlagView, "key">;
  environment: { key: string; name: string };
  words: StateWords;
  enabled: boolean;
  disabled?: boolean;
  onToggle: () => void;
  onRestore: () => void;
}

/** On or off in one environment, with the state in words; a killed flag offers to be restored instead. */
export function StateSwitch({ flag, environment, words, enabled, disabled, onToggle, onRestore }: StateSwitchProps) {
  const { tone, text, share } = words;
  if (tone === "killed") {
    return (
      <button
        type="button"
        class="state tone-killed"
        aria-label={`${flag.key} in ${environment.name}: ${text}. Restore…`}
        disabled={disabled}
        onClick={onRestore}
      >
        <span class="knob" />
        <span class="state-text">{text}</span>
      </button>
    );
  }
  return (
    <button
      type="button"
      role="switch"
      class={`state tone-${tone} ${enabled ? "is-enabled" : ""}`}
      aria-checked={enabled}
      aria-label={`${flag.key} in ${environment.name}: ${text}`}
      disabled={disabled}
      onClick={onToggle}
    >
      <span class="knob" />
      <span class="state-text" title={text}>
        {text}
      </span>
      {share !== undefined && tone === "part" && (
        <span class="share" role="presentation">
          <span style={{ width: `${share}%` }} />
        </span>
      )}
    </button>
  );
}
