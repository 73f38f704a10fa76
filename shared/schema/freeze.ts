import { z } from "zod";
import { isTimeZone } from "../release/zoned-time.ts";
import { comment, instant, name, slug } from "./primitives.ts";

const clock = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "use a time of day such as 18:00");
export const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
export const weekday = z.enum(WEEKDAYS);
export type Weekday = z.infer<typeof weekday>;

const weekly = z.strictObject({
  /** On which days it begins. */
  days: z.array(weekday).min(1),
  from: clock,
  /** At or before `from`: on the next day. */
  until: clock,
  timeZone: z.string().max(64).refine(isTimeZone, "use a time zone's name, such as Europe/Berlin"),
});
const fields = { name, from: instant.optional(), until: instant.optional(), weekly: weekly.optional() };

function checkFreeze(
  freeze: { from?: string | undefined; until?: string | undefined; weekly?: object | undefined },
  context: { addIssue: (issue: { code: "custom"; path: string[]; message: string }) => void },
): void {
  const { from, until } = freeze;
  const once = from !== undefined && until !== undefined;
  if (freeze.weekly ? from !== undefined || until !== undefined : !once) {
    const message = "say either when it begins and ends (from, until), or weekly {days, from, until, timeZone}";
    context.addIssue({ code: "custom", path: ["from"], message });
  } else if (once && Date.parse(from) >= Date.parse(until))
    context.addIssue({ code: "custom", path: ["until"], message: "must lie after from" });
}

/** A time in which no plan of an environment goes on by itself. Kills, guards and people are as free as ever. */
export const freeze = z.strictObject(fields).superRefine(checkFreeze).meta({ id: "Freeze" });
export type Freeze = z.infer<typeof freeze>;

export const freezeWrite = z
  .strictObject({ ...fields, comment: comment.optional() })
  .superRefine(checkFreeze)
  .meta({ id: "FreezeWrite" });
export const freezeView = z
  .object({ ...fields, id: z.string(), environment: slug, version: z.int() })
  .meta({ id: "FreezeWindow" });
export type FreezeView = z.infer<typeof freezeView>;
