import type { BlockPatch } from "../blocks/block-patch.ts";
import type { Kill } from "../schema/snapshot.ts";

/*
 * The rules of one environment as a process outside the edge reads them, to evaluate by itself. It is a rendering of its
 * own: no secret of the installation, no key and no test is in it, and its form changes only with its reader's number.
 */

/** Everything but the documents. */
export interface RulesHead {
  /** The form of this answer. */
  readonly reader: number;
  /** Lowest version of the evaluator that understands every document. */
  readonly minReader: number;
  /** Stands for all that follows. */
  readonly version: string;
  readonly project: string;
  readonly environment: string;
  readonly epoch: number;
  /** Project revision that the documents were built at. */
  readonly revision: number;
  /** The project's latest revision that the edge knows of, which its kills are of. */
  readonly committed: number;
  /** As push messages name it: see `changeOf`. */
  readonly change: number;
  /** In force; each names the revision that set it. */
  readonly kills: readonly Kill[];
  /** Break-glass kills that this edge has seen and that nobody has restored. */
  readonly emergency: readonly Kill[];
  /** Ids of break-glass kills that were restored. */
  readonly restored: readonly string[];
  /** SHA-256 of each block's text, in the order of their entries. */
  readonly blocks: readonly string[];
}

/** The head, with what a process needs that holds the blocks of the version that it named, or none. */
export interface RulesAnswer extends RulesHead {
  /** Blocks by hash: a line for each document, as `blockText` makes it. */
  readonly texts: Readonly<Record<string, string>>;
  /** What turns a block that is held into one that is named. */
  readonly patches: readonly BlockPatch[];
}

/** Not before this version: never to a lower (epoch, committed), nor back to documents before those in place. */
export function isOlder(next: Revisions, current: Revisions): boolean {
  if (next.epoch !== current.epoch) return next.epoch < current.epoch;
  return next.committed < current.committed || next.revision < current.revision;
}
type Revisions = Pick<RulesHead, "epoch" | "committed" | "revision">;
