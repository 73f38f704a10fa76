/** An attribute's place in the context, parsed once. */
export interface AttributePath {
  /** The first, usually only, step. */
  readonly name: string;
  /** Which place in the source reads it: see `readPlain`. */
  readonly place: number;
  /** The steps after it; null when there are none. */
  readonly steps: readonly string[] | null;
  /** Of an attribute that stands at different places in different contexts; null for any other. */
  readonly reader: ((context: object) => unknown) | null;
}
