import { createHash } from "node:crypto";

/** An answer's bytes that are the same for everybody, with what a cache needs to ask whether they still are. */
export interface MadeAnswer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Strong: a hash of the bytes, in quotation marks. */
  readonly etag: string;
  /** The hash alone, which may stand in an address. */
  readonly version: string;
}

/**
 * An answer that takes long to make and never changes while this isolate lives. It is made for the first request that
 * asks and kept. The work is synchronous, so two requests cannot both do it.
 */
export class MadeOnce {
  readonly #make: () => string;
  #made: MadeAnswer | null = null;

  constructor(make: () => string) {
    this.#make = make;
  }

  get(): MadeAnswer {
    if (this.#made) return this.#made;
    const text = this.#make();
    const bytes = new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
    const version = createHash("sha256").update(text).digest("hex").slice(0, 32);
    const made = { bytes, etag: `"${version}"`, version };
    this.#made = made;
    return made;
  }
}

/** Whether the sender of `If-None-Match` holds this answer already (RFC 9110, weak comparison). */
export const holds = (ifNoneMatch: string | null | undefined, etag: string): boolean =>
  ifNoneMatch?.split(",").some((one) => one.trim().replace(/^W\//, "") === etag || one.trim() === "*") ?? false;
