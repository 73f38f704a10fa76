/** Groups of three digits, set apart by one and the same sign: 10,000,000, 10.000.000, 10 000 000, 10'000'000. */
const GROUPED = /^[1-9]\d{0,2}(?:([\s,.'’])\d{3})(?:\1\d{3})*$/;

/**
 * A whole number as people type it; null for anything else. A sign between digits counts as one that groups only where
 * groups of three follow: "1.5" is no fifteen.
 */
export function wholeNumber(text: string): number | null {
  const typed = text.trim();
  if (!/^\d+$/.test(typed) && !GROUPED.test(typed)) return null;
  const number = Number(typed.replace(/\D/g, ""));
  return Number.isSafeInteger(number) ? number : null;
}
