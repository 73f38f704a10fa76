import type { MiddlewareHandler } from "hono";
import { LIMITS } from "../../shared/limits.ts";
import { hasProtoName, isJsonType, jsonDepth, readText } from "../http/body.ts";
import { ProblemError } from "../http/problem.ts";
import type { AdminEnv } from "./principal.ts";

/** A list's upload is not JSON and far larger. Its own route checks it while it arrives, after asking who sends it. */
const LIST_UPLOAD = /^\/api\/v1\/projects\/[^/]+\/segments\/[^/]+\/list$/;

/**
 * Every administration body passes here before a schema sees it: size, content type, depth, names. The text read is
 * handed on through Hono's body cache, so nothing is read twice.
 */
export const checkBody: MiddlewareHandler<AdminEnv> = async (c, next) => {
  if (c.req.method === "GET" || c.req.method === "HEAD" || c.req.method === "DELETE") return next();
  if (c.req.method === "PUT" && LIST_UPLOAD.test(c.req.path)) return next();
  const limit = LIMITS.adminBodyBytes;
  const text = await readText(c.req.raw, limit);
  if (text === null) throw new ProblemError(413, "body-too-large", `The body is larger than ${limit} bytes`);
  if (text !== "") {
    if (!isJsonType(c.req.raw)) {
      const got = c.req.header("Content-Type") ?? "none";
      throw new ProblemError(415, "content-type", "Send Content-Type: application/json", {
        detail: `The request has ${got.slice(0, 100)}.`,
      });
    }
    if (jsonDepth(text) > LIMITS.jsonDepth)
      throw new ProblemError(400, "json-too-deep", `The body nests deeper than ${LIMITS.jsonDepth} levels`);
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (error) {
      throw new ProblemError(400, "json-invalid", "The body is not valid JSON", {
        detail: error instanceof Error ? error.message : "",
      });
    }
    if (hasProtoName(parsed)) throw new ProblemError(400, "forbidden-name", 'A property cannot be called "__proto__"');
  }
  // An empty body that is announced as JSON counts as an empty object; the cache's type wants a promise.
  const handedOn = text === "" && isJsonType(c.req.raw) ? "{}" : text;
  c.req.bodyCache.text = Promise.resolve(handedOn) as never;
  await next();
};
