import { z } from "@hono/zod-openapi";
import { environmentBody, environmentView, projectBody, projectView } from "../../../shared/schema/admin.ts";
import { slug } from "../../../shared/schema/primitives.ts";
import { directory, flagStore } from "../../objects/stubs.ts";
import { execute, found, written } from "../kernel/execute.ts";
import { adminRoute, body, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

type Project = z.infer<typeof projectView>;
type Environment = z.infer<typeof environmentView>;

const projectList = z.object({ projects: z.array(z.object({ key: slug, name: z.string(), createdAt: z.string() })) });

export const projects = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects",
      tags: ["Projects"],
      summary: "List projects.",
      responses: { 200: json(projectList, "All projects") },
    }),
    async (c) => {
      const bound = c.get("principal").project;
      const all = await directory(c.env).listProjects();
      return c.json({ projects: all.filter((project) => bound === undefined || project.key === bound) }, 200);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "put",
      path: "/projects/{project}",
      tags: ["Projects"],
      summary: "Make or rename a project.",
      request: { params: params.project, headers: writeHeaders, body: body(projectBody) },
      responses: { 200: json(projectView, "Changed"), 201: json(projectView, "Made") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { comment, ...rest } = c.req.valid("json");
      const { view, status } = written<Project>(
        c,
        await execute(c, project, { type: "putProject", ...rest }, { comment }),
      );
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects/{project}",
      tags: ["Projects"],
      summary: "Read a project.",
      request: { params: params.project },
      responses: { 200: json(projectView, "The project") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      return c.json(found(c, await flagStore(c.env, project).getProject(), "project", project), 200);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "delete",
      path: "/projects/{project}",
      tags: ["Projects"],
      summary: "Delete a project with everything in it. Its audit and its kills stay.",
      request: { params: params.project, headers: writeHeaders },
      responses: { 204: { description: "Deleted" } },
    }),
    async (c) => {
      await execute(c, c.req.valid("param").project, { type: "deleteProject" });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects/{project}/environments",
      tags: ["Environments"],
      summary: "List environments.",
      request: { params: params.project },
      responses: { 200: json(z.object({ environments: z.array(environmentView) }), "In their order") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const environments = found(c, await flagStore(c.env, project).listEnvironments(), "project", project);
      return c.json({ environments }, 200);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "put",
      path: "/projects/{project}/environments/{environment}",
      tags: ["Environments"],
      summary: "Make or rename an environment.",
      request: { params: params.environment, headers: writeHeaders, body: body(environmentBody) },
      responses: { 200: json(environmentView, "Changed"), 201: json(environmentView, "Made") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const { comment, ...rest } = c.req.valid("json");
      const reply = await execute(c, project, { type: "putEnvironment", environment, ...rest }, { comment });
      const { view, status } = written<Environment>(c, reply);
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "delete",
      path: "/projects/{project}/environments/{environment}",
      tags: ["Environments"],
      summary: "Delete an environment with its states and keys. Its kills stay: only restore lifts them.",
      request: { params: params.environment, headers: writeHeaders },
      responses: { 204: { description: "Deleted" } },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      await execute(c, project, { type: "deleteEnvironment", environment });
      return c.body(null, 204);
    },
  );
