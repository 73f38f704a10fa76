import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type Dora, deploymentBody, deploymentView, dora as doraView } from "../../../shared/schema/delivery.ts";
import { debtView } from "../../../shared/schema/flag-debt.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import { slug } from "../../../shared/schema/primitives.ts";
import { newId } from "../../crypto/tokens.ts";
import { csv } from "../../http/csv.ts";
import { ProblemError } from "../../http/problem.ts";
import { reportedFigures } from "../../objects/propagation-reports/figures.ts";
import { flagStore } from "../../objects/stubs.ts";
import { execute, found } from "../kernel/execute.ts";
import type { AdminEnv } from "../kernel/principal.ts";
import { adminRoute, body, json, params, whole, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const DAY_MS = 86_400_000;
/** Kills of longer ago (ms) are confirmed, or never will be. */
const CONFIRMED_MS = 600_000;
const MAX_DAYS = 366;
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, "use a date such as 2026-11-25");
const windowQuery = z.object({
  environment: slug.optional().meta({ description: "production, or else the last one, unless named" }),
  days: whole(z.number().min(1).max(MAX_DAYS)).optional().meta({ description: "Up to now; 90 unless named" }),
  from: day.optional().meta({ description: "Instead of days: from the beginning of this day (UTC) …" }),
  to: day.optional().meta({ description: "… to the end of this one; today unless named" }),
});
const debtQuery = z.object({
  environment: slug.optional(),
  days: whole(z.number().min(1).max(MAX_DAYS)).default(30).meta({ description: "How long is long" }),
});
const listQuery = z.object({ environment: slug.optional() });

/** Deployments that CI tells of, and the four figures of DORA. */
export const delivery = router()
  .openapi(
    adminRoute("engineer", {
      method: "post",
      path: "/projects/{project}/deployments",
      tags: ["Delivery"],
      summary: "Tell of a deployment. The same id again replaces it, as when it was rolled back.",
      request: { params: params.project, headers: writeHeaders, body: body(deploymentBody) },
      responses: { 200: json(deploymentView, "Changed"), 201: json(deploymentView, "Noted") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { comment, id = newId("dep"), ...given } = c.req.valid("json");
      const reply = await execute(c, project, { type: "recordDeployment", id, ...given }, { comment });
      return c.json(reply.view as z.infer<typeof deploymentView>, reply.created ? 201 : 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects/{project}/deployments",
      tags: ["Delivery"],
      summary: "Deployments that were told of, the latest first; 200 at most.",
      request: { params: params.project, query: listQuery },
      responses: { 200: json(z.object({ deployments: z.array(deploymentView) }), "Newest first") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const all = await flagStore(c.env, project).listDeployments(c.req.valid("query").environment ?? null);
      return c.json({ deployments: found(c, all, "project", project) }, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects/{project}/dora",
      tags: ["Delivery"],
      summary: "Deployment frequency, lead time, change failure rate and time to restore, by week.",
      request: { params: params.project, query: windowQuery },
      responses: { 200: json(doraView, "As docs/guide-integrations.md defines them") },
    }),
    async (c) => c.json(await figures(c, c.req.valid("param").project, c.req.valid("query")), 200),
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects/{project}/dora/export",
      tags: ["Delivery"],
      summary: "The same by week, as CSV. Times are hours.",
      request: { params: params.project, query: windowQuery },
      responses: { 200: { description: "One row a week", content: { "text/csv": { schema: z.string() } } } },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { environment, weeks } = await figures(c, project, c.req.valid("query"));
      const hours = (ms: number | null) => (ms === null ? "" : (ms / 3_600_000).toFixed(3));
      const rows = weeks.map((week) => [
        week.week,
        environment,
        week.deployments,
        week.releases,
        week.failed,
        hours(week.leadTimeMs),
        hours(week.restoreMs),
      ]);
      const head = [
        "week",
        "environment",
        "deployments",
        "releases",
        "failed",
        "lead_time_hours",
        "time_to_restore_hours",
      ];
      return c.body(csv([head, ...rows]), 200, {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": `attachment; filename="delivery-${project}-${environment}.csv"`,
      });
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects/{project}/debt",
      tags: ["Delivery"],
      summary: "Flags that code could do without: settled, killed, not asked for, or past their expiry.",
      request: { params: params.project, query: debtQuery },
      responses: { 200: json(debtView, "The most pressing first") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { environment, days } = c.req.valid("query");
      const answered = await flagStore(c.env, project).debt(environment ?? null, days);
      return c.json(found(c, answered, environment ? "environment" : "project", environment ?? project), 200);
    },
  );

async function figures(c: Context<AdminEnv>, project: Slug, query: z.infer<typeof windowQuery>): Promise<Dora> {
  const window = windowOf(query, Date.now());
  const reported = await reportedFigures(c.env, project, null, Date.now() - CONFIRMED_MS);
  const answered = await flagStore(c.env, project).dora(query.environment ?? null, window, reported);
  return found(c, answered, query.environment ? "environment" : "project", query.environment ?? project);
}

/** Whole days of UTC, so that the same question gets the same answer all day; today counts. */
function windowOf({ days, from, to }: z.infer<typeof windowQuery>, now: number): { from: number; to: number } {
  const end = to === undefined ? Math.floor(now / DAY_MS) * DAY_MS + DAY_MS : Date.parse(to) + DAY_MS;
  const start = from === undefined ? end - (days ?? 90) * DAY_MS : Date.parse(from);
  const wrong = (message: string) =>
    new ProblemError(422, "invalid", "Some fields are not valid", { errors: [{ field: "from", message }] });
  if (Number.isNaN(start) || Number.isNaN(end)) throw wrong("there is no such day");
  if (start >= end) throw wrong("lies after `to`");
  if (end - start > MAX_DAYS * DAY_MS) throw wrong(`at most ${MAX_DAYS} days`);
  return { from: start, to: end };
}
