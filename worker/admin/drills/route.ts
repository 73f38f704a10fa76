import { drillBody, drillRun, drillView } from "../../../shared/schema/drill.ts";
import { liveDrill } from "../../drill/live-drill.ts";
import { flagStore } from "../../objects/stubs.ts";
import { execute, found } from "../kernel/execute.ts";
import { adminRoute, body, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const DRILL = "/projects/{project}/environments/{environment}/drill" as const;

/** Drills of the stop button: see worker/drill. */
export const drills = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: DRILL,
      tags: ["Stop button"],
      summary: "How the stop button fared when it was tried, and when it is tried next.",
      request: { params: params.environment },
      responses: { 200: json(drillView, "The latest run first") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      return c.json(found(c, await flagStore(c.env, project).drill(environment), "environment", environment), 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "put",
      path: DRILL,
      tags: ["Stop button"],
      summary: "Have the stop button tried by itself, every so many hours, on a canary flag.",
      request: { params: params.environment, headers: writeHeaders, body: body(drillBody) },
      responses: { 204: { description: "The first one follows within ten minutes" } },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const { everyHours, comment } = c.req.valid("json");
      await execute(c, project, { type: "putDrill", environment, everyHours }, { comment });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "delete",
      path: DRILL,
      tags: ["Stop button"],
      summary: "Try the stop button by hand only.",
      request: { params: params.environment, headers: writeHeaders },
      responses: { 204: { description: "No more by itself" } },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      await execute(c, project, { type: "putDrill", environment, everyHours: null });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "post",
      path: `${DRILL}/run`,
      tags: ["Stop button"],
      summary: "Try the stop button now: kills and restores the canary, and says how long the edge took to see it.",
      request: { params: params.environment },
      responses: { 200: json(drillRun, "Passed or failed") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const store = flagStore(c.env, project);
      found(c, await store.drill(environment), "environment", environment);
      const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
      return c.json(await liveDrill(c.env, project, environment, waitUntil, c.req.raw), 200);
    },
  );
