import { WHOLE_READER } from "../../../shared/limits.ts";
import type { SnapshotTest } from "../../../shared/schema/demand-test.ts";
import type { Kill, Snapshot, SnapshotFlag } from "../../../shared/schema/snapshot.ts";
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

/** One environment as edges evaluate it, checked against the schema before anybody sees it. */
export function buildSnapshot(
  view: ProjectView,
  identity: { project: string; environment: string; epoch: number; revision: number; sealKey?: string | undefined },
  /** The hash key of a long list, from its salt. */
  listKey: (salt: string) => string,
): Snapshot {
  const flags: Record<string, SnapshotFlag> = {};
  const states = new Map(view.list("state", identity.environment).map((row) => [row.key, row.body]));
  const tests = new Map(view.list("test", identity.environment).map((row) => [row.key, row.body]));
  for (const { key, body } of view.list("flag")) {
    const state = states.get(key);
    if (body.archivedAt || !state) continue;
    const { variants, offVariant, visibility, seed } = body;
    const series = seriesOf(view, identity.environment, key);
    const test = tests.get(key);
    flags[key] = {
      variants,
      offVariant,
      visibility,
      seed,
      state,
      ...(series ? { series } : {}),
      ...(test ? { test: snapshotTestOf(test) } : {}),
    };
  }
  const segments: Snapshot["segments"] = {};
  for (const { key, body } of view.list("segment")) {
    const { by, included, excluded, when } = body;
    const list = view.get("list", "", key)?.body;
    segments[key] = { by, included, excluded, ...(when ? { when } : {}) };
    if (!list) continue;
    const { salt, version, count, shards } = list;
    segments[key].list = { version, key: listKey(salt), count, shards };
  }
  const layers: Snapshot["layers"] = {};
  for (const { key, body } of view.list("layer")) layers[key] = { by: body.by, seed: body.seed ?? key };
  const holdouts: Snapshot["holdouts"] = {};
  for (const { key, body } of view.list("holdout"))
    holdouts[key] = { by: body.by, seed: body.seed ?? key, share: body.share };
  const signingKeys = view.list("signingKey", identity.environment).map((row) => row.key);
  return snapshotSchema.parse({
    minReader: WHOLE_READER,
    ...identity,
    flags,
    segments,
    layers,
    holdouts,
    keys: view
      .list("key", identity.environment)
      .map(({ key, body: { hash, kind, origins, limit, expiresAt, signing } }) => ({
        id: key,
        hash,
        kind,
        origins,
        ...(limit ? { limit } : {}),
        ...(expiresAt ? { expiresAt: Date.parse(expiresAt) } : {}),
        ...(signing ? { signing } : {}),
      })),
    ...(signingKeys.length > 0 ? { signingKeys } : {}),
    kills: view
      .list("kill", identity.environment)
      .filter((row) => row.body.clearedRevision === undefined)
      .map(killOf),
  });
}
