import { identityText } from "../../../shared/evaluation/attribute.ts";
import { type SipKey, sipHash } from "../../../shared/hashing/sip-hash.ts";
import { LIMITS } from "../../../shared/limits.ts";
import { sortHashes } from "../../../shared/segments/segment-list.ts";

/*
 * A list's upload, read as it arrives: each key is hashed when its line is complete, so memory holds 8 bytes a key
 * and one chunk of text, whatever the body's size.
 */

/** `text`: a key a line, as it stands. `ndjson`: a JSON string or number a line. */
export type ListFormat = "text" | "ndjson";

export type ListFault =
  | { fault: "too-large"; limit: number }
  | { fault: "too-many"; limit: number }
  | { fault: "line"; line: number; message: string };

const TYPES: readonly (readonly [RegExp, ListFormat])[] = [
  [/^text\/plain\s*(?:;|$)/i, "text"],
  [/^application\/(?:x-)?ndjson\s*(?:;|$)/i, "ndjson"],
];

export const listFormat = (contentType: string | undefined): ListFormat | null =>
  TYPES.find(([pattern]) => pattern.test(contentType ?? ""))?.[1] ?? null;

/** Empty lines are skipped, and so is a carriage return at a line's end. Anything else belongs to the key. */
export async function readListHashes(
  chunks: AsyncIterable<Uint8Array>,
  format: ListFormat,
  key: SipKey,
): Promise<Uint32Array | ListFault> {
  const hashes = new HashCollector();
  // Fatal: broken bytes would all become U+FFFD, so that different keys were one.
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let bytes = 0;
  let line = 0;
  let rest = "";
  const take = (text: string): ListFault | null => {
    line++;
    const trimmed = text.endsWith("\r") ? text.slice(0, -1) : text;
    if (trimmed === "") return null;
    const identity = format === "text" ? trimmed : fromJson(trimmed);
    if (identity === null) return { fault: "line", line, message: "is not a JSON string or number" };
    if (identity.length > LIMITS.conditionValueChars)
      return { fault: "line", line, message: `is longer than ${LIMITS.conditionValueChars} characters` };
    return hashes.add(sipHash(key, identity)) ? null : { fault: "too-many", limit: LIMITS.segmentListKeys };
  };
  const decode = (chunk?: Uint8Array): string | null => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch {
      return null;
    }
  };
  for await (const chunk of chunks) {
    bytes += chunk.byteLength;
    if (bytes > LIMITS.segmentListBytes) return { fault: "too-large", limit: LIMITS.segmentListBytes };
    const decoded = decode(chunk);
    if (decoded === null) return { fault: "line", line: brokenLine(chunk, line), message: "is not UTF-8" };
    const text = rest + decoded;
    let from = 0;
    for (let to = text.indexOf("\n"); to >= 0; to = text.indexOf("\n", from)) {
      const fault = take(text.slice(from, to));
      if (fault) return fault;
      from = to + 1;
    }
    rest = text.slice(from);
    // No key is as long as this, in either format: a body without lines must not be gathered.
    if (rest.length > LIMITS.conditionValueChars * 8)
      return { fault: "line", line: line + 1, message: `is longer than ${LIMITS.conditionValueChars} characters` };
  }
  const end = decode();
  if (end === null) return { fault: "line", line: line + 1, message: "is not UTF-8" };
  const fault = take(rest + end);
  return fault ?? hashes.sorted();
}

/** The first line of a chunk that is no UTF-8, counted on from the lines before it. A line feed never lies in a character. */
function brokenLine(chunk: Uint8Array, linesBefore: number): number {
  // The chunk may begin within a character: those bytes belong to the chunk before.
  let from = 0;
  while (from < 3 && ((chunk[from] ?? 0) & 0xc0) === 0x80) from++;
  for (let line = linesBefore + 1; from <= chunk.length; line++) {
    const feed = chunk.indexOf(10, from);
    try {
      // A character that the chunk's end cuts off is not broken yet.
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(
        chunk.subarray(from, feed < 0 ? undefined : feed),
        {
          stream: feed < 0,
        },
      );
    } catch {
      return line;
    }
    if (feed < 0) break;
    from = feed + 1;
  }
  return linesBefore + 1;
}

function fromJson(line: string): string | null {
  try {
    return identityText(JSON.parse(line));
  } catch {
    return null;
  }
}

/** Grows by doubling, up to the limit; what is full of repetitions is thinned out first. */
class HashCollector {
  #words = new Uint32Array(2_048);
  #used = 0;

  /** False: one key too many. */
  add({ high, low }: { high: number; low: number }): boolean {
    if (this.#used === this.#words.length && !this.#makeRoom()) return false;
    this.#words[this.#used++] = low;
    this.#words[this.#used++] = high;
    return true;
  }

  sorted(): Uint32Array {
    return sortHashes(this.#words.subarray(0, this.#used));
  }

  #makeRoom(): boolean {
    // One more than allowed, so that the limit itself can be reached with a repetition after it.
    const most = (LIMITS.segmentListKeys + 1) * 2;
    if (this.#words.length < most) {
      const larger = new Uint32Array(Math.min(most, this.#words.length * 2));
      larger.set(this.#words);
      this.#words = larger;
      return true;
    }
    this.#used = this.sorted().length;
    return this.#used < most;
  }
}
