import { type BlockDocuments, documentsOf, type EntryKind, entryName, lineOf } from "../../../shared/blocks/block.ts";
import { blockWeight } from "../../../shared/blocks/weight.ts";
import type { BlockSource } from "../../../shared/evaluation/compile/compile-blocks.ts";
import { sha256 } from "../../crypto/sha256.ts";
import { type Facts, factsOf } from "./facts.ts";

/**
 * A block in an isolate's memory. Its text stays, so that the next patch can be applied; its parsed documents do not,
 * which take several times the room. Immutable, so versions of an environment share it.
 */
export class HeldBlock implements BlockSource {
  readonly hash: string;
  readonly text: string;
  /** What the text and what is compiled of it take, about. */
  readonly bytes: number;
  /** When it was last put into the data centre's cache (epoch ms); null: never. */
  copiedAt: number | null = null;
  #facts: Facts | null = null;

  private constructor(hash: string, text: string) {
    this.hash = hash;
    this.text = text;
    this.bytes = blockWeight(text);
  }

  /** Null when the text is not what the hash promises. */
  static of(hash: string, text: string): HeldBlock | null {
    return sha256(text) === hash ? new HeldBlock(hash, text) : null;
  }

  /** Parsed anew at each call. Throws for a text that is no block. */
  documents(): BlockDocuments {
    const documents = documentsOf(this.text);
    this.#facts ??= factsOf(documents);
    return documents;
  }

  /** What is read off its documents beside their compiled form, worked out once. Throws as `documents` does. */
  facts(): Facts {
    this.#facts ??= factsOf(documentsOf(this.text));
    return this.#facts;
  }

  /** One document. */
  entry(kind: EntryKind, key: string): unknown {
    const name = entryName(kind, key);
    const start = lineOf(this.text, name);
    if (start === null) return undefined;
    return JSON.parse(this.text.slice(start + name.length + 1, this.text.indexOf("\n", start)));
  }
}
