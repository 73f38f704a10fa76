import { z } from "@hono/zod-openapi";
import { FREE_WITHOUT } from "../../../shared/plan.ts";
import { type GuardView, guardDefinition, guardStatus, guardView, guardWrite } from "../../../shared/schema/guard.ts";
import { key } from "../../../shared/schema/primitives.ts";
import type { Env } from "../../env.ts";
import { rejectionProblem } from "../../http/problem.ts";
import { parseOrReject } from "../../objects/flag-store/decide/parse.ts";
import { flagStore, guard } from "../../objects/stubs.ts";
import { isFree } from "../../plan.ts";
import { execute, found, written } from "../kernel/execute.ts";
import { adminRoute, body, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const ENVIRONMENT = "/projects/{project}/environments/{environment}" as const;
const GUARD = `${ENVIRONMENT}/flags/{flag}/guard` as const;
const tags = ["Stop button"];
const answers = { 200: json(guardView, "The guard as it now stands"), 201: json(guardView, "Made") };
/** What only answers carry. */
const ANSWERED = ["environment", "flag", "version", "revision", "createdAt", "updatedAt", "run"] as const;

const OFF = FREE_WITHOUT.find(({ what }) => what === "guards")?.words;
/** Where guards see nothing, their status says so. */
const offIn = (env: Env) => (isFree(env) && OFF !== undefined ? { off: OFF } : {});

/** What watches a release and takes it back, with the numbers by which it decides. */
export const guards = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: `${ENVIRONMENT}/guards`,
      tags,
      summary: "What is guarded in an environment, or was, and what the guards see.",
      description:
        "Flags with a guard, or whose release plan is or was watched. With `flag`, that flag alone: a list of one, or an empty one. Charts (`history`) come with `flag` only.",
      request: { params: params.environment, query: z.object({ flag: key.optional() }) },
      responses: { 200: json(z.object({ guards: z.array(guardStatus) }), "By flag, as of the latest look") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const { flag: only } = c.req.valid("query");
      const listed = await flagStore(c.env, project).listGuards(environment, only ?? null);
      const known = found(c, listed, "environment", environment);
      if (known.length === 0) return c.json({ guards: [] }, 200);
      const flags = known.map(({ flag }) => flag);
      const watches = await guard(c.env, project, environment).statuses(flags, only !== undefined);
      const all = known.map((one, index) => ({ environment, ...one, ...offIn(c.env), watch: watches[index] ?? null }));
      return c.json({ guards: all.filter((one) => one.guard || one.watch) }, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: GUARD,
      tags,
      summary: "What a flag's guards see: each metric with its interval, the state, and a breach with its evidence.",
      description:
        "Covers the running stage of a release plan and a guard that stands alone alike. Counts are looked at every other second while they move.",
      request: { params: params.state },
      responses: { 200: json(guardStatus, "As of the latest look") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const store = flagStore(c.env, project);
      const [known, definition, plan, watch] = await Promise.all([
        store.getState(environment, flag),
        store.getGuard(environment, flag),
        store.getPlan(environment, flag),
        guard(c.env, project, environment).status(flag),
      ]);
      found(c, known as object | null, "flag", flag);
      c.header("ETag", definition ? `"${definition.version}"` : undefined);
      if (!definition && !plan && !watch) throw rejectionProblem({ code: "guard-not-found", flag, environment });
      return c.json({ environment, flag, guard: definition, ...offIn(c.env), watch }, 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "put",
      path: GUARD,
      tags,
      summary: "Guard a flag without a release plan. Watching begins anew with each change.",
      request: { params: params.state, headers: writeHeaders, body: body(guardWrite) },
      responses: answers,
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { comment, ...sent } = c.req.valid("json");
      for (const field of ANSWERED) delete sent[field];
      const definition = parseOrReject(guardDefinition, sent);
      if (!definition.ok) throw rejectionProblem(definition.rejection);
      const command = { type: "putGuard", environment, flag, guard: definition.value } as const;
      const { view, status } = written<GuardView>(c, await execute(c, project, command, { comment }));
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "delete",
      path: GUARD,
      tags,
      summary: "Stop guarding a flag. What is served stays as it is.",
      request: { params: params.state, headers: writeHeaders },
      responses: { 204: { description: "Deleted" } },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      await execute(c, project, { type: "deleteGuard", environment, flag });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "post",
      path: `${GUARD}/approve`,
      tags,
      summary: "Let a breach be carried out that the cap on automatic kills has held back.",
      request: { params: params.state },
      responses: { 200: json(z.object({ done: z.boolean() }), "Carried out"), 409: { description: "Nothing waits" } },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      found(c, (await flagStore(c.env, project).getState(environment, flag)) as object | null, "flag", flag);
      const result = await guard(c.env, project, environment).approve(flag, c.get("principal").name);
      if (!result.ok) throw rejectionProblem(result.rejection);
      return c.json(result.value, 200);
    },
  );
