import type { BlockDocuments } from "../../blocks/block.ts";
import type { Manifest } from "../../schema/manifest.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import type { DialectSource } from "../model/dialects.ts";
import type { RegexEngine } from "../model/search.ts";
import type { Slices } from "../slices.ts";
import { compileParts } from "./compile-parts.ts";

/** A block as an edge holds it. */
export interface BlockSource {
  readonly hash: string;
  /** Parsed when first asked for, and asked for only if something of it has to be compiled. */
  documents(): BlockDocuments;
}

/**
 * Compiles a snapshot that lies in blocks, in slices: a generator that pauses after each, so that its caller can let
 * requests go between them. A block that did not change is compiled again only if a layer or a holdout that its flags
 * name did. Like `compile` it never throws for what a document says.
 *
 * `previous` may go on serving meanwhile and afterwards. The two share what did not change, kills included: those that
 * `applyKills` put in force last, on either of them, are in force for both. At the end that is the manifest's own.
 */
export const compileBlocks = (
  previous: CompiledSnapshot | null,
  manifest: Manifest,
  blocks: readonly BlockSource[],
  regex: RegexEngine,
  dialects?: DialectSource,
): Slices<CompiledSnapshot> => compileParts(previous, manifest, blocks, regex, undefined, dialects);
