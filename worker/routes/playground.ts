import { z } from "@hono/zod-openapi";
import { explain } from "../../shared/explain.ts";
import { re2 } from "../../shared/regex.ts";
import { evaluateBody } from "../../shared/schema/admin.ts";
import { json as jsonValue, key } from "../../shared/schema/primitives.ts";
import { flagStore } from "../durable/stubs.ts";
import { isolateLists, LIST_PATIENCE_MS, listsOf } from "../edge/list-memory.ts";
import { edgeAttributes } from "../http/edge-attributes.ts";
import { found } from "./execute.ts";
import { adminRoute, body, json, params } from "./route.ts";
import { router } from "./router.ts";

const explanation = z
  .looseObject({
    key,
    value: jsonValue.optional(),
    variant: key.nullable(),
    reason: z.string(),
    ruleId: key.nullable(),
  })
  .meta({ id: "Explanation", description: "A flag's value for this context and how each condition came out" });
const answer = z.object({ revision: z.int(), flags: z.array(explanation) });

/** Every flag's value for a context, and why: evaluated on what is committed, published or not. */
export const playground = router().openapi(
  adminRoute("viewer", {
    method: "post",
    path: "/projects/{project}/environments/{environment}/evaluate",
    tags: ["Playground"],
    summary: "Evaluate every flag for a context and say why.",
    description: "Without `edge` in the context, the request's own edge attributes are used.",
    request: { params: params.environment, body: body(evaluateBody) },
    responses: { 200: json(answer, "In key order") },
  }),
  async (c) => {
    const { project, environment } = c.req.valid("param");
    const { context, flag } = c.req.valid("json");
    const snapshot = found(c, await flagStore(c.env, project).draft(environment), "environment", environment);
    const full = "edge" in context ? context : { ...context, edge: edgeAttributes(c.req.raw) };
    const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
    const lists = isolateLists(c.env);
    const memberships = await lists.memberships(project, listsOf(snapshot), full, waitUntil, LIST_PATIENCE_MS);
    const all = explain(snapshot, snapshot.kills, full, Date.now(), re2, memberships);
    const flags = (flag === undefined ? all : all.filter((one) => one.key === flag)) as unknown as z.infer<
      typeof explanation
    >[];
    return c.json({ revision: snapshot.revision, flags }, 200);
  },
);
