import type { DialectSource } from "../../../shared/evaluation/model/dialects.ts";

let loaded: DialectSource | undefined;

/** What conditions of other vendors need, if a snapshot has asked for it yet. */
export const loadedDialects = (): DialectSource | undefined => loaded;

/** The same, loaded first: only edges that serve imported flags ever do. */
export async function loadDialects(): Promise<DialectSource> {
  loaded ??= (await import("../../../shared/evaluation/dialects/dialects.ts")).dialects;
  return loaded;
}
