import { createHmac } from "node:crypto";
import { xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { bytesOfBase64Url, textOfUtf8, toBase64Url } from "./base64.ts";
import { hkdfKey } from "./hkdf-key.ts";

/*
 * Sealed texts: stream tokens, preview links and webhook addresses. XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) under
 * a nonce that is an HMAC-SHA-256 of the associated data and the content, so the same text is sealed alike and a stream
 * keeps its address. Two texts share a nonce with odds of one in 2^192, so no key stream is ever used twice.
 *
 *   ad     = field(use) field(project) field(environment)        field(x) = length of x (32 bits, big endian), x
 *   nonce  = HMAC-SHA-256(nonce key, field(ad) field(content)), its first 24 bytes
 *   sealed = "2." base64url(nonce, XChaCha20-Poly1305(cipher key, nonce, ad, content))
 *
 * Both keys are HKDF-SHA-256 (RFC 5869) of the project's secret. Synchronous: a stream token is made with each answer
 * to a client key, and a call into WebCrypto costs such a request a sixth of its time.
 */

/** What a sealed text is for. A text that is sealed for one place opens in no other. */
export interface SealedFor {
  readonly use: "stream-token" | "preview" | "webhook-url";
  readonly project: string;
  /** Empty: of the whole project. */
  readonly environment: string;
}

/** In front of every sealed text; base64url, which earlier versions began with, has no dot. */
const VERSION = "2.";
const NONCE_BYTES = 24;
const MAX_KEYS = 400;

interface Keys {
  readonly cipher: Uint8Array;
  readonly nonce: Uint8Array;
  /** The associated data, with its length in front. */
  readonly place: Uint8Array;
}

const encoder = new TextEncoder();
const known = new Map<string, Keys>();

/** Bytes about to be sealed. */
export interface Sealing {
  /** 96 bits of the nonce: a keyed hash of the place and the bytes, in 16 URL-safe characters. */
  readonly mark: string;
  /** The sealed text: URL-safe, a third longer than the bytes and 56 characters. */
  seal(): string;
}

/**
 * Takes bytes to be sealed, for callers that may need their mark alone: encrypting takes twice as long.
 *
 * @param sealKey the project's secret, 256 bits in hex
 */
export function sealing(sealKey: string, place: SealedFor, content: Uint8Array): Sealing {
  const keys = keysOf(sealKey, place);
  const nonce = nonceOf(keys, content);
  return {
    mark: toBase64Url(nonce.subarray(0, 12)),
    seal() {
      const sealed = new Uint8Array(NONCE_BYTES + content.length + 16);
      sealed.set(nonce);
      sealed.set(cipherOf(keys, nonce).encrypt(content), NONCE_BYTES);
      return VERSION + toBase64Url(sealed);
    },
  };
}

/** Seals a text at once. */
export const seal = (sealKey: string, place: SealedFor, text: string): string =>
  sealing(sealKey, place, encoder.encode(text)).seal();

/** Opens a sealed text, as `openBytes` does; null also when its bytes are no text. */
export function open(sealKey: string, place: SealedFor, sealed: string): string | null {
  const bytes = openBytes(sealKey, place, sealed);
  return bytes === null ? null : textOfUtf8(bytes);
}

/**
 * Opens what was sealed.
 *
 * @returns null when it was altered, cut, spelt in another way, or sealed with another secret or for another place
 */
export function openBytes(sealKey: string, place: SealedFor, sealed: string): Uint8Array | null {
  if (!isSealed(sealed)) return null;
  const bytes = bytesOfBase64Url(sealed.slice(VERSION.length));
  if (bytes === null || bytes.length < NONCE_BYTES) return null;
  try {
    const cipher = cipherOf(keysOf(sealKey, place), bytes.slice(0, NONCE_BYTES));
    return cipher.decrypt(bytes.slice(NONCE_BYTES));
  } catch {
    // The tag is wrong.
    return null;
  }
}

/** Whether a text was sealed by `seal` and not by an earlier version. */
export const isSealed = (text: string): boolean => text.startsWith(VERSION);

const cipherOf = ({ cipher, place }: Keys, nonce: Uint8Array) => xchacha20poly1305(cipher, nonce, place.subarray(4));

function nonceOf({ nonce, place }: Keys, content: Uint8Array): Uint8Array {
  const message = new Uint8Array(place.length + 4 + content.length);
  message.set(place);
  new DataView(message.buffer).setUint32(place.length, content.length);
  message.set(content, place.length + 4);
  return new Uint8Array(createHmac("sha256", nonce).update(message).digest().subarray(0, NONCE_BYTES));
}

/** There are few places, and deriving keys costs more than sealing. */
function keysOf(sealKey: string, { use, project, environment }: SealedFor): Keys {
  const name = `${sealKey}\n${use}\n${project}\n${environment}`;
  let keys = known.get(name);
  if (keys) return keys;
  const place = fieldOf(joined([use, project, environment].map((part) => fieldOf(encoder.encode(part)))));
  keys = { cipher: hkdfKey(sealKey, "seal/2/cipher"), nonce: hkdfKey(sealKey, "seal/2/nonce"), place };
  if (known.size >= MAX_KEYS) known.clear();
  known.set(name, keys);
  return keys;
}

const fieldOf = (bytes: Uint8Array): Uint8Array => {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return joined([length, bytes]);
};

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
