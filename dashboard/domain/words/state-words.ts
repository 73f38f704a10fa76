import type { StateSummary } from "../../../shared/schema/admin.ts";
import type { FlagView } from "../api.ts";

/** What a colour says. Words always say it too. */
export type Tone = "off" | "on" | "part" | "rules" | "killed";

export interface StateWords {
  tone: Tone;
  text: string;
  /** Of everybody, 0–100, when a rollout is under way. */
  share?: number;
}

type Shown = Pick<FlagView, "variants" | "offVariant">;
type Summary = Pick<StateSummary, "enabled" | "kills" | "targeting" | "everybody">;

/** A flag's state in one environment, in a few words for people who look rather than read. */
export function stateWords(flag: Shown, summary: Summary): StateWords {
  const whole = summary.kills.some(({ variant }) => variant === undefined);
  if (whole) return { tone: "killed", text: "Killed" };
  if (summary.kills.length > 0)
    return { tone: "killed", text: `Killed: ${summary.kills.map(({ variant }) => variant).join(", ")}` };
  if (!summary.enabled) return { tone: "off", text: "Off" };
  const { everybody, targeting } = summary;
  const rules = targeting === 1 ? "1 rule" : `${targeting} rules`;
  if ("split" in everybody) {
    const reached = everybody.split.filter(({ variant }) => variant !== flag.offVariant);
    const share = reached.reduce((sum, { weight }) => sum + weight, 0) / 1_000;
    const live = everybody.split.filter(({ weight }) => weight > 0).length;
    const text = live > 2 || (share === 100 && live > 1) ? `Split ${live} ways` : percent(share);
    return { tone: "part", text: targeting > 0 ? `${text} + ${rules}` : text, share };
  }
  const isOff = everybody.variant === null || everybody.variant === flag.offVariant;
  if (isOff && targeting > 0) return { tone: "rules", text: "Chosen people" };
  if (isOff) return { tone: "off", text: `All get ${everybody.variant ?? "no value"}` };
  const everyone = isBoolean(flag) ? "On for everyone" : `All get ${everybody.variant}`;
  return { tone: "on", text: targeting > 0 ? `${everyone} + ${rules}` : everyone, share: 100 };
}

const isBoolean = (flag: Shown): boolean => Object.values(flag.variants).every((value) => typeof value === "boolean");

export const percent = (share: number): string => `${Number(share.toFixed(3))} %`;

/** Words that a search for a state finds, one group for each tone. */
export const TONE_WORDS: Record<Tone, string> = {
  on: "On for everyone",
  part: "Rolling out",
  rules: "Chosen people",
  off: "Off",
  killed: "Killed",
};
