import { ProblemError } from "./problem.ts";

const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json\s*(?:;|$)/i;

/** No byte for so long (ms): the sender has gone, or only wants to hold a place. */
export const BODY_IDLE_MS = 5_000;
/** Within this (ms) a body may come as it likes; a mobile network finds its pace in it … */
export const BODY_GRACE_MS = 5_000;
/** … and of all later seconds each must have brought this much, on average: a tenth of what 2G does. */
export const BODY_LEAST_BYTES_PER_S = 512;

export interface Reading {
  /** The whole body must be there within this (ms). */
  readonly longestMs?: number;
  /** Called with what has come so far (bytes), before more is read. What it throws ends the reading. */
  readonly came?: (bytes: number) => void;
}

/**
 * A body as it comes, for as long as it makes progress. A sender that stops, or drips, is not waited for: what it holds
 * meanwhile, others would not have.
 *
 * @throws ProblemError 408
 */
export async function* inTime(
  body: ReadableStream<Uint8Array>,
  { longestMs = Number.POSITIVE_INFINITY, came }: Reading = {},
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const began = Date.now();
  let bytes = 0;
  let isWhole = false;
  try {
    for (;;) {
      const wait = Math.min(BODY_IDLE_MS, longestMs - (Date.now() - began));
      const next = wait > 0 ? await Promise.race([reader.read(), scheduler.wait(wait).then(() => null)]) : null;
      if (next === null) throw incomplete();
      if (next.done) {
        isWhole = true;
        return;
      }
      bytes += next.value.byteLength;
      came?.(bytes);
      const late = Date.now() - began - BODY_GRACE_MS;
      if (late > 0 && bytes * 1_000 < late * BODY_LEAST_BYTES_PER_S) throw incomplete();
      yield next.value;
    }
  } finally {
    // Nobody waits for it: an origin that hangs may never confirm.
    if (!isWhole) void reader.cancel().catch(() => {});
  }
}

const incomplete = () =>
  new ProblemError(408, "body-incomplete", "The body did not arrive whole in time", {
    detail: `A body may pause for ${BODY_IDLE_MS / 1_000} s and must keep up ${BODY_LEAST_BYTES_PER_S} bytes a second.`,
  });

/**
 * Reads at most `limit` bytes as text; null when there is more. Stops reading there, whatever was announced.
 *
 * @throws ProblemError 408 when the body makes no progress
 */
export async function readBody(request: Request, limit: number, reading: Reading = {}): Promise<string | null> {
  if (Number(request.headers.get("Content-Length") ?? 0) > limit) return null;
  if (!request.body) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of inTime(request.body as ReadableStream<Uint8Array>, reading)) {
    bytes += chunk.byteLength;
    if (bytes > limit) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

export function isJsonType(request: Request): boolean {
  const type = request.headers.get("Content-Type") ?? "";
  return type === "application/json" || JSON_TYPE.test(type);
}

/** Deepest nesting of brackets in JSON text. Counts without recursion, so no depth can hurt it. */
export function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 92) i++;
      else if (c === 34) inString = false;
    } else if (c === 34) inString = true;
    else if (c === 123 || c === 91) {
      if (++depth > deepest) deepest = depth;
    } else if (c === 125 || c === 93) depth--;
  }
  return deepest;
}

/** The first property called `__proto__` anywhere in parsed JSON: never honest, and dangerous to copy. */
export function hasProtoName(value: unknown): boolean {
  const waiting: unknown[] = [value];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (typeof next !== "object" || next === null) continue;
    if (!Array.isArray(next) && Object.hasOwn(next, "__proto__")) return true;
    // One by one: an array of a hundred thousand is more than a call takes as arguments.
    for (const inner of Object.values(next)) waiting.push(inner);
  }
  return false;
}
