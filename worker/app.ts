import { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { routePath } from "hono/route";
import { secureHeaders } from "hono/secure-headers";
import { backup } from "./admin/backup/route.ts";
import { breakGlass } from "./admin/break-glass/route.ts";
import { budget } from "./admin/budget/route.ts";
import { delivery } from "./admin/delivery/route.ts";
import { desk } from "./admin/desk/route.ts";
import { drills } from "./admin/drills/route.ts";
import { flags } from "./admin/flags/route.ts";
import { followUps } from "./admin/follow-ups/route.ts";
import { freezes } from "./admin/freezes/route.ts";
import { guards } from "./admin/guards/route.ts";
import { history } from "./admin/history/route.ts";
import { installation } from "./admin/installation/route.ts";
import type { AdminEnv } from "./admin/kernel/principal.ts";
import { keys } from "./admin/keys/route.ts";
import { planTemplates } from "./admin/plan-templates/route.ts";
import { plans } from "./admin/plans/route.ts";
import { playground } from "./admin/playground/route.ts";
import { previews } from "./admin/previews/route.ts";
import { probeOrders } from "./admin/probes/route.ts";
import { projects } from "./admin/projects/route.ts";
import { propagation } from "./admin/propagation/route.ts";
import { resilience } from "./admin/resilience/route.ts";
import { schedules } from "./admin/schedules/route.ts";
import { securityLog } from "./admin/security-log/route.ts";
import { segmentLists } from "./admin/segment-lists/route.ts";
import { segments } from "./admin/segments/route.ts";
import { session } from "./admin/session/route.ts";
import { sessions } from "./admin/session/sessions.ts";
import { signingKeys } from "./admin/signing-keys/route.ts";
import { telemetry } from "./admin/telemetry/route.ts";
import { tests } from "./admin/tests/route.ts";
import { triggers } from "./admin/triggers/route.ts";
import { usage } from "./admin/usage/route.ts";
import { webhooks } from "./admin/webhooks/route.ts";
import { dashboardPage } from "./dashboard-page.ts";
import { ask } from "./demand/ask.ts";
import { demo } from "./demand/demo.ts";
import { VISITOR_ROUTES } from "./demand/described.ts";
import { doors, pages } from "./demand/doors.ts";
import { script } from "./demand/script.ts";
import type { Env } from "./env.ts";
import { CHANGES_ROUTE, changes } from "./evaluation/changes.ts";
import { ofrep } from "./evaluation/ofrep.ts";
import { streams } from "./evaluation/streams.ts";
import { EVENTS_PATH, events } from "./events/events.ts";
import { holds, MadeOnce } from "./http/made-once.ts";
import { ProblemError, problemResponse } from "./http/problem.ts";
import { HSTS } from "./http/security-headers.ts";
import { log } from "./log.ts";
import { metrics } from "./metrics/route.ts";
import {
  DeploymentOutdated,
  DurableBusy,
  DurableUnavailable,
  PlacementRefused,
} from "./objects/kernel/durable-stub.ts";
import { placementProblem } from "./objects/placement.ts";
import { probes } from "./probe/route.ts";
import { rules } from "./rules/route.ts";
import { triggerCalls } from "./triggers/trigger-calls.ts";

/** Administration, typed end to end: `hc<Admin>` in the dashboard knows every route. */
export const admin = new OpenAPIHono<AdminEnv>()
  .route("/", session)
  .route("/", sessions)
  .route("/", projects)
  .route("/", flags)
  .route("/", segments)
  .route("/", segmentLists)
  .route("/", schedules)
  .route("/", guards)
  .route("/", plans)
  .route("/", planTemplates)
  .route("/", freezes)
  .route("/", triggers)
  .route("/", webhooks)
  .route("/", delivery)
  .route("/", resilience)
  .route("/", followUps)
  .route("/", budget)
  .route("/", drills)
  .route("/", keys)
  .route("/", securityLog)
  .route("/", signingKeys)
  .route("/", history)
  .route("/", playground)
  .route("/", previews)
  .route("/", usage)
  .route("/", breakGlass)
  .route("/", probeOrders)
  .route("/", installation)
  .route("/", backup)
  .route("/", propagation)
  .route("/", telemetry)
  .route("/", tests)
  .route("/", desk);
export type Admin = typeof admin;

admin.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
for (const route of [...VISITOR_ROUTES, CHANGES_ROUTE]) admin.openAPIRegistry.registerPath(route);
const document = new MadeOnce(() =>
  JSON.stringify(
    admin.getOpenAPI31Document({
      openapi: "3.1.0",
      info: {
        title: "Blastdoor administration",
        version: "1",
        description: "Flags, environments, keys and their history. Evaluation is OFREP 0.3.0 under /ofrep/v1.",
      },
      servers: [{ url: "/api/v1" }],
    }),
  ),
);

/**
 * The API's description. Anybody may ask, and building it takes as long as thousands of evaluations, so it is built once
 * in an isolate. Caches ask again each time, because a deployment changes it; under `?v=` and its own hash it is immutable.
 */
admin.get("/openapi.json", (c) => {
  const { bytes, etag, version } = document.get();
  const headers = {
    "Cache-Control": c.req.query("v") === version ? "public, max-age=31536000, immutable" : "public, no-cache",
    ETag: etag,
  };
  if (holds(c.req.header("If-None-Match"), etag)) return c.body(null, 304, headers);
  return c.body(bytes, 200, { ...headers, "Content-Type": "application/json" });
});

export const app = new OpenAPIHono<{ Bindings: Env }>();

// Whatever route answers, errors included. What does not pass here (evaluation, events) says so in its own literals.
app.use("*", async (c, next) => {
  await next();
  c.header("X-Content-Type-Options", "nosniff");
  c.header("Strict-Transport-Security", HSTS);
});

app.route("/ofrep/v1/streams", streams);
app.route("/server/v1/changes", changes);
app.route("/metrics", metrics);
app.route("/v1/triggers", triggerCalls);
app.route("/v1/probe", probes);
app.all("/ofrep/v1/*", (c) => ofrep(c.req.raw, c.req.url, c.env, c.executionCtx as ExecutionContext));

app.on(["POST", "OPTIONS"], EVENTS_PATH, (c) => events(c.req.raw, c.env, c.executionCtx as ExecutionContext));
app.route("/", script);
app.route("/demo", demo);
app.route("/v1/doors", doors);
app.route("/v1/pages", pages);
app.route("/v1/ask", ask);
app.route("/server/v1", rules);

app.get("/healthz", (c) =>
  c.json({ status: "ok", nonce: c.env.START_NONCE ?? "", version: c.env.VERSION?.id ?? null }, 200, {
    "Cache-Control": "no-store",
  }),
);

app.use("/api/*", secureHeaders({ strictTransportSecurity: HSTS }));
app.use("/api/v1/*", async (c, next) => {
  const problem = await placementProblem(c.env);
  if (problem !== null) throw new PlacementRefused(problem);
  return next();
});
app.route("/api/v1", admin);
app.all("/api/*", () => {
  throw new ProblemError(404, "route-not-found", "There is no such route", {
    detail: "GET /api/v1/openapi.json lists them all.",
  });
});

app.get("/*", async (c) => (await dashboardPage(c)) ?? c.notFound());

app.notFound(() => problemResponse(new ProblemError(404, "route-not-found", "There is no such route")));

app.onError((error, c) => {
  if (error instanceof ProblemError) return problemResponse(error);
  if (error instanceof HTTPException)
    return problemResponse(new ProblemError(error.status as 400, "bad-request", error.message));
  if (error instanceof DurableBusy) {
    const detail = "Lists, histories and figures are read at a bounded rate, so that a kill never waits behind them.";
    return problemResponse(
      new ProblemError(429, "too-many-reads", "Too many large reads at once", { detail }, { "Retry-After": "1" }),
    );
  }
  if (error instanceof DeploymentOutdated) {
    log({ event: "deployment-outdated", error: String(error.cause) });
    const detail =
      "A newer version has changed the data in a way that this one must not touch. Deploy that version, or a later one, again. Evaluation goes on from what edges hold, and the break-glass route still kills.";
    return problemResponse(
      new ProblemError(503, "deployment-outdated", "This deployment is older than its data", { detail }),
    );
  }
  if (error instanceof PlacementRefused)
    return problemResponse(
      new ProblemError(503, "placement-refused", "The settings do not name where the data lies", {
        detail: error.message,
      }),
    );
  if (error instanceof DurableUnavailable) {
    log({ event: "store-unavailable", error: error.message });
    const detail = "Nothing was lost: repeat the request, with the same Idempotency-Key if it was a write.";
    return problemResponse(
      new ProblemError(503, "store-unavailable", "The store did not answer", { detail }, { "Retry-After": "1" }),
    );
  }
  // The route's pattern: in addresses stand triggers' tokens and what opens an answer of the desk.
  log({ event: "unexpected-error", route: `${c.req.method} ${routePath(c)}`, error: String(error) });
  return problemResponse(new ProblemError(500, "internal", "Something went wrong on our side"));
});
