import { tallyOf } from "../guard/metrics/tallies.ts";
import { ownOf } from "../own.ts";
import type { ArmTotals, MetricTotals, SeriesTotals, TotalsAnswer } from "../schema/telemetry.ts";

/*
 * Totals of several shards, added up. A unit lives in one shard of its kind, so nothing is counted twice.
 */

export function mergeTotals(answers: readonly TotalsAnswer[]): TotalsAnswer {
  const merged: TotalsAnswer = { series: {}, shed: { server: 0, client: 0 } };
  for (const { series, shed } of answers) {
    merged.shed.server += shed.server;
    merged.shed.client += shed.client;
    for (const [id, totals] of Object.entries(series)) {
      const known = ownOf(merged.series, id);
      merged.series[id] = known ? addSeries(known, totals) : totals;
    }
  }
  return merged;
}

/**
 * Totals of the shards of server events and of those of client keys' events, together. The first hold client events, too,
 * of series that ran when all shards still took both: a unit may stand in either, so the arms with more units count.
 */
export function joinKinds(servers: TotalsAnswer, clients: TotalsAnswer): TotalsAnswer {
  const joined = mergeTotals([servers, clients]);
  for (const [id, series] of Object.entries(joined.series)) {
    const [one, other] = [ownOf(servers.series, id), ownOf(clients.series, id)];
    if (!one || !other) continue;
    series.arms = fuller(one.arms, other.arms);
    series.clientArms = fuller(one.clientArms, other.clientArms);
  }
  return joined;
}

function fuller(servers: SeriesTotals["arms"], clients: SeriesTotals["arms"]): SeriesTotals["arms"] {
  const units = (arms: SeriesTotals["arms"]) => Object.values(arms).reduce((sum, { exposed }) => sum + exposed, 0);
  return units(clients) > units(servers) ? clients : servers;
}

function addSeries(a: SeriesTotals, b: SeriesTotals): SeriesTotals {
  return {
    arms: addRecords(a.arms, b.arms, addArms),
    clientArms: addRecords(a.clientArms, b.clientArms, addArms),
    unattributed: a.unattributed + b.unattributed,
    afterKill: a.afterKill + b.afterKill,
    excluded: {
      staff: a.excluded.staff + b.excluded.staff,
      bot: a.excluded.bot + b.excluded.bot,
      preview: a.excluded.preview + b.excluded.preview,
      synthetic: a.excluded.synthetic + b.excluded.synthetic,
    },
    mismatched: a.mismatched + b.mismatched,
    conflicting: a.conflicting + b.conflicting,
  };
}

function addRecords<T>(a: Record<string, T>, b: Record<string, T>, add: (a: T, b: T) => T): Record<string, T> {
  const sum: Record<string, T> = { ...a };
  for (const [name, value] of Object.entries(b)) {
    const known = ownOf(sum, name);
    sum[name] = known === undefined ? value : add(known, value);
  }
  return sum;
}

function addArms(a: ArmTotals, b: ArmTotals): ArmTotals {
  const dimension = (x: ArmTotals["countries"], y: ArmTotals["countries"]) =>
    addRecords(x ?? {}, y ?? {}, (p, q) => ({
      exposed: p.exposed + q.exposed,
      conversions: p.conversions + q.conversions,
    }));
  return {
    exposed: a.exposed + b.exposed,
    first: a.first === null || b.first === null ? (a.first ?? b.first) : Math.min(a.first, b.first),
    last: a.last === null || b.last === null ? (a.last ?? b.last) : Math.max(a.last, b.last),
    metrics: addRecords(a.metrics, b.metrics, addMetrics),
    ...(a.countries || b.countries ? { countries: dimension(a.countries, b.countries) } : {}),
    ...(a.devices || b.devices ? { devices: dimension(a.devices, b.devices) } : {}),
  };
}

/** Both are of one metric, so of one kind; of two kinds the first stands. */
const addMetrics = (a: MetricTotals, b: MetricTotals): MetricTotals =>
  a.kind === b.kind ? tallyOf(a.kind).add(a, b) : a;
