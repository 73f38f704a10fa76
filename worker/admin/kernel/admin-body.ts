import type { MiddlewareHandler } from "hono";
import { LIMITS } from "../../../shared/limits.ts";
import { hasProtoName, isJsonType, jsonDepth, readBody } from "../../http/body.ts";
import { ProblemError } from "../../http/problem.ts";
import type { AdminEnv } from "./principal.ts";

/**
 * Every JSON body of administration passes here before a schema sees it, and after it is known who sends it: size,
 * content type, depth, names. The text read is handed on through Hono's body cache, so nothing is read twice.
 *
 * @param limit bytes
 */
export const checkBody =
  (limit: number = LIMITS.adminBodyBytes): MiddlewareHandler<AdminEnv> =>
  async (c, next) => {
    const text = await readBody(c.req.raw, limit);
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
      if (hasProtoName(parsed))
        throw new ProblemError(400, "forbidden-name", 'A property cannot be called "__proto__"');
    }
    // An empty body that is announced as JSON counts as an empty object; the cache's type wants a promise.
    const handedOn = text === "" && isJsonType(c.req.raw) ? "{}" : text;
    c.req.bodyCache.text = Promise.resolve(handedOn) as never;
    await next();
  };
