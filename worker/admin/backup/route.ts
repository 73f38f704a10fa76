import { z } from "@hono/zod-openapi";
import { backupPage, restorePart } from "../../../shared/schema/backup.ts";
import { isolateEdge } from "../../evaluation/edge/isolate.ts";
import { ProblemError, rejectionProblem } from "../../http/problem.ts";
import { flagStore } from "../../objects/stubs.ts";
import { BACKUP_CURSOR } from "../../objects/test-ledger/ledger-backup.ts";
import { found } from "../kernel/execute.ts";
import { administers } from "../kernel/principal.ts";
import { recordAct } from "../kernel/record-act.ts";
import { adminRoute, body, json, params } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const pageQuery = z.object({
  cursor: z
    .string()
    .max(150)
    .refine((text) => BACKUP_CURSOR.test(text), "this is no `next` of a page; leave it out to begin at the start")
    .optional()
    .meta({ description: "`next` of the page before" }),
});
const restored = z.object({ revision: z.int(), epoch: z.int(), done: z.boolean() }).meta({ id: "Restored" });

/** A project whole, out and back in: for `npm run backup` and `npm run restore`. */
export const backup = router()
  .openapi(
    adminRoute("admin", {
      method: "get",
      path: "/projects/{project}/backup",
      tags: ["Backup"],
      summary: "A page of everything in a project: versions, kills, key hashes, audit chain. Keep it as a secret.",
      request: { params: params.project, query: pageQuery },
      responses: { 200: json(backupPage, "Start over when a later page names another revision") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const store = flagStore(c.env, project);
      if (!administers(c.get("principal")) && (await store.hasPredecessor()))
        throw new ProblemError(403, "forbidden", "You may not do this", {
          detail: `A backup of "${project}" holds the history of a deleted project of this name; an administrator of the installation can take it.`,
        });
      const { cursor } = c.req.valid("query");
      const act = { kind: "backup.taken", project, subject: project } as const;
      await recordAct(c, act, cursor === undefined ? "row" : "count");
      const page = await store.backupPage(cursor ?? null);
      return c.json(found(c, page, "project", project), 200, { "Cache-Control": "no-store" });
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "post",
      path: "/projects/{project}/restore",
      tags: ["Backup"],
      summary: "Rebuild a project from a backup's rows, sent by parts. The last part does it, all or nothing.",
      request: { params: params.project, body: body(restorePart) },
      responses: { 200: json(restored, "Edges follow at once: the epoch has risen") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { type, id, name, role } = c.get("principal");
      const result = await flagStore(c.env, project).restorePart(project, c.req.valid("json"), {
        type,
        id,
        name,
        role,
      });
      if (!result.ok) throw rejectionProblem(result.rejection);
      if (result.value.done) isolateEdge(c.env, c.req.raw).require(project, result.value.revision);
      return c.json(result.value, 200);
    },
  );
