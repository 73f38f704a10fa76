/** Why a flag served what it did, when no rule decided. */
export const CAUSE_WORDS: Record<string, string> = {
  killed: "because it is killed",
  disabled: "because it is switched off",
  blocked: "because a flag it depends on is off or killed",
  prerequisite: "because a flag it depends on serves something else",
  holdout: "because this person is held out",
  layer: "because this person is outside its part of the layer",
  fallthrough: "because no rule matches",
};
