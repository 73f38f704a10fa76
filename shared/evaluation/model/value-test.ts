import type { Elements } from "./elements.ts";
import type { Truth } from "./truth.ts";

/** Tests one value of an attribute, never an array. Never BLOCKED. */
export interface ValueTest {
  (value: unknown): Truth;
  /** How many values it tries one by one, if more than one. */
  tries?: number;
  /** Tests all elements of an array together; without it, none means anything to the test. */
  elements?: (elements: Elements) => Truth;
}

/** Texts, and of each first character's code the lowest five bits: a set of 32 as one number. */
export interface TextList {
  readonly texts: ReadonlySet<string>;
  readonly initials: number;
}
