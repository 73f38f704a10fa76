import type { ReachView, StateSummary } from "../../../shared/schema/admin.ts";

export type KnownReach = Pick<NonNullable<StateSummary["reach"]>, "share" | "served" | "groups">;
type Group = KnownReach["groups"][number];

/** A share as people read it: three digits, as it is reckoned and not counted. */
export const percentOf = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;

/** Names of segments that fit into a few words; more, or rules without one, are counted. */
const MOST_NAMES = 2;

/** Users whom rules single out: "staff", "staff and beta", "3 rules". */
export function groupWords(groups: readonly Group[]): string {
  const names = [...new Set(groups.flatMap(({ segments }) => segments))];
  if (groups.every(({ segments }) => segments.length > 0) && names.length <= MOST_NAMES) return names.join(" and ");
  return groups.length === 1 ? "1 rule" : `${groups.length} rules`;
}

/** The same as part of a sentence: "users in staff", "users who match 3 rules". */
function whoWords(groups: readonly Group[]): string {
  const words = groupWords(groups);
  return /^\d+ rules?$/.test(words) ? `users who match ${words}` : `users in ${words}`;
}

/** Whom a flag reaches, in a sentence. */
export function reachSentence({ share, groups }: KnownReach): string {
  const chosen = groups.filter((group) => group.share > 0);
  const left = groups.filter((group) => group.share < 1);
  if (share === 1) return left.length === 0 ? "It reaches everyone." : `It reaches everyone, except ${whoWords(left)}.`;
  if (share === 0) return chosen.length === 0 ? "It reaches nobody." : `It reaches only ${whoWords(chosen)}.`;
  if (groups.length === 0) return `It reaches about ${percentOf(share)} of users.`;
  return `It reaches about ${percentOf(share)} of users: ${[...(chosen.length > 0 ? [groupWords(chosen)] : []), `${percentOf(share)} of everyone else`].join(" and ")}.`;
}

type Step = ReachView["steps"][number];
interface RuleNames {
  rules: readonly { id: string; name?: string | undefined }[];
  prerequisites: readonly { flag: string }[];
  holdout?: string | undefined;
  layer?: { layer: string } | undefined;
}

/** How a reach was reckoned, a sentence for each step. */
export function reckonedWords({ steps, groups }: Pick<ReachView, "steps" | "groups">, state: RuleNames): string[] {
  const number = (id: string | undefined) => state.rules.findIndex((rule) => rule.id === id) + 1;
  const ruleName = (id: string | undefined) => {
    const name = state.rules.find((rule) => rule.id === id)?.name;
    return number(id) > 0 ? `Rule ${number(id)}${name ? ` (${name})` : ""}` : `Rule ${id}`;
  };
  return [
    ...groups.map((group) => {
      const who = group.segments.length > 0 ? whoWords([group]) : "the users who match";
      return `${ruleName(group.rule)}: ${percentOf(group.share)} of ${who}. How many these are is not known.`;
    }),
    ...steps.map((step) => stepWords(step, state, ruleName)),
  ];
}

function stepWords(
  { cause, share, served }: Step,
  state: RuleNames,
  ruleName: (id: string | undefined) => string,
): string {
  const who = `${percentOf(share)} of everyone else`;
  const get = servedWords(served, share);
  switch (cause.by) {
    case "disabled":
      return `The flag is off: ${get}.`;
    case "killed":
      return `${who} ${get}, by a kill.`;
    case "blocked":
      return `${who} ${get}: a prerequisite is off, killed or missing.`;
    case "prerequisite":
      return `${who} ${get}: they do not meet its prerequisites (${state.prerequisites.map(({ flag }) => flag).join(", ")}).`;
    case "holdout":
      return `${who} ${get}: they are in the holdout ${state.holdout ?? ""}.`;
    case "layer":
      return `${who} ${get}: they are outside this flag's part of the layer ${state.layer?.layer ?? ""}.`;
    case "rule":
      return `${ruleName(cause.rule)} decides for ${who}: they ${get}.`;
    default:
      return `The default rule decides for ${who}: they ${get}.`;
  }
}

function servedWords(served: Step["served"], whole: number): string {
  const parts = served
    .filter(({ share }) => share > 0)
    .map(({ variant, share }) => {
      const name = variant ?? "the default of their code";
      return share === whole ? name : `${name} ${percentOf(share / whole)}`;
    });
  return `get ${parts.join(", ")}`;
}
