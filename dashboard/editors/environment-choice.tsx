import { useId } from "preact/hooks";
import type { Environment } from "../domain/api.ts";

interface EnvironmentChoiceProps {
  environments: readonly Environment[];
  /** Key of the one chosen. */
  chosen: string;
  choose: (key: string) => void;
}

/** Where something is to be done. */
export function EnvironmentChoice({ environments, chosen, choose }: EnvironmentChoiceProps) {
  const name = useId();
  return (
    <fieldset class="field">
      <legend class="label">In</legend>
      <div class="segmented">
        {environments.map((one) => (
          <label key={one.key}>
            <input type="radio" name={name} checked={one.key === chosen} onChange={() => choose(one.key)} />
            <span>{one.name}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
