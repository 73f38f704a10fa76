/** The parts of a flag's page, in the order of their tabs; the address names one as `?tab=`. */
export const FLAG_TABS = [
  { id: "targeting", name: "Targeting" },
  { id: "release", name: "Release" },
  { id: "metrics", name: "Metrics" },
  { id: "history", name: "History" },
  { id: "settings", name: "Settings" },
] as const;

export type FlagTab = (typeof FLAG_TABS)[number]["id"];

/** Anchors of addresses from before there were tabs. */
const OF_ANCHOR: Record<string, FlagTab> = {
  plan: "release",
  guard: "metrics",
  "guard-setup": "metrics",
  triggers: "settings",
  definition: "settings",
};

/** Which tab an address means. */
export function tabOf(named: string | undefined, hash: string): FlagTab {
  const tab = FLAG_TABS.find(({ id }) => id === named)?.id;
  return tab ?? OF_ANCHOR[hash.replace("#", "")] ?? "targeting";
}
