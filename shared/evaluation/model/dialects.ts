import type { BucketTest, Reading } from "../../schema/bucket.ts";
import type { AnyTest } from "./predicate.ts";
import type { SearchTest } from "./search.ts";

/** What conditions need that came from another vendor. Edges load it once a snapshot asks for it. */
export interface Dialects {
  /** Throws for an algorithm that this version does not know. Equal seeds share what they found last. */
  bucket(test: BucketTest): SearchTest;
  /** The same test of the attribute as it is read. Throws for a reading that this version does not know. */
  converted(as: Reading, test: AnyTest): SearchTest;
}

/** A new one for each part of a snapshot. */
export type DialectSource = () => Dialects;
