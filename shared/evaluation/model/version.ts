/** A semantic version (semver.org 2.0.0): core numbers and pre-release identifiers. Build metadata has no rank. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** Empty for a release. */
  readonly pre: readonly string[];
}

/** A version to compare with, and which orders satisfy: the sum of BEFORE, SAME and AFTER. */
export interface VersionBound {
  readonly version: Version;
  readonly accepts: number;
  /** Whether false must be told from unknown. */
  readonly exact: boolean;
}

export const BEFORE = 1;
export const SAME = 2;
export const AFTER = 4;
