import { z } from "@hono/zod-openapi";
import { FREE_WITHOUT, PLANS, planProblem } from "../../../shared/plan.ts";
import { isFree } from "../../plan.ts";
import { adminRoute, json } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const installationView = z
  .object({
    version: z.string().nullable().meta({ description: "The deployed version; null where none is known" }),
    plan: z.enum(PLANS),
    problem: z.string().nullable().meta({ description: "What is wrong with the setting PLAN" }),
    off: z
      .array(z.object({ what: z.string(), words: z.string() }))
      .meta({ description: "What this plan goes without" }),
  })
  .meta({ id: "Installation" });

export const installation = router().openapi(
  adminRoute("viewer", {
    method: "get",
    path: "/installation",
    tags: ["Installation"],
    summary: "What this installation is made for, and what it goes without.",
    responses: { 200: json(installationView, "As it is deployed") },
  }),
  (c) => {
    const free = isFree(c.env);
    return c.json(
      {
        version: c.env.VERSION?.id ?? null,
        plan: free ? ("free" as const) : ("paid" as const),
        problem: planProblem(c.env.PLAN),
        off: free ? [...FREE_WITHOUT] : [],
      },
      200,
    );
  },
);
