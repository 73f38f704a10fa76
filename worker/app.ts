import { OpenAPIHono } from "@hono/zod-openapi";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { DurableBusy, DurableUnavailable } from "./durable/durable-stub.ts";
import type { Env } from "./env.ts";
import { holds, MadeOnce } from "./http/made-once.ts";
import { ProblemError, problemResponse } from "./http/problem.ts";
import { HSTS } from "./http/security-headers.ts";
import { log } from "./log.ts";
import type { AdminEnv } from "./middleware/principal.ts";
import { ask } from "./routes/ask.ts";
import { backup } from "./routes/backup.ts";
import { breakGlass } from "./routes/break-glass.ts";
import { budget } from "./routes/budget.ts";
import { delivery } from "./routes/delivery.ts";
import { demo } from "./routes/demo.ts";
import { desk } from "./routes/desk.ts";
import { doors, pages } from "./routes/doors.ts";
import { drills } from "./routes/drills.ts";
import { EVENTS_PATH, events } from "./routes/events.ts";
import { flags } from "./routes/flags.ts";
import { guards } from "./routes/guards.ts";
import { history } from "./routes/history.ts";
import { keys } from "./routes/keys.ts";
import { metrics } from "./routes/metrics.ts";
import { ofrep } from "./routes/ofrep.ts";
import { planLibrary } from "./routes/plan-library.ts";
import { plans } from "./routes/plans.ts";
import { playground } from "./routes/playground.ts";
import { previews } from "./routes/previews.ts";
import { projects } from "./routes/projects.ts";
import { propagation } from "./routes/propagation.ts";
import { schedules } from "./routes/schedules.ts";
import { script } from "./routes/script.ts";
import { segmentLists } from "./routes/segment-lists.ts";
import { segments } from "./routes/segments.ts";
import { session } from "./routes/session.ts";
import { sessions } from "./routes/sessions.ts";
import { streams } from "./routes/streams.ts";
import { telemetry } from "./routes/telemetry.ts";
import { tests } from "./routes/tests.ts";
import { triggerCalls } from "./routes/trigger-calls.ts";
import { triggers } from "./routes/triggers.ts";
import { usage } from "./routes/usage.ts";
import { webhooks } from "./routes/webhooks.ts";

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
  .route("/", planLibrary)
  .route("/", triggers)
  .route("/", webhooks)
  .route("/", delivery)
  .route("/", budget)
  .route("/", drills)
  .route("/", keys)
  .route("/", history)
  .route("/", playground)
  .route("/", previews)
  .route("/", usage)
  .route("/", breakGlass)
  .route("/", backup)
  .route("/", propagation)
  .route("/", telemetry)
  .route("/", tests)
  .route("/", desk);
export type Admin = typeof admin;

admin.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
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
app.route("/metrics", metrics);
app.route("/v1/triggers", triggerCalls);
app.all("/ofrep/v1/*", (c) => ofrep(c.req.raw, c.req.url, c.env, c.executionCtx as ExecutionContext));

app.on(["POST", "OPTIONS"], EVENTS_PATH, (c) => events(c.req.raw, c.env, c.executionCtx as ExecutionContext));
app.route("/", script);
app.route("/demo", demo);
app.route("/v1/doors", doors);
app.route("/v1/pages", pages);
app.route("/v1/ask", ask);

app.get("/healthz", (c) =>
  c.json({ status: "ok", nonce: c.env.START_NONCE ?? "" }, 200, { "Cache-Control": "no-store" }),
);

app.use("/api/*", secureHeaders({ strictTransportSecurity: HSTS }));
app.route("/api/v1", admin);
app.all("/api/*", () => {
  throw new ProblemError(404, "route-not-found", "There is no such route", {
    detail: "GET /api/v1/openapi.json lists them all.",
  });
});

app.notFound(() => problemResponse(new ProblemError(404, "route-not-found", "There is no such route")));

app.onError((error, c) => {
  if (error instanceof ProblemError) return problemResponse(error);
  if (error instanceof HTTPException)
    return problemResponse(new ProblemError(error.status as 400, "bad-request", error.message));
  if (error instanceof DurableBusy) {
    const detail = "Histories, exports and figures are read at a bounded rate, so that a kill never waits behind them.";
    return problemResponse(
      new ProblemError(429, "too-many-reads", "Too many large reads at once", { detail }, { "Retry-After": "1" }),
    );
  }
  if (error instanceof DurableUnavailable) {
    log({ event: "store-unavailable", error: error.message });
    const detail = "Nothing was lost: repeat the request, with the same Idempotency-Key if it was a write.";
    return problemResponse(
      new ProblemError(503, "store-unavailable", "The store did not answer", { detail }, { "Retry-After": "1" }),
    );
  }
  log({ event: "unexpected-error", path: new URL(c.req.url).pathname, error: String(error) });
  return problemResponse(new ProblemError(500, "internal", "Something went wrong on our side"));
});
