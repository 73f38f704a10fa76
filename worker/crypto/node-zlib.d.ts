/** The functions of Node's zlib that workerd provides natively and synchronously. */
declare module "node:zlib" {
  export function deflateRawSync(content: Uint8Array, options: { level: number }): Uint8Array;
  export function inflateRawSync(content: Uint8Array, options: { maxOutputLength: number }): Uint8Array;
}
