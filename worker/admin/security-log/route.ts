import { z } from "@hono/zod-openapi";
import { LIMITS } from "../../../shared/limits.ts";
import { instant, slug } from "../../../shared/schema/primitives.ts";
import {
  type SecurityCheck,
  securityCheck,
  securityDelivery,
  securityDeliveryBody,
  securityDeliveryMade,
  securityKind,
  securityRow,
} from "../../../shared/schema/security-log.ts";
import { toBase64 } from "../../crypto/base64.ts";
import type { Env } from "../../env.ts";
import { ProblemError } from "../../http/problem.ts";
import { targetProblem } from "../../http/public-url.ts";
import type { SecurityQuery } from "../../objects/directory/security-log.ts";
import { directory } from "../../objects/stubs.ts";
import { actorOf } from "../kernel/principal.ts";
import { recordAct } from "../kernel/record-act.ts";
import { adminRoute, body, json, whole } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const tags = ["Security log"];
const DELIVERY = "/security-log/delivery";
/** Rows of one question to the directory while the chain is checked. */
const CHECK_ROWS = 2_000;

const filters = z.object({
  kind: securityKind.optional(),
  actor: z.string().max(100).optional().meta({ description: "The id of a token, or `admin`" }),
  project: slug.optional(),
  since: instant.optional(),
  until: instant.optional(),
});
const pageQuery = filters.extend({
  before: whole(z.number().min(1)).optional().meta({ description: "`next` of the page before" }),
  limit: whole(z.number().min(1).max(LIMITS.securityLogPageRows)).default(100),
});

type Filters = z.infer<typeof filters>;
const queryOf = ({ since, until, ...others }: Filters, limit: number): SecurityQuery => ({
  ...others,
  limit,
  since: since === undefined ? undefined : Date.parse(since),
  until: until === undefined ? undefined : Date.parse(until),
});

/** Who did what to the installation: for administrators of all projects. */
export const securityLog = router()
  .openapi(
    adminRoute("admin", {
      method: "get",
      path: "/security-log",
      tags,
      summary: "The security log of the installation, newest first: sign-ins, tokens, keys, backups, settings.",
      request: { query: pageQuery },
      responses: {
        200: json(
          z.object({ rows: z.array(securityRow), next: z.int().nullable() }),
          "`next` continues as `before`; each row holds the hash of the one before",
        ),
      },
    }),
    async (c) => {
      const { before, limit, ...asked } = c.req.valid("query");
      const page = await directory(c.env).securityPage({ ...queryOf(asked, limit), before });
      return c.json(page, 200, { "Cache-Control": "no-store" });
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "get",
      path: "/security-log/export",
      tags,
      summary: "The security log as NDJSON, oldest first. The export itself is recorded.",
      request: { query: filters },
      responses: {
        200: { description: "One row a line", content: { "application/x-ndjson": { schema: z.string() } } },
      },
    }),
    async (c) => {
      await recordAct(c, { kind: "export.taken", subject: "security-log" });
      const asked = queryOf(c.req.valid("query"), LIMITS.securityLogPageRows);
      const answer = c.body(linesOf(c.env, asked), 200, {
        "Content-Type": "application/x-ndjson; charset=utf-8",
        "Content-Disposition": 'attachment; filename="security-log.ndjson"',
        "Cache-Control": "no-store",
      });
      // The router types no answers of this content type.
      return answer as never;
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "get",
      path: "/security-log/verify",
      tags,
      summary: "Check that each row of the security log follows from the one before.",
      description: "The chain begins at the checkpoint, which stands for the rows that retention removed.",
      responses: { 200: json(securityCheck, "`intact`, and where it is not") },
    }),
    async (c) => c.json(await check(c.env), 200, { "Cache-Control": "no-store" }),
  )
  .openapi(
    adminRoute("admin", {
      method: "get",
      path: DELIVERY,
      tags,
      summary: "Where the security log is sent, and how far the receiver has confirmed it.",
      responses: { 200: json(z.object({ delivery: securityDelivery.nullable() }), "null: nowhere") },
    }),
    async (c) => c.json({ delivery: await directory(c.env).securityDelivery() }, 200, { "Cache-Control": "no-store" }),
  )
  .openapi(
    adminRoute("admin", {
      method: "put",
      path: DELIVERY,
      tags,
      summary: "Send the security log to a receiver, such as a SIEM. The signing secret is shown once.",
      description:
        "Rows come in order and at least once, signed by Standard Webhooks: `security-log.rows` with up to 100 rows in `data.rows`. Another address goes on where the one before was, under a new secret.",
      request: { body: body(securityDeliveryBody) },
      responses: { 200: json(securityDeliveryMade, "It begins with the next row") },
    }),
    async (c) => {
      const { url } = c.req.valid("json");
      const wrong = targetProblem(url, c.env.WEBHOOK_LOCAL_TARGETS === "allow");
      if (wrong)
        throw new ProblemError(422, "invalid", "Some fields are not valid", {
          errors: [{ field: "url", message: wrong }],
        });
      const secret = `whsec_${toBase64(crypto.getRandomValues(new Uint8Array(32)))}`;
      await directory(c.env).setSecurityDelivery(url, secret, actorOf(c));
      return c.json({ secret }, 200, { "Cache-Control": "no-store" });
    },
  )
  .openapi(
    adminRoute("admin", {
      method: "delete",
      path: DELIVERY,
      tags,
      summary: "Stop sending the security log.",
      responses: { 204: { description: "Stopped" } },
    }),
    async (c) => {
      if (!(await directory(c.env).removeSecurityDelivery(actorOf(c))))
        throw new ProblemError(404, "delivery-not-found", "The security log is sent nowhere");
      return c.body(null, 204);
    },
  );

/** Page by page, as the reader takes them: the log may be larger than an isolate's memory. */
function linesOf(env: Env, query: SecurityQuery): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let after = 0;
  return new ReadableStream({
    async pull(controller) {
      const { rows, next } = await directory(env).securityPage({ ...query, after });
      if (rows.length > 0) controller.enqueue(encoder.encode(rows.map((row) => `${JSON.stringify(row)}\n`).join("")));
      if (next === null) controller.close();
      else after = next;
    },
  });
}

async function check(env: Env): Promise<SecurityCheck> {
  let rows = 0;
  let from: { position: number; hash: string } | null = null;
  for (;;) {
    const { done, ...part }: SecurityCheck & { done: boolean } = await directory(env).checkSecurityLog(
      from,
      CHECK_ROWS,
    );
    rows += part.rows;
    if (done) return { ...part, rows };
    from = { position: part.to, hash: part.hash };
  }
}
