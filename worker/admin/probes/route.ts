import { z } from "@hono/zod-openapi";
import { REGIONS } from "../../../shared/placement/regions.ts";
import { probeOrder, probeReport } from "../../../shared/schema/probe.ts";
import { basePath } from "../../http/base-path.ts";
import { ProblemError } from "../../http/problem.ts";
import { probe } from "../../objects/stubs.ts";
import { adminRoute, body, json } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

export const probeOrders = router().openapi(
  adminRoute("admin", {
    method: "post",
    path: "/probes/{region}",
    tags: ["Installation"],
    summary: "Look at this deployment from a region of the world.",
    description:
      "For `npm run verify:deployment`. A Durable Object, made by Cloudflare in or near the region, calls the public address. Opened by ADMIN_TOKEN alone, as it makes load.",
    request: { params: z.object({ region: z.enum(REGIONS) }), body: body(probeOrder) },
    responses: { 200: json(probeReport, "What it saw") },
  }),
  async (c) => {
    const { credential } = c.get("caller");
    if (!("adminToken" in credential))
      throw new ProblemError(403, "admin-token-only", "Only ADMIN_TOKEN may send probes", {
        detail: "Send Authorization: Bearer with the installation's ADMIN_TOKEN, not an API token or a session.",
      });
    const { region } = c.req.valid("param");
    const address = new URL(`${basePath(c.env)}/v1/probe`, c.req.url).href;
    return c.json(await probe(c.env, region).look(address, c.req.valid("json")), 200);
  },
);
