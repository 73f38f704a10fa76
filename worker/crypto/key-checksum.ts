import { createHmac } from "node:crypto";

/**
 * The last characters of a key or trigger token that this installation made: a checksum over all that stands before
 * them, under a secret of the Worker. It opens nothing. It only tells, before anything is looked up, that nobody has
 * made the project's name up; keys without it (older, restored, made under another secret) work as well.
 */
const CHECKSUM_CHARS = 8;

const checksumOf = (secret: string, text: string): string =>
  createHmac("sha256", secret).update(`key-checksum\n${text}`).digest("hex").slice(0, CHECKSUM_CHARS);

/** The token with its last characters replaced by the checksum; as it is when there is no secret to make one with. */
export function withChecksum(token: string, secret: string | undefined): string {
  if (!secret) return token;
  const checked = token.slice(0, -CHECKSUM_CHARS);
  return checked + checksumOf(secret, checked);
}

/** Whether the token ends in its checksum. No secret depends on the comparison: who guesses right gains a place in a queue. */
export function hasChecksum(token: string, secret: string | undefined): boolean {
  if (!secret) return false;
  return token.slice(-CHECKSUM_CHARS) === checksumOf(secret, token.slice(0, -CHECKSUM_CHARS));
}
