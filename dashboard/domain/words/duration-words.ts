const UNITS: readonly [ms: number, name: string][] = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1_000, "s"],
];

/** "3 d 4 h", "6 min 2 s", "0.8 s": the two largest units at most. */
export function durationWords(ms: number): string {
  if (ms < 10_000) return `${(ms / 1_000).toFixed(1)} s`;
  const first = UNITS.findIndex(([size]) => ms >= size);
  const [size, name] = UNITS[first] as [number, string];
  const whole = Math.floor(ms / size);
  const next = UNITS[first + 1];
  const rest = next ? Math.floor((ms % size) / next[0]) : 0;
  return rest > 0 && next ? `${whole} ${name} ${rest} ${next[1]}` : `${whole} ${name}`;
}

/** "2.4 a day", "1 every 3 days": how often, in the larger number. */
export function frequencyWords(perDay: number): string {
  if (perDay === 0) return "none";
  if (perDay >= 1) return `${perDay.toFixed(perDay < 10 ? 1 : 0)} a day`;
  const every = 1 / perDay;
  return every < 1.5 ? "1 a day" : `1 every ${Math.round(every)} days`;
}
