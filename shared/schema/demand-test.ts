import { z } from "zod";
import { DARK_STAGES } from "../demand/test-kinds.ts";
import { LIMITS, SPLIT_TOTAL } from "../limits.ts";
import { condition } from "./condition.ts";
import { instant, json } from "./primitives.ts";

const audience = condition.default({ all: [] });
const share = z.int().min(1).max(SPLIT_TOTAL);
const words = z.string().trim().min(1).max(LIMITS.testWordsChars);
const HOUR_S = 3_600;

/** A button to something that is not there yet: who clicks it wants it. */
export const fakeDoorSettings = z
  .strictObject({
    kind: z.literal("fake-door"),
    audience,
    /** Parts of SPLIT_TOTAL of all people that may see this door. Doors share one layer: nobody sees two. */
    share,
    wording: z.strictObject({
      /** Said at the click. */
      message: words,
      /** Said from then on, in place of the door. */
      thanks: words,
    }),
    /** The share of those who saw it that would make it worth building, 0 to 1. */
    bar: z.number().min(0.0001).max(0.99),
    /** A click counts within so many days of first seeing the door. */
    windowDays: z.int().min(1).max(60).default(7),
    /** The test ends when so many people have seen the door. */
    targetPeople: z.int().min(20).max(1_000_000),
    endsAt: instant.optional(),
    /** Ends as soon as the interval lies on one side of the bar. */
    stopWhenDecided: z.boolean().default(true),
    /** More new people a day from one network than this are marked suspicious. */
    networkCap: z.int().min(1).max(10_000).default(30),
  })
  .meta({ id: "FakeDoorSettings" });
export type FakeDoorSettings = z.infer<typeof fakeDoorSettings>;

export const darkStage = z.enum(DARK_STAGES);

export const darkLaunchSettings = z
  .strictObject({
    kind: z.literal("dark-launch"),
    /** Who is let in at the stage "segment": a range of addresses, or another group that nobody guesses. */
    segment: condition,
    staff: condition,
    /** Parts of SPLIT_TOTAL at the last stage; 1 % unless set. */
    percent: share.default(SPLIT_TOTAL / 100),
  })
  .meta({ id: "DarkLaunchSettings" });
export type DarkLaunchSettings = z.infer<typeof darkLaunchSettings>;

/** A feature whose answers are given by a person. */
export const wizardOfOzSettings = z
  .strictObject({
    kind: z.literal("wizard-of-oz"),
    audience,
    share,
    /** A request without an answer by then gets the fallback (s). */
    deadlineSeconds: z
      .int()
      .min(5)
      .max(72 * HOUR_S),
    fallback: json,
    /** For the people who answer. */
    guidance: z.string().trim().max(LIMITS.descriptionChars).default(""),
  })
  .meta({ id: "WizardOfOzSettings" });
export type WizardOfOzSettings = z.infer<typeof wizardOfOzSettings>;

export const testSettings = z.discriminatedUnion("kind", [fakeDoorSettings, darkLaunchSettings, wizardOfOzSettings]);
export type TestSettings = z.infer<typeof testSettings>;

export const STOP_REASONS = ["person", "date", "sample", "decided"] as const;
export const stopReason = z.enum(STOP_REASONS);
export type StopReason = z.infer<typeof stopReason>;

export const testFields = {
  settings: testSettings,
  status: z.enum(["draft", "running", "stopped"]),
  /** Of a dark launch. */
  stage: darkStage.optional(),
  /** Counts starts: each begins a count of its own. */
  run: z.int().min(0),
  startedAt: instant.optional(),
  stoppedAt: instant.optional(),
  stopReason: stopReason.optional(),
};

/** What edges need of a test. */
export const snapshotTest = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("fake-door"),
    running: z.boolean(),
    run: z.int(),
    settings: fakeDoorSettings.omit({ audience: true }),
  }),
  z.strictObject({ kind: z.literal("dark-launch"), running: z.boolean(), run: z.int() }),
  z.strictObject({
    kind: z.literal("wizard-of-oz"),
    running: z.boolean(),
    run: z.int(),
    deadlineSeconds: z.int(),
    fallback: json,
  }),
]);
export type SnapshotTest = z.infer<typeof snapshotTest>;
