import type { StateSummary } from "../schema/admin.ts";
import type { FlagState, Serve } from "../schema/flag.ts";
import type { Kill } from "../schema/snapshot.ts";

/** What a list of flags shows of one environment. The store answers it; the dashboard derives it after an edit. */
export function summarize(
  state: FlagState,
  version: number,
  kills: readonly Pick<Kill, "variant" | "serve">[],
  reach?: StateSummary["reach"],
) {
  const active = state.rules.filter((rule) => !rule.paused);
  const open = active.findIndex(({ when }) => "all" in when && when.all.length === 0);
  const everybody = active[open]?.serve ?? state.fallthrough;
  return {
    version,
    enabled: state.enabled,
    kills: kills.map(({ variant, serve }) => ({ ...(variant === undefined ? {} : { variant }), serve })),
    rules: state.rules.length,
    fallthrough: state.fallthrough as StateSummary["fallthrough"],
    targeting: open < 0 ? active.length : open,
    everybody: withoutRanges(everybody),
    ...(reach === undefined ? {} : { reach }),
  } satisfies StateSummary;
}

/** Whether more decides than what everybody is served: prerequisites, a holdout, a layer, or rules that single users out. */
export function isNarrowed({ prerequisites, holdout, layer, rules }: FlagState): boolean {
  if (prerequisites.length > 0 || holdout !== undefined || layer !== undefined) return true;
  const [first] = rules.filter(({ paused }) => !paused);
  return first !== undefined && (first.expiresAt !== undefined || !("all" in first.when) || first.when.all.length > 0);
}

function withoutRanges(serve: Serve): StateSummary["everybody"] {
  return "split" in serve ? { split: serve.split, by: serve.by } : serve;
}
