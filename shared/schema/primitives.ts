import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { isSafeName, KEY_PATTERN, SLUG_PATTERN } from "./name-text.ts";

/** JSON as it travels: what a variant may hold and what a context consists of. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export const json: z.ZodType<Json> = z
  .lazy(() =>
    z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(json), z.record(z.string(), json)], {
      error: "must be JSON",
    }),
  )
  .meta({ id: "Json", description: "Any JSON value" });

/** Projects and environments: they stand in URLs, KV keys and bearer keys, which split at `_`. */
export const slug = z
  .string()
  .regex(SLUG_PATTERN, "use 1–40 lower-case letters, digits and inner hyphens")
  .refine(isSafeName, "this name is reserved");

/** Flags, segments, variants, rules: what teams already call theirs. */
export const key = z
  .string()
  .regex(KEY_PATTERN, "use 1–100 letters, digits, dots, hyphens and underscores, starting with a letter or digit")
  .refine(isSafeName, "this name is reserved");

export const name = z.string().trim().min(1, "must not be empty").max(LIMITS.nameChars);
export const comment = z.string().trim().max(LIMITS.commentChars);
export const instant = z.iso.datetime({
  offset: true,
  error: "use an ISO 8601 instant with a zone, such as 2026-11-22T12:00:00Z",
});

/** A record whose keys are checked, parsed into an object that `__proto__` cannot reach. */
export const recordOf = <V extends z.ZodType>(value: V, max: number, what: string) =>
  z.record(key, value).refine((record) => Object.keys(record).length <= max, `at most ${max} ${what}`);

/** Fields that answers carry and that a client may send back unchanged; nothing is taken from them. */
export const echoed = {
  environment: slug.optional(),
  flag: key.optional(),
  version: z.int().optional(),
  revision: z.int().optional(),
  createdAt: z.string().optional(),
  updatedAt: z.string().optional(),
};
