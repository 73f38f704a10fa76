import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { comment, json, key } from "./primitives.ts";

/** `waiting`: for a person. `answered`: by one. `fallback`: nobody answered in time, or nobody could be asked. */
export const REQUEST_STATUSES = ["waiting", "answered", "fallback"] as const;
export const requestStatus = z.enum(REQUEST_STATUSES);

/** A request as the product that asked sees it. */
export const productView = z
  .object({
    id: z.string(),
    status: requestStatus,
    /** Of a person, or the fallback. */
    answer: json.optional(),
    deadline: z.string(),
  })
  .meta({ id: "DeskAnswer" });
export type ProductView = z.infer<typeof productView>;

/** A request as those who answer see it. */
export const deskRequest = z
  .object({
    id: z.string(),
    flag: key,
    input: json,
    status: requestStatus,
    createdAt: z.string(),
    deadline: z.string(),
    /** Who is answering it. */
    claimedBy: z.string().optional(),
    /** Whether that is the one who asks. */
    mine: z.boolean(),
    answer: json.optional(),
    finishedAt: z.string().optional(),
  })
  .meta({ id: "DeskRequest" });
export type DeskRequest = z.infer<typeof deskRequest>;

/** Of one flag, over the last seven days; times in ms. */
export const deskFigures = z
  .object({
    flag: key,
    waiting: z.int(),
    /** How long the oldest of them has waited. */
    oldestMs: z.int().nullable(),
    answered: z.int(),
    fallbacks: z.int(),
    /** Time to answer: median and the time within which nine of ten were answered. */
    medianMs: z.int().nullable(),
    p90Ms: z.int().nullable(),
  })
  .meta({ id: "DeskFigures" });
export type DeskFigures = z.infer<typeof deskFigures>;

export const deskView = z
  .object({
    /** Counts up with every change: send it back as `after` to wait for the next one. */
    sequence: z.int(),
    requests: z.array(deskRequest),
    figures: z.array(deskFigures),
  })
  .meta({ id: "Desk" });
export type DeskView = z.infer<typeof deskView>;

export const deskAnswerWrite = z
  .strictObject({
    answer: json.refine((value) => JSON.stringify(value).length <= LIMITS.deskAnswerChars, {
      error: `at most ${LIMITS.deskAnswerChars} characters of JSON`,
    }),
    comment: comment.optional(),
  })
  .meta({ id: "DeskAnswerWrite" });
