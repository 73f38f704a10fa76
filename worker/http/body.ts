/** Why a body was refused, before anyone interprets it. */
export type BodyFault =
  | { fault: "too-large"; limit: number }
  | { fault: "content-type"; got: string }
  | { fault: "json"; detail: string }
  | { fault: "too-deep"; limit: number }
  | { fault: "forbidden-name"; name: string };

const JSON_TYPE = /^application\/(?:[a-z0-9.-]+\+)?json\s*(?:;|$)/i;

/** Reads at most `limit` bytes as text; null when there is more. Stops reading there, whatever was announced. */
export function readText(request: Request, limit: number): Promise<string | null> {
  const announced = request.headers.get("Content-Length");
  if (announced === null) return readUnannounced(request, limit);
  // The runtime delivers exactly what was announced, so the quick way is safe.
  return Number(announced) > limit ? Promise.resolve(null) : request.text();
}

async function readUnannounced(request: Request, limit: number): Promise<string | null> {
  if (!request.body) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
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
    waiting.push(...Object.values(next));
  }
  return false;
}
