import { useEffect, useState } from "preact/hooks";

interface NumberBoxProps {
  label: string;
  value: number;
  unit?: string;
  disabled?: boolean;
  set: (value: number) => void;
}

const plain = (value: number): string => `${Number(value.toFixed(3))}`;

/** A number as people type it, comma or dot; what is no number yet changes nothing. */
export function NumberBox({ label, value, unit, disabled = false, set }: NumberBoxProps) {
  const [typed, setTyped] = useState(plain(value));
  useEffect(() => {
    if (Number(typed.replace(",", ".")) !== Number(plain(value))) setTyped(plain(value));
  }, [value]);
  return (
    <label class="number-box">
      <input
        inputMode="decimal"
        aria-label={label}
        value={typed}
        disabled={disabled}
        onInput={(event) => {
          const text = event.currentTarget.value;
          setTyped(text);
          const number = Number(text.replace(",", "."));
          if (text.trim() !== "" && Number.isFinite(number) && number >= 0) set(number);
        }}
        onBlur={() => setTyped(plain(value))}
      />
      {unit && <span>{unit}</span>}
    </label>
  );
}
