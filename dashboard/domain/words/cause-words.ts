/** Why people of a crowd got what they got, when no rule decided. */
export const GROUP_WORDS: Record<string, string> = {
  killed: "The flag is killed",
  disabled: "The flag is switched off",
  blocked: "A flag it depends on is off or killed",
  prerequisite: "A flag it depends on serves something else",
  holdout: "Held out",
  layer: "Outside its part of the layer",
  fallthrough: "Everybody else: no rule matches",
};

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
