import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { identityText } from "../../../shared/evaluation/attribute.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import { key } from "../../../shared/schema/primitives.ts";
import { series as seriesSchema } from "../../../shared/schema/series.ts";
import {
  dayTotals,
  describedBatch,
  EVENT_LIMITS,
  eventAnswer,
  seriesTotals,
  telemetryStats as statsSchema,
} from "../../../shared/schema/telemetry.ts";
import { isolateEdge } from "../../evaluation/edge/isolate.ts";
import type { Loaded } from "../../evaluation/edge/loaded.ts";
import { EVENTS_PATH } from "../../events/events.ts";
import { ProblemError } from "../../http/problem.ts";
import {
  forgetInTelemetry,
  telemetryDaily,
  telemetryStats,
  telemetryTotals,
} from "../../objects/telemetry-shard/totals.ts";
import type { AdminEnv } from "../kernel/principal.ts";
import { adminRoute, body, json, params } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const AT = "/projects/{project}/environments/{environment}" as const;
/** JSON holds whole numbers beyond this only rounded: another person's, perhaps. */
const EXACT_NUMBER = z
  .number()
  .refine(
    (value) => Math.abs(value) <= Number.MAX_SAFE_INTEGER,
    "numbers above 2^53 − 1 arrive rounded; send it as text",
  );
const UNIT_VALUE = z.union([z.string().min(1).max(EVENT_LIMITS.textChars), EXACT_NUMBER]);

const forgetBody = z
  .strictObject({
    unit: z.record(z.string().max(EVENT_LIMITS.textChars), UNIT_VALUE).meta({
      description: "The attributes by which the person is known, as events carry them",
      examples: [{ targetingKey: "u1" }],
    }),
  })
  .meta({ id: "ForgetUnit" });

const flagEvents = z.object({
  series: seriesSchema.nullable(),
  totals: seriesTotals.nullable(),
  days: z.array(dayTotals),
});

/** What telemetry knows, and how to have it forget somebody. */
export const telemetry = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: `${AT}/events/stats`,
      tags: ["Telemetry"],
      summary: "Events stored and shed, and the present traffic by flag and metric.",
      description: "With `flag`, the traffic of this flag alone, beside that of all flags together.",
      request: { params: params.environment, query: z.object({ flag: key.optional() }) },
      responses: { 200: json(statsSchema, "Over all shards, since the environment's first event") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      await known(c, project, environment);
      return c.json(await telemetryStats(c.env, project, environment, c.req.valid("query")), 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: `${AT}/flags/{flag}/events`,
      tags: ["Telemetry"],
      summary: "What is counted of a flag: the running series, or an earlier one by its id.",
      request: {
        params: params.state,
        query: z.object({ series: z.string().max(120).optional().meta({ description: "An earlier series' id" }) }),
      },
      responses: { 200: json(flagEvents, "`series` is null when nothing observes the flag, or for an earlier one") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const asked = c.req.valid("query").series;
      const { observed, compiled } = await known(c, project, environment);
      if (!compiled.flags.has(flag)) throw new ProblemError(404, "flag-not-found", `There is no flag "${flag}"`);
      const running = observed.flags.get(flag)?.series ?? null;
      const id = asked ?? running?.id;
      if (id === undefined) return c.json({ series: null, totals: null, days: [] }, 200);
      const [{ series }, days] = await Promise.all([
        telemetryTotals(c.env, project, environment, [id]),
        telemetryDaily(c.env, project, environment, [id]),
      ]);
      return c.json(
        {
          series: running?.id === id ? running : null,
          totals: Object.hasOwn(series, id) ? (series[id] ?? null) : null,
          days: Object.hasOwn(days, id) ? (days[id] ?? []) : [],
        },
        200,
      );
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "post",
      path: `${AT}/events/forget`,
      tags: ["Telemetry"],
      summary: "Delete everything that is kept of one person in this environment.",
      description: "Counts stay, as nobody can be found in them.",
      request: { params: params.environment, body: body(forgetBody) },
      responses: { 200: json(z.object({ records: z.int() }), "How many exposure records were deleted") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const { unit } = c.req.valid("json");
      const { hasher } = (await known(c, project, environment)).observed;
      if (!hasher) throw unreachable();
      let records = 0;
      for (const [attribute, value] of Object.entries(unit)) {
        const identity = identityText(value);
        if (identity === null) continue;
        records += await forgetInTelemetry(c.env, project, environment, hasher.unit(attribute, identity));
      }
      return c.json({ records }, 200);
    },
  );

const unreachable = () =>
  new ProblemError(503, "store-unavailable", "The environment could not be read", {}, { "Retry-After": "1" });

/** The environment as this isolate knows it. */
async function known(c: Context<AdminEnv>, project: Slug, environment: Slug): Promise<Loaded> {
  const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
  const loaded = await isolateEdge(c.env, c.req.raw).current(project, environment, waitUntil, { vouched: true });
  if (loaded === "missing")
    throw new ProblemError(404, "environment-not-found", `There is no environment "${environment}"`);
  if (loaded === "unreachable") throw unreachable();
  return loaded;
}

const problem = (description: string) => ({ description });

/** The one route outside administration that a program has to be written against by hand. */
telemetry.openAPIRegistry.registerPath({
  method: "post",
  path: EVENTS_PATH,
  servers: [{ url: "/" }],
  tags: ["Telemetry"],
  summary: "Report exposures and outcomes, in batches.",
  description: [
    `At most ${EVENT_LIMITS.perBatch} events and ${EVENT_LIMITS.bodyBytes / 1024} KiB. Each event is a TelemetryEvent,`,
    "checked by itself. Needs an environment key, client or server; a beacon, which cannot set headers, puts it into the",
    "body as `key` and may send text/plain. A batch may be sent again: each event counts once.",
  ].join(" "),
  security: [{ bearer: [] }],
  request: { body: body(describedBatch) },
  responses: {
    202: json(eventAnswer, "What became of each event"),
    400: problem("No JSON, or a field is missing or not valid"),
    401: problem("No key in force"),
    403: problem("The key does not allow this origin"),
    408: problem("The body did not arrive whole in time"),
    413: problem("Too many events or bytes"),
    415: problem("Neither application/json nor text/plain"),
    503: problem("Some events could not be stored: send the batch again, after Retry-After"),
  },
});
