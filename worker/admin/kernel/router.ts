import { OpenAPIHono } from "@hono/zod-openapi";
import { ProblemError } from "../../http/problem.ts";
import { fieldIssues } from "../../objects/flag-store/decide/parse.ts";
import type { AdminEnv } from "./principal.ts";

/** A router whose validation failures become problem details that name each field. */
export const router = () =>
  new OpenAPIHono<AdminEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const errors = fieldIssues(result.error).slice(0, 50);
      throw new ProblemError(422, "invalid", "Some fields are not valid", { errors });
    },
  });
