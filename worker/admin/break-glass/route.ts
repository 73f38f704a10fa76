import { createRoute, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { problem } from "../../../shared/schema/admin.ts";
import { breakGlass as breakGlassDocument } from "../../../shared/schema/pointer.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { kill } from "../../../shared/schema/snapshot.ts";
import { bearerOf, newId, sameSecret } from "../../crypto/tokens.ts";
import { isolateEdge } from "../../evaluation/edge/isolate.ts";
import { ProblemError } from "../../http/problem.ts";
import { addBreakGlassKill } from "../../kv/break-glass.ts";
import { log } from "../../log.ts";
import { secretOf } from "../../secrets.ts";
import { within } from "../../within.ts";
import { checkBody } from "../kernel/admin-body.ts";
import { attemptOf, failed } from "../kernel/failed-sign-ins.ts";
import type { AdminEnv } from "../kernel/principal.ts";
import { body, json, params } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";
import { doubts, warning } from "./name-warnings.ts";
import { recordPress } from "./recorded-later.ts";

/** A press reads, lists and writes KV, and waits twice when another writes in the same second: so long (ms) at most. */
const WRITE_TIMEOUT_MS = 8_000;

const killNow = z
  .strictObject({
    variant: key.optional(),
    /** What to serve instead; left out: the flag's off variant, as far as this edge knows it. */
    serve: key.nullable().optional(),
  })
  .meta({ id: "BreakGlassKill" });

const refused = { description: "Refused", content: { "application/problem+json": { schema: problem } } };

const pressAnswer = breakGlassDocument
  .extend({
    /** What was written. */
    kill,
    /** What is wrong with its names, as far as this edge knows them. The kill is written all the same. */
    warnings: z.array(warning),
  })
  .meta({ id: "BreakGlassAnswer" });

const withSecret: MiddlewareHandler<AdminEnv> = async (c, next) => {
  const token = bearerOf(c.req.raw.headers);
  const secret = secretOf(c.env, "BREAK_GLASS_SECRET");
  if (!secret || token === null || !sameSecret(token, secret)) {
    if (token) failed(attemptOf(c), "break-glass");
    throw new ProblemError(401, "unauthenticated", "This needs the break-glass secret");
  }
  await next();
};

/**
 * The stop button that needs neither the store nor the directory: only KV and a secret of its own. It reaches edges
 * within KV's own bound (up to a minute), is united with ordinary kills, and is lifted by an ordinary restore.
 */
export const breakGlass = router().openapi(
  createRoute({
    method: "post",
    path: "/break-glass/projects/{project}/environments/{environment}/flags/{flag}/kill",
    tags: ["Stop button"],
    summary: "Kill a flag while the store is out of reach.",
    description:
      "Authorization: Bearer BREAK_GLASS_SECRET. Takes effect within KV's bound, up to a minute. Names that this edge does not know are reported in `warnings`; the kill is written all the same.",
    security: [{ bearer: [] }],
    middleware: [withSecret, checkBody()],
    request: { params: params.state, body: body(killNow) },
    responses: {
      200: json(pressAnswer, "This kill, and the other break-glass kills as far as KV shows them"),
      401: refused,
      404: refused,
      503: refused,
    },
  }),
  async (c) => {
    const { project, environment, flag } = c.req.valid("param");
    const { variant, serve } = c.req.valid("json");
    const known = await isolateEdge(c.env, c.req.raw).current(
      project,
      environment,
      (work) => c.executionCtx.waitUntil(work),
      { vouched: true },
    );
    const definition = typeof known === "string" ? undefined : known.compiled.flags.get(flag);
    const pressed = {
      id: newId("bg"),
      flag,
      ...(variant === undefined ? {} : { variant }),
      serve: serve === undefined ? (definition?.offVariant ?? null) : serve,
      // Above every ordinary kill of the flag, so that what was pressed in an emergency decides what is served.
      revision: Number.MAX_SAFE_INTEGER,
    };
    const { environments } = await written(addBreakGlassKill(c.env.SNAPSHOTS, project, environment, pressed));
    log({ event: "break-glass", project, environment, flag, id: pressed.id });
    c.executionCtx.waitUntil(recordPress(c.env, project, environment, pressed));
    const warnings = doubts(
      { project, environment, kill: pressed },
      typeof known === "string" ? known : known.compiled.flags,
    );
    return c.json({ environments, kill: pressed, warnings }, 200);
  },
);

/** The kill may have its key by now: pressing again writes another, which harms nothing. */
const written = <T>(writing: Promise<T>): Promise<T> =>
  within(WRITE_TIMEOUT_MS, writing).catch((error: unknown) => {
    log({ event: "break-glass-not-written", error: String(error) });
    const detail = "KV did not confirm the kill. Press again.";
    throw new ProblemError(503, "kv-unavailable", "KV did not answer", { detail }, { "Retry-After": "1" });
  });
