import type { RouteConfig } from "@hono/zod-openapi";
import { z } from "zod";
import { productView } from "../../shared/schema/desk.ts";
import { keyName, slugName } from "../../shared/schema/names.ts";
import { json } from "../../shared/schema/primitives.ts";
import { question } from "./ask.ts";
import { eventBody, joinBody, openBody, pagesBody } from "./doors.ts";

/*
 * What pages and products call, for the API's description. These routes take fields that they do not know, and a key
 * either in a header or, as text/plain without a preflight, in the body.
 */

const AT = { servers: [{ url: "/" }], tags: ["Tests of demand"], security: [{ bearer: [] }] };
const KEY =
  "Needs an environment key, client or server, in a header, or as `key` in the body, which may then be text/plain.";

const refused = z.object({ errorDetails: z.string() }).meta({ id: "VisitorRefusal" });
const refusal = (description: string) => ({ description, content: { "application/json": { schema: refused } } });
const REFUSALS = {
  400: refusal("No JSON, or a field is missing or not valid"),
  401: refusal("No key in force"),
  403: refusal("The key does not allow this origin"),
  404: refusal("There is no such test for this visitor"),
  413: refusal("The body is too large"),
  429: refusal("The key asks too often: again after Retry-After"),
  503: refusal("Not now: again after Retry-After"),
};

const content = (schema: z.ZodType) => ({ "application/json": { schema } });
const sent = (schema: z.ZodType) => ({ body: { required: true, content: content(schema) } });
const answered = (schema: z.ZodType, description: string) => ({ description, content: content(schema) });

const door = z.object({ flag: keyName });
const state = z.string().meta({ description: "`new`, `clicked`, or `preview`" });
const opened = z
  .object({
    nonce: z.string().meta({ description: "Makes `seen` and `click` count" }),
    state,
    message: z.string().meta({ description: "What a click is answered with" }),
    thanks: z.string().meta({ description: "What a visitor sees who clicked before" }),
  })
  .meta({ id: "DoorOpened" });
const standing = z.object({ state }).meta({ id: "DoorStanding" });
const asked = productView
  .extend({
    poll: z.string().optional().meta({ description: "Address at which the answer is waited for; none in a preview" }),
    preview: z.boolean().optional(),
  })
  .meta({ id: "DeskAsked" });

const act = (action: string, body: z.ZodType, summary: string, answer: z.ZodType): RouteConfig => ({
  ...AT,
  method: "post",
  path: `/v1/doors/{flag}/${action}`,
  summary,
  description: KEY,
  request: { params: door, ...sent(body) },
  responses: {
    ...REFUSALS,
    200: answered(answer, "How this visitor stands to the door"),
    409: refusal("The nonce is not this visitor's, or too old: open the door again"),
  },
});

export const VISITOR_ROUTES: readonly RouteConfig[] = [
  act("open", openBody, "Whether this visitor is shown a fake door, and what it says.", opened),
  act("seen", eventBody, "This visitor has seen the door.", standing),
  act("click", eventBody, "This visitor has clicked the door.", standing),
  act("join", joinBody, "Say whose browser this is, so that a user counts once. Server keys only.", standing),
  {
    ...AT,
    method: "post",
    path: "/v1/pages",
    summary: "A page says which tests' markup it carries.",
    description: KEY,
    request: sent(pagesBody),
    responses: { ...REFUSALS, 204: { description: "Heard, whatever the flags are" } },
  },
  {
    ...AT,
    method: "post",
    path: "/v1/ask/{flag}",
    summary: "Ask a person (Wizard of Oz).",
    description: `${KEY} The same id again is the same question.`,
    request: { params: door, ...sent(question) },
    responses: { ...REFUSALS, 202: answered(asked, "The question, and where its answer is read") },
  },
  {
    ...AT,
    security: [],
    method: "get",
    path: "/v1/ask/{project}/{environment}/{id}",
    summary: "Wait for the answer to a question, by long poll or, with Accept: text/event-stream, by stream.",
    request: {
      params: z.object({ project: slugName, environment: slugName, id: z.string() }),
      query: z.object({ wait: z.number().optional().meta({ description: "Seconds to wait for it, at most 25" }) }),
    },
    responses: {
      200: answered(productView.extend({ answer: json.optional() }), "The question as it stands"),
      404: REFUSALS[404],
      503: REFUSALS[503],
    },
  },
];
