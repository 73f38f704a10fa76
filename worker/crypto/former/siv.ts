import { chacha20 } from "@noble/ciphers/chacha.js";
import { type SipKey, sipHashBytes, sipKey } from "../../../shared/hashing/sip-hash.ts";
import { bytesOfBase64Url, textOfUtf8 } from "../base64.ts";
import { keyedHash } from "../keyed-hash.ts";

/*
 * Opens the stream tokens of earlier versions, so that pages that are open while a new version is deployed go on
 * hearing of kills. ChaCha20 under a nonce that is the first 96 bits of the tag; the tag is two SipHashes of the text's
 * bytes. Nothing is sealed like this any more, and the tokens live for twelve hours at most.
 */

const TAG_BYTES = 16;

interface Keys {
  readonly tag: readonly [SipKey, SipKey];
  readonly cipher: Uint8Array;
}

function keysOf(secret: string): Keys {
  const tag = keyedHash(secret, "siv", "tag");
  return {
    tag: [sipKey(tag.slice(0, 32)), sipKey(tag.slice(32))],
    cipher: Uint8Array.fromHex(keyedHash(secret, "siv", "cipher")),
  };
}

/** The text as it was sealed; null when it was altered, cut, spelt in another way or sealed with another secret. */
export function openSiv(secret: string, sealed: string): string | null {
  const bytes = bytesOfBase64Url(sealed);
  if (bytes === null || bytes.length < TAG_BYTES) return null;
  const { tag, cipher } = keysOf(secret);
  const content = chacha20(cipher, bytes.slice(0, 12), bytes.slice(TAG_BYTES));
  const expected = tagOf(tag, content);
  // All bytes, whichever differs first: how long it takes tells nothing about the tag.
  let difference = 0;
  for (let at = 0; at < TAG_BYTES; at++) difference |= (expected[at] as number) ^ (bytes[at] as number);
  return difference === 0 ? textOfUtf8(content) : null;
}

function tagOf([one, other]: Keys["tag"], content: Uint8Array): Uint8Array {
  const first = sipHashBytes(one, content);
  const second = sipHashBytes(other, content);
  const view = new DataView(new ArrayBuffer(TAG_BYTES));
  view.setUint32(0, first.high);
  view.setUint32(4, first.low);
  view.setUint32(8, second.high);
  view.setUint32(12, second.low);
  return new Uint8Array(view.buffer);
}
