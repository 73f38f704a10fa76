/** A case of a format: a file, contexts, and what the vendor's SDK answers. `undefined`: the caller's default. */
export interface FormatCase {
  readonly name: string;
  readonly document: unknown;
  readonly rows: readonly {
    readonly flag: string;
    readonly context: Readonly<Record<string, unknown>>;
    readonly value: unknown;
  }[];
}
