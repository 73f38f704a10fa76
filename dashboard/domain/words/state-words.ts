import type { StateSummary } from "../../../shared/schema/admin.ts";
import type { FlagView } from "../api.ts";
import { groupWords, type KnownReach, percentOf } from "./reach-words.ts";

/** What a colour says. Words always say it too. */
export type Tone = "off" | "on" | "part" | "rules" | "killed";

export interface StateWords {
  tone: Tone;
  text: string;
  /** Of everybody whom no rule singles out, 0–100, when a rollout is under way. */
  share?: number;
}

type Shown = Pick<FlagView, "variants" | "offVariant">;
type Summary = Pick<StateSummary, "enabled" | "kills" | "everybody" | "reach">;

/** A flag's state in one environment, in a few words for people who look rather than read. */
export function stateWords(flag: Shown, summary: Summary): StateWords {
  const whole = summary.kills.some(({ variant }) => variant === undefined);
  if (whole) return { tone: "killed", text: "Killed" };
  if (summary.kills.length > 0)
    return { tone: "killed", text: `Killed: ${summary.kills.map(({ variant }) => variant).join(", ")}` };
  if (!summary.enabled) return { tone: "off", text: "Off" };
  const reach = summary.reach === undefined ? plainReach(flag, summary.everybody) : summary.reach;
  return reach ? liveWords(flag, reach) : { tone: "part", text: "On, reach not known" };
}

/** Whom a flag reaches where nothing but what everybody is served decides. */
function plainReach({ offVariant }: Shown, everybody: Summary["everybody"]): KnownReach {
  const served =
    "split" in everybody
      ? everybody.split.map(({ variant, weight }) => ({ variant, share: weight / 100_000 }))
      : [{ variant: everybody.variant, share: 1 }];
  const reached = served.filter(({ variant }) => variant !== null && variant !== offVariant);
  const share = Math.round(reached.reduce((sum, one) => sum + one.share, 0) * 1e6) / 1e6;
  return { share, served, groups: [] };
}

function liveWords(flag: Shown, reach: KnownReach): StateWords {
  const { share, served, groups } = reach;
  const live = served.filter((one) => one.share > 0);
  const percent = share * 100;
  const chosen = groups.filter((group) => group.share > 0);
  if (share === 0) {
    if (chosen.length > 0) return { tone: "rules", text: groupsOnly(reach) };
    return { tone: "off", text: `All get ${live[0]?.variant ?? "no value"}` };
  }
  if (share < 1) {
    const others = chosen.length > 0 ? ` + ${groupWords(chosen)}` : "";
    return { tone: "part", text: `≈ ${percentOf(share)} of users${others}`, share: percent };
  }
  const left = groups.filter((group) => group.share < 1);
  if (left.length > 0) return { tone: "part", text: `On, except ${groupWords(left)}`, share: percent };
  if (live.length > 1) return { tone: "part", text: `Split ${live.length} ways`, share: percent };
  return { tone: "on", text: isBoolean(flag) ? "On for everyone" : `All get ${live[0]?.variant}`, share: percent };
}

function groupsOnly({ groups }: KnownReach): string {
  const chosen = groups.filter((group) => group.share > 0);
  const isNamed = chosen.every(({ segments, share }) => segments.length > 0 && share === 1);
  return isNamed ? `${groupWords(chosen)} only` : "Targeted";
}

const isBoolean = (flag: Shown): boolean => Object.values(flag.variants).every((value) => typeof value === "boolean");

export const percent = (share: number): string => `${Number(share.toFixed(3))} %`;

/** Words that a search for a state finds, one group for each tone. */
export const TONE_WORDS: Record<Tone, string> = {
  on: "On for everyone",
  part: "Rolling out",
  rules: "Targeted",
  off: "Off",
  killed: "Killed",
};
