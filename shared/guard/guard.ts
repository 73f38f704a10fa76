import { SPLIT_TOTAL } from "../limits.ts";
import type { FlagState, Serve } from "../schema/flag.ts";
import type { GuardDefinition } from "../schema/guard.ts";
import type { Series } from "../schema/series.ts";

/** What of a flag a guard watches: people are told apart by `serve` of one rule, or of the fallthrough (rule null). */
interface Watched {
  rule: string | null;
  serve: Serve;
}

/** The rule named, else the first that splits, else the fallthrough. Null: the rule named is not there. */
function watchedServe({ rule }: GuardDefinition, { rules, fallthrough }: FlagState): Watched | null {
  const places: Watched[] = [
    ...rules.filter(({ paused }) => !paused).map(({ id, serve }) => ({ rule: id, serve })),
    { rule: null, serve: fallthrough },
  ];
  if (rule !== undefined) return places.find((place) => place.rule === rule) ?? null;
  return places.find(({ serve }) => "split" in serve) ?? { rule: null, serve: fallthrough };
}

/** Everything that makes counts comparable. A guard whose arms change begins a new series. */
export type ObservedSplit = Pick<Series, "by" | "arms" | "control" | "ranges" | "rule">;

/** What a stand-alone guard compares, as the flag is served now; null when there is nothing to watch. */
export function observedBy(guard: GuardDefinition, offVariant: string | null, state: FlagState): ObservedSplit | null {
  if (!state.enabled) return null;
  const watched = watchedServe(guard, state);
  if (!watched) return null;
  const { rule, serve } = watched;
  if (!("split" in serve)) {
    // Where everybody gets the off variant there is nothing to take back: a dark launch before its first visitors.
    if (serve.variant === null || serve.variant === offVariant) return null;
    return { by: "targetingKey", arms: [{ variant: serve.variant, share: SPLIT_TOTAL }], control: null, rule };
  }
  const arms = serve.split
    .filter(({ weight }) => weight > 0)
    .map(({ variant, weight }) => ({ variant, share: weight }));
  const control = guard.control ?? offVariant;
  return {
    by: serve.by,
    arms,
    control: arms.length > 1 && arms.some(({ variant }) => variant === control) ? control : null,
    ...(serve.ranges ? { ranges: serve.ranges } : {}),
    rule,
  };
}
