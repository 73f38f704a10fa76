interface CardsProps<V extends string> {
  legend: string;
  name: string;
  value: V;
  choose: (value: V) => void;
  options: Record<V, { name: string; explanation: string }>;
  isOffered?: (value: V) => boolean;
}

/** One choice of a few, each with a sentence: radio buttons that look like cards. */
export function Cards<V extends string>({ legend, name, value, choose, options, isOffered }: CardsProps<V>) {
  const offered = (Object.keys(options) as V[]).filter((one) => isOffered?.(one) ?? true);
  return (
    <fieldset class="field">
      <legend class="label">{legend}</legend>
      <div class="cards">
        {offered.map((one) => (
          <label key={one} class="choice-card">
            <input type="radio" name={name} value={one} checked={one === value} onChange={() => choose(one)} />
            <span>
              <strong>{options[one].name}</strong>
              <span class="muted">{options[one].explanation}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
