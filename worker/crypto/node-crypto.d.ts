/** The functions of Node's crypto that workerd provides natively and synchronously. */
declare module "node:crypto" {
  interface Digest {
    update(content: string | Uint8Array): Digest;
    digest(): Uint8Array;
    digest(encoding: "hex"): string;
  }
  export function createHash(algorithm: "sha256"): Digest;
  export function createHmac(algorithm: "sha256", key: string | Uint8Array): Digest;
  export function hkdfSync(
    algorithm: "sha256",
    key: Uint8Array,
    salt: Uint8Array,
    info: string,
    bytes: number,
  ): ArrayBuffer;
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}
