/**
 * Kleene's three values and a fourth. `BLOCKED` is a test of a flag that is killed, disabled or itself blocked. It
 * never makes a rule match, and a rule that comes out blocked ends the flag's evaluation, so that taking a flag
 * away can only take things away: killing any flag turns nothing on.
 *
 * `all`: false > unknown > blocked > true. `any`: true > blocked > unknown > false.
 *
 * Why the law holds: a kill moves flag tests only from anything to BLOCKED. Under both tables, and since `not`
 * never stands above a flag test, a condition can then move only true → blocked, false → unknown or blocked,
 * unknown → blocked. So no rule starts to match, and one that stops to match ends the evaluation.
 */
export const FALSE = 0;
export const TRUE = 1;
export const UNKNOWN = 2;
export const BLOCKED = 3;
export type Truth = typeof FALSE | typeof TRUE | typeof UNKNOWN | typeof BLOCKED;

export const TRUTH_NAMES = ["false", "true", "unknown", "blocked"] as const;
export type TruthName = (typeof TRUTH_NAMES)[number];
