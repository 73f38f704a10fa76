import { z } from "@hono/zod-openapi";
import { key } from "../../../shared/schema/primitives.ts";
import { PREVIEW_ATTRIBUTE, sealPreview } from "../../crypto/preview-token.ts";
import { isolateEdge } from "../../evaluation/edge/isolate.ts";
import { ProblemError, rejectionProblem } from "../../http/problem.ts";
import { mayChange } from "../../objects/flag-store/decide/rights.ts";
import { flagStore } from "../../objects/stubs.ts";
import { found } from "../kernel/execute.ts";
import { recordAct } from "../kernel/record-act.ts";
import { adminRoute, body, json, params } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

/** A link can be passed on and cannot be taken back, so it does not live long. */
const MOST_HOURS = 7 * 24;

const previewBody = z
  .strictObject({ variant: key, hours: z.int().min(1).max(MOST_HOURS).default(24) })
  .meta({ id: "PreviewWrite" });
const previewCreated = z
  .object({ token: z.string(), attribute: z.string(), expiresAt: z.string() })
  .meta({ id: "Preview", description: "Pass the token in the context, under `attribute`" });

/** A variant for one browser: sealed, so that nobody can make one up, and stored nowhere. */
export const previews = router().openapi(
  adminRoute("marketer", {
    method: "post",
    path: "/projects/{project}/environments/{environment}/flags/{flag}/previews",
    tags: ["Playground"],
    summary: "Make a token that shows one browser a variant of a flag, whatever its rules say.",
    description:
      "Results that a preview forced carry `metadata.preview` and are kept out of every statistic. A kill is stronger than a preview.",
    request: { params: params.state, body: body(previewBody) },
    responses: { 201: json(previewCreated, "Valid until it expires; it cannot be revoked") },
  }),
  async (c) => {
    const { project, environment, flag: name } = c.req.valid("param");
    const { variant, hours } = c.req.valid("json");
    const flag = found(c, await flagStore(c.env, project).getFlag(name), "flag", name);
    c.header("ETag", undefined);
    const refused = mayChange(c.get("principal"), environment, flag.purpose);
    if (refused) throw rejectionProblem(refused);
    if (!Object.hasOwn(flag.variants, variant))
      throw new ProblemError(422, "invalid", "This is not valid", {
        errors: [{ field: "variant", message: `there is no variant "${variant}"` }],
      });
    const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
    const loaded = await isolateEdge(c.env, c.req.raw).current(project, environment, waitUntil, { vouched: true });
    if (loaded === "missing")
      throw new ProblemError(404, "environment-not-found", `There is no environment "${environment}"`);
    if (loaded === "unreachable" || !loaded.sealKey)
      throw new ProblemError(503, "store-unavailable", "Nothing is published here yet", { detail: "Try again." });
    // A preview cannot be taken back, so none is made that nobody could find again.
    await recordAct(c, { kind: "preview.created", project, environment, subject: name, details: { variant, hours } });
    const expires = Date.now() + hours * 3_600_000;
    const { sealKey } = loaded;
    const token = sealPreview({ project, environment, sealKey }, { environment, flag: name, variant, expires });
    const created = { token, attribute: PREVIEW_ATTRIBUTE, expiresAt: new Date(expires).toISOString() };
    return c.json(created, 201, { "Cache-Control": "no-store" });
  },
);
