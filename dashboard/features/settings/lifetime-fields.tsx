import type { Signal } from "@preact/signals";

const DAY_MS = 86_400_000;
const LIFETIMES: [days: number, words: string][] = [
  [0, "Never"],
  [7, "In 7 days"],
  [30, "In 30 days"],
  [90, "In 90 days"],
  [365, "In a year"],
];

/** When a secret that is made now expires, as the API takes it; undefined: never. */
export const expiryIn = (days: number): string | undefined =>
  days === 0 ? undefined : new Date(Date.now() + days * DAY_MS).toISOString();

/** Chooses how long a new secret works. */
export function ExpiryChoice({ days, label = "Expires" }: { days: Signal<number>; label?: string }) {
  return (
    <label class="field">
      <span class="label">{label}</span>
      <select
        value={days.value}
        onChange={(event) => {
          days.value = Number(event.currentTarget.value);
        }}
      >
        {LIFETIMES.map(([value, words]) => (
          <option key={value} value={value} selected={value === days.value}>
            {words}
          </option>
        ))}
      </select>
    </label>
  );
}
