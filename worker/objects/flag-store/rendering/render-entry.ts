import { type EntryKind, entryName } from "../../../../shared/blocks/block.ts";
import { blockWeight } from "../../../../shared/blocks/weight.ts";
import { valuesOfSegment, valuesOfState } from "../../../../shared/evaluation/condition-values.ts";
import { snapshotHoldout, snapshotLayer, snapshotSegment } from "../../../../shared/schema/segment.ts";
import { snapshotFlag, snapshotKey } from "../../../../shared/schema/snapshot.ts";
import {
  snapshotFlagOf,
  snapshotHoldoutOf,
  snapshotKeyOf,
  snapshotLayerOf,
  snapshotSegmentOf,
} from "../build-snapshot.ts";
import type { Body, Change, Entity, ProjectView } from "../entities.ts";

/** What the schemas of snapshots, and the functions that make their parts, make of a project: rises with each change of them. */
export const RENDERING = "2";

/** Entries by the document that has their key, in the order of their names. */
export const ENTRY_ENTITIES = ["flag", "holdout", "key", "layer", "segment"] as const satisfies readonly (EntryKind &
  Entity)[];

/** One rendered document, with the values that its conditions test against. */
export interface RenderedEntry {
  readonly json: string;
  readonly tested: number;
}

/** An entry as the documents stand now, checked with its schema; null: the snapshot has none of this name. */
export function renderEntry(
  view: ProjectView,
  environment: string,
  name: string,
  listKey: (salt: string) => string,
): RenderedEntry | null {
  const slash = name.indexOf("/");
  const key = name.slice(slash + 1);
  switch (name.slice(0, slash) as EntryKind) {
    case "flag": {
      const row = view.get("flag", "", key);
      const state = view.get("state", environment, key)?.body;
      const flag = row && snapshotFlagOf(view, environment, row, state, view.get("test", environment, key)?.body);
      return flag && { json: JSON.stringify(snapshotFlag.parse(flag)), tested: valuesOfState(flag.state) };
    }
    case "holdout": {
      const row = view.get("holdout", "", key);
      return row && { json: JSON.stringify(snapshotHoldout.parse(snapshotHoldoutOf(row))), tested: 0 };
    }
    case "key": {
      const row = view.get("key", environment, key);
      return row && { json: JSON.stringify(snapshotKey.parse(snapshotKeyOf(row))), tested: 0 };
    }
    case "layer": {
      const row = view.get("layer", "", key);
      return row && { json: JSON.stringify(snapshotLayer.parse(snapshotLayerOf(row))), tested: 0 };
    }
    case "segment": {
      const row = view.get("segment", "", key);
      if (!row) return null;
      const segment = snapshotSegmentOf(row, view.get("list", "", key)?.body, listKey);
      return { json: JSON.stringify(snapshotSegment.parse(segment)), tested: valuesOfSegment(row.body) };
    }
  }
}

/** The entry that a changed document is a part of: in its environment, or in all of them if it has none. */
export function entryTouched({ entity, key }: Pick<Change, "entity" | "key">): string | null {
  switch (entity) {
    case "flag":
    case "state":
    case "test":
    case "plan":
    case "guard":
      return entryName("flag", key);
    case "segment":
    case "list":
      return entryName("segment", key);
    case "holdout":
    case "key":
    case "layer":
      return entryName(entity, key);
    default:
      return null;
  }
}

/** What a document adds to an entry: bytes of JSON, values of conditions, and bytes of an edge's memory. */
export interface Added {
  bytes: number;
  tested: number;
  weight: number;
}

/** What a changed document can add to an entry at most. */
export function mostAdded({ entity, after }: Pick<Change, "entity" | "after">): Added {
  if (after === null) return { bytes: 0, tested: 0, weight: 0 };
  const json = JSON.stringify(after);
  // A test's settings and a plan's stages enter in another form, with names of fields that their documents lack.
  const bytes = json.length * 3 + 1_000;
  const weight = blockWeight(json) * 3 + 3_000;
  if (entity === "state") return { bytes, weight, tested: valuesOfState(after as Body<"state">) };
  return { bytes, weight, tested: entity === "segment" ? valuesOfSegment(after as Body<"segment">) : 0 };
}
