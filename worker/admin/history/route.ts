import { z } from "@hono/zod-openapi";
import { VENDORS } from "../../../shared/import/formats.ts";
import { LIMITS } from "../../../shared/limits.ts";
import { auditRow, changesReply, exportDocument, revertBody, undoBody } from "../../../shared/schema/admin.ts";
import { importReply } from "../../../shared/schema/import.ts";
import { comment, instant, key, name, slug } from "../../../shared/schema/primitives.ts";
import type { Reply } from "../../objects/flag-store/methods.ts";
import { flagStore } from "../../objects/stubs.ts";
import { vendorImport } from "../imports/route.ts";
import { execute, found } from "../kernel/execute.ts";
import { administers } from "../kernel/principal.ts";
import { recordAct } from "../kernel/record-act.ts";
import { acknowledging, adminRoute, body, EXPOSURE, json, params, whole, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

type Changes = z.infer<typeof changesReply>;

const auditQuery = z.object({
  after: whole(z.number().min(0)).default(0).meta({ description: "Rows with a higher revision" }),
  limit: whole(z.number().min(1).max(LIMITS.auditPageRows)).default(100),
});
const searchQuery = z.object({
  before: whole(z.number().min(1)).optional().meta({ description: "Rows with a lower revision: the next page" }),
  limit: whole(z.number().min(1).max(LIMITS.auditPageRows)).default(100),
  flag: key.optional().meta({ description: "A flag's, segment's or other document's key" }),
  person: name.optional().meta({ description: "Who did it, by name" }),
  environment: slug.optional(),
  since: instant.optional(),
});
const importQuery = acknowledging.extend({
  from: z.enum(VENDORS).optional().meta({ description: "The body is this vendor's file, as JSON or YAML" }),
  environment: slug.optional().meta({ description: "Where a vendor's flags are imported; needed with `from`" }),
  dryRun: z.enum(["true", "false"]).default("false"),
  comment: comment.optional(),
});

/** Left out unless it is said, so that a command stays the one that it was before there was anything to say. */
const meant = (acknowledge: string | undefined) => (acknowledge === EXPOSURE ? { acknowledgeExposure: true } : {});

/** What a command changed, or would change, as the routes answer it. */
const changesOf = ({ revision, changes }: Reply, dryRun = false): Changes => ({
  revision,
  dryRun,
  changes: changes as Changes["changes"],
});

/** What happened, and putting it back: audit, revert, export, import. */
const routes = router();
// Before anything takes the body for an export of ours.
routes.post("/projects/:project/import", ...vendorImport);

export const history = routes
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects/{project}/audit",
      tags: ["History"],
      summary: "Who changed what, and when: one hash-chained row a revision, oldest first.",
      description:
        "What a deleted project of this name did before is shown to administrators of the installation only.",
      request: { params: params.project, query: auditQuery },
      responses: {
        200: json(z.object({ rows: z.array(auditRow), next: z.int().nullable() }), "`next` continues as `after`"),
      },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { after, limit } = c.req.valid("query");
      return c.json(
        found(
          c,
          await flagStore(c.env, project).auditPage(after, limit, administers(c.get("principal"))),
          "project",
          project,
        ),
        200,
      );
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects/{project}/audit/search",
      tags: ["History"],
      summary: "The history newest first: of one flag, person, environment, or since a time.",
      request: { params: params.project, query: searchQuery },
      responses: {
        200: json(z.object({ rows: z.array(auditRow), next: z.int().nullable() }), "`next` continues as `before`"),
      },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { since, ...search } = c.req.valid("query");
      const asked = { ...search, since: since === undefined ? undefined : Date.parse(since) };
      return c.json(
        found(
          c,
          await flagStore(c.env, project).searchAuditPage(asked, administers(c.get("principal"))),
          "project",
          project,
        ),
        200,
      );
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "post",
      path: "/projects/{project}/revert",
      tags: ["History"],
      summary: "Put flags, states, segments, layers and holdouts back to how they stood at a revision. Kills stay.",
      request: { params: params.project, query: acknowledging, headers: writeHeaders, body: body(revertBody) },
      responses: { 200: json(changesReply, "What changed, or would with dryRun") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { version, comment, dryRun } = c.req.valid("json");
      const command = { type: "revert", revision: version, ...meant(c.req.valid("query").acknowledge) } as const;
      const reply = await execute(c, project, command, { comment, dryRun });
      return c.json(changesOf(reply, dryRun), 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: "/projects/{project}/flags/{flag}/revert",
      tags: ["History"],
      summary: "Put one flag and its states back to how they stood at a revision. Kills stay.",
      request: { params: params.flag, query: acknowledging, headers: writeHeaders, body: body(revertBody) },
      responses: { 200: json(changesReply, "What changed, or would with dryRun") },
    }),
    async (c) => {
      const { project, flag } = c.req.valid("param");
      const { version, comment, dryRun } = c.req.valid("json");
      const command = { type: "revert", revision: version, flag, ...meant(c.req.valid("query").acknowledge) } as const;
      const reply = await execute(c, project, command, { comment, dryRun });
      return c.json(changesOf(reply, dryRun), 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: "/projects/{project}/audit/undo",
      tags: ["History"],
      summary: "Take back what one revision changed, and nothing that was changed since. Kills stay.",
      description: "409 `changed-again` where the same fields were changed again.",
      request: { params: params.project, query: acknowledging, headers: writeHeaders, body: body(undoBody) },
      responses: { 200: json(changesReply, "What changed, or would with dryRun") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { revision, comment, dryRun } = c.req.valid("json");
      const command = { type: "revert", revision, alone: true, ...meant(c.req.valid("query").acknowledge) } as const;
      const reply = await execute(c, project, command, { comment, dryRun });
      return c.json(changesOf(reply, dryRun), 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects/{project}/export",
      tags: ["History"],
      summary: "The project as a document: definitions, states, seeds and ranges. No keys, no kills.",
      request: { params: params.project },
      responses: { 200: json(exportDocument, "Import takes it back bit for bit") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      await recordAct(c, { kind: "export.taken", project, subject: project });
      return c.json(found(c, await flagStore(c.env, project).exportProject(), "project", project), 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "post",
      path: "/projects/{project}/import",
      tags: ["History"],
      summary: "Add and replace what a document names, all or nothing; dryRun shows the changes.",
      description:
        "Environments that the project does not have need the role *admin*; 403 names them, also for a dryRun. With `from`, the body is the file that the vendor's own SDKs download: each flag is told to be exact, approximate or refused, with reasons and their places.",
      request: { params: params.project, query: importQuery, headers: writeHeaders, body: body(exportDocument) },
      responses: {
        200: json(importReply, "What changed, or would with dryRun; with `from`, the report"),
      },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { comment: said, dryRun: dry, acknowledge } = c.req.valid("query");
      const dryRun = dry === "true";
      const command = { type: "import", document: c.req.valid("json"), ...meant(acknowledge) } as const;
      const reply = await execute(c, project, command, { comment: said, dryRun });
      return c.json(changesOf(reply, dryRun), 200);
    },
  );
