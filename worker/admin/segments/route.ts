import { z } from "@hono/zod-openapi";
import { holdoutWrite, layerWrite, segmentView, segmentWrite, splitWrite } from "../../../shared/schema/admin.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { execute, written } from "../kernel/execute.ts";
import { readAll, readOne } from "../kernel/read.ts";
import { adminRoute, body, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

type View = z.infer<typeof segmentView>;

const answers = { 200: json(segmentView, "Changed"), 201: json(segmentView, "Made") };
const dryRunQuery = z.object({ dryRun: z.enum(["true", "false"]).default("false") });
const SEGMENTS = "/projects/{project}/segments" as const;
const LAYERS = "/projects/{project}/layers" as const;
const HOLDOUTS = "/projects/{project}/holdouts" as const;
const layerParams = params.project.extend({ layer: key });
const holdoutParams = params.project.extend({ holdout: key });

export const segments = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: SEGMENTS,
      tags: ["Segments"],
      summary: "List segments.",
      request: { params: params.project },
      responses: { 200: json(z.object({ segments: z.array(segmentView) }), "In key order") },
    }),
    async (c) => {
      return c.json({ segments: (await readAll(c, "segment", c.req.valid("param"))) as View[] }, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: `${SEGMENTS}/{segment}`,
      tags: ["Segments"],
      summary: "Read a segment.",
      request: { params: params.segment },
      responses: { 200: json(segmentView, "The segment") },
    }),
    async (c) => {
      const { project, segment } = c.req.valid("param");
      return c.json((await readOne(c, "segment", { project, key: segment })) as View, 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "put",
      path: `${SEGMENTS}/{segment}`,
      tags: ["Segments"],
      summary: "Make or replace a segment.",
      request: { params: params.segment, headers: writeHeaders, body: body(segmentWrite) },
      responses: answers,
    }),
    async (c) => {
      const { project, segment } = c.req.valid("param");
      const { value: definition, comment } = splitWrite(c.req.valid("json"));
      const reply = await execute(c, project, { type: "putSegment", segment, definition }, { comment });
      const { view, status } = written<View>(c, reply);
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "delete",
      path: `${SEGMENTS}/{segment}`,
      tags: ["Segments"],
      summary: "Delete a segment that nothing uses.",
      description: "With `dryRun=true` nothing is deleted: 409 `in-use` names what uses it.",
      request: { params: params.segment, query: dryRunQuery, headers: writeHeaders },
      responses: { 204: { description: "Deleted, or would be" } },
    }),
    async (c) => {
      const { project, segment } = c.req.valid("param");
      const dryRun = c.req.valid("query").dryRun === "true";
      await execute(c, project, { type: "deleteSegment", segment }, { dryRun });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: LAYERS,
      tags: ["Layers and holdouts"],
      summary: "List layers.",
      request: { params: params.project },
      responses: { 200: json(z.object({ layers: z.array(segmentView) }), "In key order") },
    }),
    async (c) => {
      return c.json({ layers: (await readAll(c, "layer", c.req.valid("param"))) as View[] }, 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "put",
      path: `${LAYERS}/{layer}`,
      tags: ["Layers and holdouts"],
      summary: "Make or replace a layer, whose people flags divide among themselves.",
      request: { params: layerParams, headers: writeHeaders, body: body(layerWrite) },
      responses: answers,
    }),
    async (c) => {
      const { project, layer } = c.req.valid("param");
      const { value: definition, comment } = splitWrite(c.req.valid("json"));
      const { view, status } = written<View>(
        c,
        await execute(c, project, { type: "putLayer", layer, definition }, { comment }),
      );
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "delete",
      path: `${LAYERS}/{layer}`,
      tags: ["Layers and holdouts"],
      summary: "Delete a layer that nothing uses.",
      request: { params: layerParams, headers: writeHeaders },
      responses: { 204: { description: "Deleted" } },
    }),
    async (c) => {
      const { project, layer } = c.req.valid("param");
      await execute(c, project, { type: "deleteLayer", layer });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: HOLDOUTS,
      tags: ["Layers and holdouts"],
      summary: "List holdouts.",
      request: { params: params.project },
      responses: { 200: json(z.object({ holdouts: z.array(segmentView) }), "In key order") },
    }),
    async (c) => {
      return c.json({ holdouts: (await readAll(c, "holdout", c.req.valid("param"))) as View[] }, 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "put",
      path: `${HOLDOUTS}/{holdout}`,
      tags: ["Layers and holdouts"],
      summary: "Make or replace a holdout.",
      request: { params: holdoutParams, headers: writeHeaders, body: body(holdoutWrite) },
      responses: answers,
    }),
    async (c) => {
      const { project, holdout } = c.req.valid("param");
      const { value: definition, comment } = splitWrite(c.req.valid("json"));
      const reply = await execute(c, project, { type: "putHoldout", holdout, definition }, { comment });
      const { view, status } = written<View>(c, reply);
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "delete",
      path: `${HOLDOUTS}/{holdout}`,
      tags: ["Layers and holdouts"],
      summary: "Delete a holdout that nothing uses.",
      request: { params: holdoutParams, headers: writeHeaders },
      responses: { 204: { description: "Deleted" } },
    }),
    async (c) => {
      const { project, holdout } = c.req.valid("param");
      await execute(c, project, { type: "deleteHoldout", holdout });
      return c.body(null, 204);
    },
  );
