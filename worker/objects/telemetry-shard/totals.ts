import { ownOf, ownOrNew } from "../../../shared/own.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import type { DayTotals, TelemetryStats, TotalsAnswer } from "../../../shared/schema/telemetry.ts";
import { joinKinds, mergeTotals } from "../../../shared/telemetry/totals.ts";
import type { Env } from "../../env.ts";
import { telemetryShard } from "../stubs.ts";
import { clientShard, type HashedUnit, TELEMETRY_SHARDS } from "./unit-hash.ts";

type Reader = (env: Env, project: Slug, environment: Slug, ids: readonly string[]) => Promise<TotalsAnswer>;

const serverShards = (env: Env, project: Slug, environment: Slug) =>
  Array.from({ length: TELEMETRY_SHARDS }, (_, n) => telemetryShard(env, project, environment, n));
const clientShards = (env: Env, project: Slug, environment: Slug) =>
  Array.from({ length: TELEMETRY_SHARDS }, (_, n) => telemetryShard(env, project, environment, clientShard(n)));
const shards = (env: Env, project: Slug, environment: Slug) => [
  ...serverShards(env, project, environment),
  ...clientShards(env, project, environment),
];

/**
 * Counts of these series over the shards of server events. Throws `DurableUnavailable` when one does not answer: nothing
 * may be decided on a part of the units.
 */
export const serverTotals: Reader = async (env, project, environment, ids) =>
  mergeTotals(await Promise.all(serverShards(env, project, environment).map((shard) => shard.totals([...ids]))));

/** The same over the shards of client keys' events, which anybody can keep busy. */
export const clientTotals: Reader = async (env, project, environment, ids) =>
  mergeTotals(await Promise.all(clientShards(env, project, environment).map((shard) => shard.totals([...ids]))));

/** Counts of these series over all shards. */
export const telemetryTotals: Reader = async (env, project, environment, ids) =>
  joinKinds(
    ...(await Promise.all([
      serverTotals(env, project, environment, ids),
      clientTotals(env, project, environment, ids),
    ])),
  );

/** Series by day of first exposure (UTC), over all shards. */
export async function telemetryDaily(
  env: Env,
  project: Slug,
  environment: Slug,
  ids: readonly string[],
): Promise<Record<string, DayTotals[]>> {
  const answers = await Promise.all(shards(env, project, environment).map((shard) => shard.daily([...ids])));
  const merged: Record<string, DayTotals[]> = {};
  for (const id of ids) {
    const days = new Map<string, DayTotals>();
    for (const { day, arms } of answers.flatMap((answer) => ownOf(answer, id) ?? [])) {
      const sum = days.get(day) ?? { day, arms: {} };
      for (const [variant, { exposed, metrics }] of Object.entries(arms)) {
        const arm = ownOrNew<DayTotals["arms"][string]>(sum.arms, variant, () => ({ exposed: 0, metrics: {} }));
        arm.exposed += exposed;
        for (const [name, value] of Object.entries(metrics))
          arm.metrics[name] = (ownOf(arm.metrics, name) ?? 0) + value;
      }
      days.set(day, sum);
    }
    merged[id] = [...days.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
  }
  return merged;
}

/**
 * What the shards tell of themselves, added up.
 *
 * @param traffic of which flag; of every one, when none is named; null: none is read
 */
export async function telemetryStats(
  env: Env,
  project: Slug,
  environment: Slug,
  traffic: { flag?: string | undefined } | null = null,
): Promise<TelemetryStats> {
  const [first, ...rest] = await Promise.all(shards(env, project, environment).map((shard) => shard.stats(traffic)));
  return rest.reduce(addStats, first as TelemetryStats);
}

/** Deletes what is kept of a unit; how many exposure records that were. */
export async function forgetInTelemetry(
  env: Env,
  project: Slug,
  environment: Slug,
  { hash, shard }: HashedUnit,
): Promise<number> {
  let records = 0;
  for (const one of [shard, clientShard(shard)])
    records += (await telemetryShard(env, project, environment, one).forgetUnit(hash)).records;
  return records;
}

/** Empties all shards of an environment that is gone. */
export async function clearTelemetry(env: Env, project: Slug, environment: Slug): Promise<void> {
  await Promise.all(shards(env, project, environment).map((shard) => shard.clear()));
}

function addStats(a: TelemetryStats, b: TelemetryStats): TelemetryStats {
  const traffic = {
    minutes: Math.max(a.traffic.minutes, b.traffic.minutes),
    all: {
      exposures: a.traffic.all.exposures + b.traffic.all.exposures,
      units: a.traffic.all.units + b.traffic.all.units,
    },
    flags: { ...a.traffic.flags },
    metrics: { ...a.traffic.metrics },
  };
  for (const [flag, { exposures, units }] of Object.entries(b.traffic.flags)) {
    const sum = ownOf(traffic.flags, flag) ?? { exposures: 0, units: 0 };
    traffic.flags[flag] = { exposures: sum.exposures + exposures, units: sum.units + units };
  }
  for (const [metric, { events, judged, failed }] of Object.entries(b.traffic.metrics)) {
    const sum = ownOf(traffic.metrics, metric) ?? { events: 0, judged: 0, failed: 0 };
    traffic.metrics[metric] = { events: sum.events + events, judged: sum.judged + judged, failed: sum.failed + failed };
  }
  const stored = { ...a.stored };
  for (const [name, value] of Object.entries(b.stored)) stored[name] = (ownOf(stored, name) ?? 0) + value;
  return {
    stored,
    duplicate: a.duplicate + b.duplicate,
    shed: { server: a.shed.server + b.shed.server, client: a.shed.client + b.shed.client },
    keep: { server: Math.min(a.keep.server, b.keep.server), client: Math.min(a.keep.client, b.keep.client) },
    series: Math.max(a.series, b.series),
    databaseBytes: a.databaseBytes + b.databaseBytes,
    traffic,
  };
}
