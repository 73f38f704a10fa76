import { z } from "@hono/zod-openapi";
import { sipKey } from "../../../shared/hashing/sip-hash.ts";
import { LIMITS } from "../../../shared/limits.ts";
import { type ListView, listPatch, listView } from "../../../shared/schema/segment.ts";
import { divide, shardCount } from "../../../shared/segments/segment-list.ts";
import { toBase64 } from "../../crypto/base64.ts";
import { inTime } from "../../http/body.ts";
import { ProblemError, rejectionProblem } from "../../http/problem.ts";
import { flagStore } from "../../objects/stubs.ts";
import { execute, found, written } from "../kernel/execute.ts";
import { adminRoute, body, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";
import { listFormat, readListHashes } from "./list-upload.ts";

const LIST = "/projects/{project}/segments/{segment}/list" as const;
const answers = { 200: json(listView, "Changed"), 201: json(listView, "Made") };
/** Shards sent to the store at a time: about 700 KB of base64. */
const SHARDS_PER_CALL = 8;
const lines = z.string().meta({ description: "One key a line" });

/** Long lists of segments: up to a million keys, of which only keyed hashes are kept. */
export const segmentLists = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: LIST,
      tags: ["Segments"],
      summary: "How long a segment's long list is. The keys themselves are not kept.",
      request: { params: params.segment },
      responses: { 200: json(listView, "The list") },
    }),
    async (c) => {
      const { project, segment } = c.req.valid("param");
      const view = await flagStore(c.env, project).getList(segment);
      return c.json(found(c, view, "list", segment), 200);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "put",
      path: LIST,
      tags: ["Segments"],
      summary: `Replace a segment's long list: up to ${LIMITS.segmentListKeys} keys, one a line.`,
      description:
        "As text/plain, each line is a key; as application/x-ndjson, each is a JSON string or number. The keys are values of the segment's `by` attribute. Only keyed 64-bit hashes are kept, so nobody can read the list back, and one in 10^13 strangers counts as listed. All or nothing.",
      request: {
        params: params.segment,
        headers: writeHeaders,
        query: z.object({ comment: z.string().max(LIMITS.commentChars).optional() }),
        body: {
          required: true,
          content: { "text/plain": { schema: lines }, "application/x-ndjson": { schema: lines } },
        },
      },
      responses: answers,
    }),
    async (c) => {
      const { project, segment } = c.req.valid("param");
      const type = c.req.header("Content-Type");
      const format = listFormat(type);
      if (!format) {
        const detail = `The request has ${(type ?? "none").slice(0, 100)}.`;
        const title = "Send Content-Type: text/plain or application/x-ndjson";
        throw new ProblemError(415, "content-type", title, { detail });
      }
      if (Number(c.req.header("Content-Length") ?? 0) > LIMITS.segmentListBytes) throw tooLarge();
      const store = flagStore(c.env, project);
      const begun = await store.beginList(segment);
      if (!begun.ok) throw rejectionProblem(begun.rejection);
      const { upload, key } = begun.value;
      const { body: sent } = c.req.raw;
      const chunks = sent ? inTime(sent as ReadableStream<Uint8Array>) : nothing();
      const hashes = await readListHashes(chunks, format, sipKey(key));
      if ("fault" in hashes) {
        if (hashes.fault === "too-large") throw tooLarge();
        if (hashes.fault === "too-many") {
          const { segmentListKeys: max } = LIMITS;
          throw rejectionProblem({ code: "limit-exceeded", limit: "segmentListKeys", max, actual: max + 1 });
        }
        const errors = [{ field: `line ${hashes.line}`, message: hashes.message }];
        throw new ProblemError(422, "invalid", "Some lines are not valid", { errors });
      }
      const shards = divide(hashes, shardCount(hashes.length / 2));
      for (let first = 0; first < shards.length; first += SHARDS_PER_CALL) {
        const parts = shards
          .slice(first, first + SHARDS_PER_CALL)
          .map((words, index) => ({ shard: first + index, hashes: toBase64(bytesOf(words)) }));
        await store.addToList(upload, parts);
      }
      const command = { type: "putList", segment, upload, digest: await sha256Hex(bytesOf(hashes)) } as const;
      const reply = await execute(c, project, command, { comment: c.req.valid("query").comment });
      const { view, status } = written<ListView>(c, reply);
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "patch",
      path: LIST,
      tags: ["Segments"],
      summary: `Add keys to a segment's long list and remove others: ${LIMITS.segmentListPatchKeys} at once.`,
      description: "Adding a key that is listed, or removing one that is not, changes nothing.",
      request: { params: params.segment, headers: writeHeaders, body: body(listPatch) },
      responses: answers,
    }),
    async (c) => {
      const { project, segment } = c.req.valid("param");
      const { add, remove, comment } = c.req.valid("json");
      const reply = await execute(c, project, { type: "patchList", segment, add, remove }, { comment });
      const { view, status } = written<ListView>(c, reply);
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "delete",
      path: LIST,
      tags: ["Segments"],
      summary: "Delete a segment's long list. The segment stays.",
      request: { params: params.segment, headers: writeHeaders },
      responses: { 204: { description: "Deleted" } },
    }),
    async (c) => {
      const { project, segment } = c.req.valid("param");
      await execute(c, project, { type: "deleteList", segment });
      return c.body(null, 204);
    },
  );

async function* nothing(): AsyncGenerator<Uint8Array> {}

const tooLarge = () =>
  new ProblemError(413, "body-too-large", `The body is larger than ${LIMITS.segmentListBytes} bytes`);

const bytesOf = (words: Uint32Array) => new Uint8Array(words.buffer as ArrayBuffer, words.byteOffset, words.byteLength);

async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
