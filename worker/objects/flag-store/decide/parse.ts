import type { z } from "zod";
import { type FieldIssue, type Result, reject } from "../../../result.ts";

/** Each thing wrong under the name of its field; an unknown field under its own. */
export const fieldIssues = (error: z.ZodError): FieldIssue[] =>
  error.issues.flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.map((key) => ({ field: [...issue.path, key].join("."), message: "there is no such field" }))
      : { field: issue.path.join("."), message: issue.message },
  );

/** Parses with the schema that the API names, or says which field is wrong. */
export function parseOrReject<S extends z.ZodType>(schema: S, value: unknown): Result<z.infer<S>> {
  const parsed = schema.safeParse(value);
  return parsed.success
    ? { ok: true, value: parsed.data }
    : reject({ code: "invalid", issues: fieldIssues(parsed.error) });
}
