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

/** A number as people type it, comma or dot; what is no number yet changes nothing. */
export function NumberBox({ label, value, unit, disabled = false, set }: NumberBoxProps) {
  // What is being typed, and the value it made: as soon as the value is another, the value is shown.
  const [typing, setTyping] = useState<{ text: string; made: number } | null>(null);
  return (
    <label class="number-box">
      <input
        inputMode="decimal"
        aria-label={label}
        value={typing?.made === value ? typing.text : plain(value)}
        disabled={disabled}
        onInput={(event) => {
          const text = event.currentTarget.value;
          const number = numberOf(text);
          setTyping({ text, made: number ?? value });
          if (number !== null) set(number);
        }}
        onBlur={() => setTyping(null)}
      />
      {unit && <span>{unit}</span>}
    </label>
  );
}
