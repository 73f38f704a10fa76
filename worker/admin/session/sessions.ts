import { z } from "@hono/zod-openapi";
import { sessionView, signInFailureView, signInLinkView } from "../../../shared/schema/admin.ts";
import { rejectionProblem } from "../../http/problem.ts";
import { directory } from "../../objects/stubs.ts";
import { failures } from "../kernel/failed-sign-ins.ts";
import { adminRoute, json } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const truth = z.enum(["true", "false"]);

/** Open sessions and sign-in links, and what failed to become one. Everybody has their own; administrators all. */
export const sessions = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/sessions",
      tags: ["Sign-in"],
      summary: "List open sessions and unused sign-in links.",
      description:
        "Your own: those that were opened with your token. An administrator of all projects is shown everybody's, unless `all=false`.",
      request: { query: z.object({ all: truth.optional() }) },
      responses: {
        200: json(
          z.object({ sessions: z.array(sessionView), links: z.array(signInLinkView) }),
          "The latest used first; never a secret or its hash",
        ),
      },
    }),
    async (c) => {
      const { all } = c.req.valid("query");
      const listed = await directory(c.env).listSessions(c.get("caller"), all === undefined ? null : all === "true");
      if (!listed.ok) throw rejectionProblem(listed.rejection);
      return c.json(listed.value, 200, { "Cache-Control": "no-store" });
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "delete",
      path: "/sessions/{id}",
      tags: ["Sign-in"],
      summary: "End a session with everything that was made from it, or make a sign-in link void.",
      description: "One's own; an administrator of all projects ends anybody's.",
      request: { params: z.object({ id: z.string().max(100) }) },
      responses: { 204: { description: "Ended" } },
    }),
    async (c) => {
      const ended = await directory(c.env).endSession(c.req.valid("param").id, c.get("caller"));
      if (!ended.ok) throw rejectionProblem(ended.rejection);
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "delete",
      path: "/sessions",
      tags: ["Sign-in"],
      summary: "Sign out everywhere: end all of your own sessions and sign-in links.",
      description: "With `keepCurrent=true` the session that asks goes on, and those that it was opened from.",
      request: { query: z.object({ keepCurrent: truth.default("false") }) },
      responses: { 204: { description: "Ended" } },
    }),
    async (c) => {
      const keep = c.req.valid("query").keepCurrent === "true";
      const ended = await directory(c.env).endSessions(c.get("caller"), keep);
      if (!ended.ok) throw rejectionProblem(ended.rejection);
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "get",
      path: "/sign-in-failures",
      tags: ["Sign-in"],
      summary: "Failed sign-ins of the last 30 days, by kind and network.",
      description:
        "Isolates report once a minute, so the latest may be missing. Networks beyond 500 are counted together as `other`.",
      responses: { 200: json(z.object({ failures: z.array(signInFailureView) }), "The latest first") },
    }),
    async (c) => {
      const list = directory(c.env);
      const own = failures.report(Date.now(), true);
      if (own)
        await list.noteFailures(own).catch((error) => {
          failures.unreported(own);
          throw error;
        });
      return c.json({ failures: await list.listFailures() }, 200, { "Cache-Control": "no-store" });
    },
  );
