import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { blindWatches } from "../../../shared/resilience/blind.ts";
import { resilienceMarkdown } from "../../../shared/resilience/markdown.ts";
import { type Slug, slugName, storedSlug } from "../../../shared/schema/names.ts";
import { key, slug } from "../../../shared/schema/primitives.ts";
import { incidentPage, resilience as resilienceView } from "../../../shared/schema/resilience.ts";
import { flagStore, guard } from "../../objects/stubs.ts";
import { found } from "../kernel/execute.ts";
import type { AdminEnv } from "../kernel/principal.ts";
import { adminRoute, json, params, whole } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const tags = ["Resilience"];
const MARKDOWN = "text/markdown";
const query = z.object({
  environment: slug.optional().meta({ description: "production, or else the last one, unless named" }),
  format: z
    .enum(["json", "markdown"])
    .optional()
    .meta({ description: "markdown: the same as with `Accept: text/markdown`" }),
});

/** Where a project's next accident would come from, and what is known of past ones. Nothing here writes. */
export const resilience = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects/{project}/resilience",
      tags,
      summary: "Where the next accident would come from, the largest blast radius first, and what to do about it.",
      description:
        "From the project's own data: its flags, guards, drills, follow-ups and the changes of the last twelve weeks. Each finding has its reason, its evidence and one action.",
      request: { params: params.project, query },
      responses: {
        200: {
          description: "The findings, a trend by week, and how the team releases",
          content: { "application/json": { schema: resilienceView }, [MARKDOWN]: { schema: z.string() } },
        },
      },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { environment: named, format } = c.req.valid("query");
      const environment = await environmentOf(c, project, named);
      const review = await reviewOf(c, project, environment);
      const wantsMarkdown = format === "markdown" || (format === undefined && prefersMarkdown(c.req.header("Accept")));
      if (!wantsMarkdown) return c.json(review, 200, { Vary: "Accept" });
      return c.body(resilienceMarkdown(review, new URL(c.req.url).origin), 200, {
        "Content-Type": `${MARKDOWN}; charset=utf-8`,
        "Content-Disposition": `inline; filename="resilience-${project}-${environment}.md"`,
        Vary: "Accept",
      });
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects/{project}/environments/{environment}/incidents/{revision}",
      tags,
      summary: "A kill or a rollback: from its onset to confirmed off, whom it hit, and what follows from it.",
      request: {
        params: z.object({ project: slugName, environment: slugName, revision: whole(z.number().min(1)) }),
        query: z.object({ flag: key.optional().meta({ description: "Which, where the change took back several" }) }),
      },
      responses: { 200: json(incidentPage, "As far as is known by now") },
    }),
    async (c) => {
      const { project, environment, revision } = c.req.valid("param");
      const answered = await flagStore(c.env, project).incident(
        environment,
        revision,
        c.req.valid("query").flag ?? null,
      );
      return c.json(found(c, answered, "incident", String(revision)), 200);
    },
  );

/** The environment named, if it is there; else production, else the last one. */
async function environmentOf(c: Context<AdminEnv>, project: Slug, named: string | undefined): Promise<Slug> {
  const environments = found(c, await flagStore(c.env, project).listEnvironments(), "project", project);
  const keys = environments.map(({ key }) => key);
  const meant = named ?? (keys.includes("production") ? "production" : keys.at(-1));
  const there = keys.find((key) => key === meant);
  return storedSlug(found(c, there === undefined ? null : { there }, "environment", meant ?? "").there);
}

async function reviewOf(c: Context<AdminEnv>, project: Slug, environment: Slug) {
  const store = flagStore(c.env, project);
  const watched = found(c, await store.listGuards(environment), "environment", environment).map(({ flag }) => flag);
  const watches = watched.length === 0 ? [] : await guard(c.env, project, environment).statuses(watched, false);
  const blind = blindWatches(watched.map((flag, index) => ({ flag, watch: watches[index] ?? null })));
  return found(c, await store.resilience(environment, blind), "environment", environment);
}

/** Browsers and programs that accept anything get JSON. */
const prefersMarkdown = (accept: string | undefined): boolean =>
  (accept?.includes(MARKDOWN) ?? false) && !accept?.includes("application/json");
