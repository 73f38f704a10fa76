/** Tests that a visitor does not notice: of whether a thing is wanted, whether it holds, whether it helps. */
export const TEST_KINDS = ["fake-door", "dark-launch", "wizard-of-oz"] as const;
export type TestKind = (typeof TEST_KINDS)[number];

/** All fake doors divide the people of this layer, so that nobody is shown two. */
export const DOOR_LAYER = "fake-doors";

/** The steps of a dark launch, each including those before it. */
export const DARK_STAGES = ["off", "synthetic", "segment", "staff", "percent"] as const;
export type DarkStage = (typeof DARK_STAGES)[number];
