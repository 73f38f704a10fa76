import { hkdfSync } from "node:crypto";

/**
 * A key of its own for one new use of a project's secret: HKDF-SHA-256 (RFC 5869) without salt, since the secret is
 * uniform. What was handed out or stored before keeps its own formulas (`keyed-hash.ts`, `StoreMeta`).
 *
 * @param sealKey 256 bits in hex
 * @param use names the use, and what else the key is to be bound to
 * @returns 256 bits
 */
export const hkdfKey = (sealKey: string, use: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(hkdfSync("sha256", Uint8Array.fromHex(sealKey), new Uint8Array(0), `blastdoor/${use}`, 32));
