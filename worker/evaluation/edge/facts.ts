import type { BlockDocuments } from "../../../shared/blocks/block.ts";
import { valuesOfSnapshot } from "../../../shared/evaluation/condition-values.ts";
import type { SnapshotTest } from "../../../shared/schema/demand-test.ts";
import type { Series } from "../../../shared/schema/series.ts";
import type { Snapshot, SnapshotFlag, SnapshotKey } from "../../../shared/schema/snapshot.ts";

/** What counting a flag's events takes. */
export interface ObservedSource {
  readonly flag: string;
  readonly series: Series;
  readonly seed: string;
  readonly holdout: SnapshotFlag["state"]["holdout"];
  readonly layer: SnapshotFlag["state"]["layer"];
}

/** What an edge reads off documents beside their compiled form: of one block, or of a whole snapshot. */
export interface Facts {
  readonly keys: readonly SnapshotKey[];
  readonly tests: readonly (readonly [flag: string, test: SnapshotTest])[];
  readonly observed: readonly ObservedSource[];
  readonly layers: Snapshot["layers"];
  readonly holdouts: Snapshot["holdouts"];
  /** Segments by name alone: their conditions may be long, and few are ever asked for. */
  readonly segments: readonly string[];
  /** Values that its conditions test against. */
  readonly values: number;
}

export function factsOf(documents: BlockDocuments): Facts {
  const tests: [string, SnapshotTest][] = [];
  const observed: ObservedSource[] = [];
  for (const [flag, { test, series, seed, state }] of Object.entries(documents.flags)) {
    if (test) tests.push([flag, test]);
    if (series) observed.push({ flag, series, seed, holdout: state.holdout, layer: state.layer });
  }
  const { keys, layers, holdouts, segments } = documents;
  return {
    keys,
    tests,
    observed,
    layers,
    holdouts,
    segments: Object.keys(segments),
    values: valuesOfSnapshot(documents),
  };
}
