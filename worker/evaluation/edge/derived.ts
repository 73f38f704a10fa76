import type { SnapshotTest } from "../../../shared/schema/demand-test.ts";
import type { SnapshotSegment } from "../../../shared/schema/segment.ts";
import { BearerKeys } from "./bearer-keys.ts";
import type { Facts } from "./facts.ts";
import type { Loaded } from "./loaded.ts";
import { ObservedFlags } from "./observed-flags.ts";

/** Where a version's documents are read from, whether it came whole or in blocks. */
export interface DerivedFrom {
  readonly facts: readonly Facts[];
  readonly sealKey: string | undefined;
  /** A segment's definition, of the facts that name it. */
  segment(key: string): SnapshotSegment | undefined;
}

export type Derived = Pick<Loaded, "keys" | "keysText" | "observed" | "observing" | "tests">;

/** What an edge knows of a version beside its compiled form. What did not change since `previous` goes on as it is. */
export function derive(from: DerivedFrom, previous: Loaded | undefined, onKeyFound: () => void): Derived {
  const keys = from.facts.flatMap((facts) => facts.keys);
  const keysText = JSON.stringify(keys);
  const tests = new Map<string, SnapshotTest>();
  for (const facts of from.facts) for (const [flag, test] of facts.tests) tests.set(flag, test);
  return {
    keysText,
    // Tokens found before need not be hashed again.
    keys: previous?.keysText === keysText ? previous.keys : new BearerKeys(keys, onKeyFound),
    ...observation(from, previous),
    tests,
  };
}

function observation(
  { facts, sealKey, segment }: DerivedFrom,
  previous: Loaded | undefined,
): Pick<Loaded, "observed" | "observing"> {
  const observing = facts.filter(isObserving);
  const isSame =
    previous !== undefined &&
    previous.sealKey === sealKey &&
    previous.observing.length === observing.length &&
    previous.observing.every((one, index) => one === observing[index]);
  if (isSame) return { observed: previous.observed, observing: previous.observing };
  return { observed: new ObservedFlags({ facts: observing, sealKey, segment }), observing };
}

/** Whether anything in it can change how events count. */
const isObserving = ({ observed, layers, holdouts, segments }: Facts): boolean =>
  observed.length > 0 || segments.length > 0 || Object.keys(layers).length > 0 || Object.keys(holdouts).length > 0;
