import { useState } from "preact/hooks";

interface NumberBoxProps {
  label: string;
  value: number;
  unit?: string;
  disabled?: boolean;
  set: (value: number) => void;
}

const plain = (value: number): string => `${Number(value.toFixed(3))}`;

/** Comma or dot; null for what is no number yet. */
function numberOf(text: string): number | null {
  const number = Number(text.replace(",", "."));
  return text.trim() !== "" && Number.isFinite(number) && number >= 0 ? number : null;
}

/**
 * A number as people type it, comma or dot; what is no number yet changes nothing. What is typed stands until the box is
 * left, which then shows what was made of it: "0" on the way to "0,5" must not become the least that is allowed.
 */
export function NumberBox({ label, value, unit, disabled = false, set }: NumberBoxProps) {
  const [typed, setTyped] = useState<string | null>(null);
  return (
    <label class="number-box">
      <input
        inputMode="decimal"
        aria-label={label}
        value={typed ?? plain(value)}
        disabled={disabled}
        onInput={(event) => {
          const text = event.currentTarget.value;
          const number = numberOf(text);
          setTyped(text);
          if (number !== null) set(number);
        }}
        onBlur={() => setTyped(null)}
      />
      {unit && <span>{unit}</span>}
    </label>
  );
}
