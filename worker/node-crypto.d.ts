/** The two functions of Node's crypto that workerd provides natively and synchronously. */
declare module "node:crypto" {
  export function createHash(algorithm: "sha256"): { update(text: string): { digest(encoding: "hex"): string } };
  export function timingSafeEqual(a: Uint8Array, b: Uint8Array): boolean;
}
