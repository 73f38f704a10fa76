/** The functions of Node's crypto that workerd provides natively and synchronously. */
declare module "node:crypto" {
  interface Digest {
    update(text: string): { digest(encoding: "hex"): string };
  }
  export function createHash(algorithm: "sha256"): Digest;
  export function createHmac(algorithm: "sha256", key: string): Digest;
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}
