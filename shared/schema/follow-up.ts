import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { comment, key, name, slug } from "./primitives.ts";

const day = z.iso.date({ error: "use a date such as 2026-11-25" });

const fields = {
  title: z.string().trim().min(1, "must not be empty").max(LIMITS.followUpChars),
  /** Who does it. */
  owner: name,
  /** The day (UTC) by whose end it is to be done. */
  due: day,
};

/** As stored: something to be done after an incident. */
export const followUp = z.strictObject({
  /** The revision of the kill or rollback that it follows from. */
  incident: z.int().min(1),
  flag: key,
  ...fields,
  createdBy: name,
  /** The day on which it was done; missing: it is open. */
  done: day.optional(),
  doneBy: name.optional(),
});

export const followUpCreate = z
  .strictObject({ ...fields, comment: comment.default("") })
  .meta({ id: "FollowUpCreate" });
export const followUpPatch = z
  .strictObject({
    title: fields.title.optional(),
    owner: fields.owner.optional(),
    due: fields.due.optional(),
    /** True: it is done now. False: it is open again. */
    done: z.boolean().optional(),
    comment: comment.default(""),
  })
  .meta({ id: "FollowUpPatch" });

export const followUpView = z
  .object({
    id: z.string(),
    environment: slug,
    version: z.int(),
    incident: z.int(),
    flag: key,
    title: z.string(),
    owner: z.string(),
    due: z.string(),
    createdBy: z.string(),
    done: z.string().nullable(),
    doneBy: z.string().nullable(),
    overdue: z.boolean(),
  })
  .meta({ id: "FollowUp", description: "Something to be done after a kill or a rollback" });
export type FollowUpView = z.infer<typeof followUpView>;
