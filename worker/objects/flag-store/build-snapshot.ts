import { WHOLE_READER } from "../../../shared/limits.ts";
import type { SnapshotTest } from "../../../shared/schema/demand-test.ts";
import type { Kill, Snapshot, SnapshotFlag, SnapshotKey } from "../../../shared/schema/snapshot.ts";
import { snapshot as snapshotSchema } from "../../../shared/schema/snapshot.ts";
import type { Body, ProjectView, Row } from "./entities.ts";
import { seriesOf } from "./series.ts";

export const killOf = (row: Row<"kill">): Kill => ({
  id: row.key,
  flag: row.body.flag,
  ...(row.body.variant === undefined ? {} : { variant: row.body.variant }),
  serve: row.body.serve,
  revision: row.body.revision,
});

/** Of a test, what edges act on; not whom it is for, which the rules say. */
function snapshotTestOf({ settings, status, run }: Body<"test">): SnapshotTest {
  const running = status === "running";
  switch (settings.kind) {
    case "fake-door": {
      const { audience: _, ...rest } = settings;
      return { kind: settings.kind, running, run, settings: rest };
    }
    case "dark-launch":
      return { kind: settings.kind, running, run };
    case "wizard-of-oz": {
      const { kind, deadlineSeconds, fallback } = settings;
      return { kind, running, run, deadlineSeconds, fallback };
    }
  }
}

/** A flag as edges evaluate it; null: they do not know it. What it is made of has the flag's own key, in every table. */
export function snapshotFlagOf(
  view: ProjectView,
  environment: string,
  { key, body }: Row<"flag">,
  state: Body<"state"> | undefined,
  test: Body<"test"> | undefined,
): SnapshotFlag | null {
  if (body.archivedAt || !state) return null;
  const { variants, offVariant, visibility, seed } = body;
  const series = seriesOf(view, environment, key);
  return {
    variants,
    offVariant,
    visibility,
    seed,
    state,
    ...(series ? { series } : {}),
    ...(test ? { test: snapshotTestOf(test) } : {}),
  };
}

export function snapshotSegmentOf(
  { body: { by, included, excluded, when } }: Row<"segment">,
  list: Body<"list"> | undefined,
  /** The hash key of a long list, from its salt. */
  listKey: (salt: string) => string,
): Snapshot["segments"][string] {
  const segment = { by, included, excluded, ...(when ? { when } : {}) };
  if (!list) return segment;
  const { salt, version, count, shards } = list;
  return { ...segment, list: { version, key: listKey(salt), count, shards } };
}

export const snapshotLayerOf = ({ key, body }: Row<"layer">): Snapshot["layers"][string] => ({
  by: body.by,
  seed: body.seed ?? key,
});

export const snapshotHoldoutOf = ({ key, body }: Row<"holdout">): Snapshot["holdouts"][string] => ({
  by: body.by,
  seed: body.seed ?? key,
  share: body.share,
});

export const snapshotKeyOf = ({
  key,
  body: { hash, kind, origins, limit, expiresAt, signing, rules },
}: Row<"key">): SnapshotKey => ({
  id: key,
  hash,
  kind,
  origins,
  ...(limit ? { limit } : {}),
  ...(expiresAt ? { expiresAt: Date.parse(expiresAt) } : {}),
  ...(signing ? { signing } : {}),
  ...(rules ? { rules } : {}),
});

export interface SnapshotIdentity {
  project: string;
  environment: string;
  epoch: number;
  revision: number;
  sealKey?: string | undefined;
}

/** What a snapshot holds beside its entries. */
export function snapshotHead(view: ProjectView, identity: SnapshotIdentity) {
  const signingKeys = view.list("signingKey", identity.environment).map((row) => row.key);
  return {
    ...identity,
    ...(signingKeys.length > 0 ? { signingKeys } : {}),
    kills: view
      .list("kill", identity.environment)
      .filter((row) => row.body.clearedRevision === undefined)
      .map(killOf),
  };
}

/** One environment as edges evaluate it, checked against the schema before anybody sees it. */
export function buildSnapshot(
  view: ProjectView,
  identity: SnapshotIdentity,
  listKey: (salt: string) => string,
): Snapshot {
  const { environment } = identity;
  const flags: Record<string, SnapshotFlag> = {};
  const states = new Map(view.list("state", environment).map((row) => [row.key, row.body]));
  const tests = new Map(view.list("test", environment).map((row) => [row.key, row.body]));
  for (const row of view.list("flag")) {
    const flag = snapshotFlagOf(view, environment, row, states.get(row.key), tests.get(row.key));
    if (flag) flags[row.key] = flag;
  }
  const segments: Snapshot["segments"] = {};
  for (const row of view.list("segment"))
    segments[row.key] = snapshotSegmentOf(row, view.get("list", "", row.key)?.body, listKey);
  return snapshotSchema.parse({
    minReader: WHOLE_READER,
    ...snapshotHead(view, identity),
    flags,
    segments,
    layers: Object.fromEntries(view.list("layer").map((row) => [row.key, snapshotLayerOf(row)])),
    holdouts: Object.fromEntries(view.list("holdout").map((row) => [row.key, snapshotHoldoutOf(row)])),
    keys: view.list("key", environment).map(snapshotKeyOf),
  });
}
