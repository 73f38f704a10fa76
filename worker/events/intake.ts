import { identityText } from "../../shared/evaluation/attribute.ts";
import type { CompiledSnapshot } from "../../shared/evaluation/compile/compile.ts";
import type { Series } from "../../shared/schema/series.ts";
import {
  EVENT_LIMITS,
  type EventAnswer,
  type EventRejection,
  EXCLUSION_MARKS,
  type ExclusionMark,
  type TelemetryEvent,
} from "../../shared/schema/telemetry.ts";
import { clockSkew, eventTime } from "../../shared/telemetry/event-time.ts";
import { CLOCK_TOLERANCE_MS } from "../../shared/telemetry/tally.ts";
import type { ObservedFlags, UnitAttributes } from "../evaluation/edge/observed-flags.ts";
import type { KeepLevels, ShardBatch, ShardEvent } from "../objects/telemetry-shard/shard-batch.ts";
import {
  clientShard,
  type HashedUnit,
  TELEMETRY_SHARDS,
  type UnitHasher,
} from "../objects/telemetry-shard/unit-hash.ts";
import { isTelemetryEvent } from "./event-check.ts";
import { type SignedUnit, withSignedUnit } from "./signed-unit.ts";
import { TURN_MS } from "./turn-lane.ts";

/** A batch and everything that decides what becomes of it. */
export interface Intake {
  events: readonly unknown[];
  /** What the batch's signature vouches for, and what its key takes only signed; null: nothing has to be. */
  signed: SignedUnit | null;
  sentAt: number | undefined;
  /** When the request came, and when its whole body was there. */
  arrivedAt: number;
  receivedAt: number;
  source: "server" | "client";
  observed: ObservedFlags;
  hasher: UnitHasher;
  compiled: CompiledSnapshot;
  revision: number;
  /** What the request itself shows of a visitor; of a client key's requests only. */
  visitor: { marks: ExclusionMark[]; country?: string | undefined; device?: string | undefined };
  /** What each shard last asked to be sent. */
  keep(shard: number): KeepLevels;
}

export interface Sorted {
  rejected: EventAnswer["rejected"];
  /** By shard. */
  parts: ReadonlyMap<number, ShardBatch>;
}

/** What an event takes (ms) from the first look at it until it is sorted, and one that is left out unchecked. */
export const SORT_MS = 0.01;
export const SHED_MS = 0.002;

/** Sorts events in turns: who waits for this isolate's thread goes in between. */
export async function sortInTurns(intake: Intake, turn: (ms: number) => Promise<void>): Promise<Sorted> {
  const turns = sorting(intake);
  for (;;) {
    await turn(Math.min(TURN_MS, intake.events.length * SORT_MS));
    const { done, value } = turns.next();
    if (done) return value;
  }
}

/**
 * Checks events one by one and sorts them by shard. Holders of client keys are told nothing that depends on which flags
 * exist or are observed: what they send about a flag that they cannot see is taken like any other.
 */
function* sorting(intake: Intake): Generator<void, Sorted> {
  const { events, sentAt, arrivedAt, receivedAt, source } = intake;
  const rejected: EventAnswer["rejected"] = [];
  const parts = new Map<number, ShardBatch>();
  const skew = clockSkew(sentAt, arrivedAt);
  const sheds = shedsByKey(intake);
  let ms = 0;
  for (const [index, sent] of events.entries()) {
    if (ms >= TURN_MS) {
      ms = 0;
      yield;
    }
    const refuse = (code: EventRejection) => void rejected.push({ index, code });
    const early = sheds ? shedUnchecked(sent, intake) : null;
    if (early !== null) {
      refuse("shed");
      partOf(parts, early, intake).shed++;
      ms += SHED_MS;
      continue;
    }
    ms += SORT_MS;
    if (!isTelemetryEvent(sent) || Object.keys(sent.unit).length > EVENT_LIMITS.unitAttributes) {
      refuse("invalid-event");
      continue;
    }
    if (skew === "clock-skew") {
      refuse("clock-skew");
      continue;
    }
    const event = intake.signed === null ? sent : withSignedUnit(sent, intake.signed);
    if (event === null) {
      refuse("unit-unsigned");
      continue;
    }
    const time = eventTime(event.time, skew, receivedAt);
    if ("rejected" in time) {
      refuse(time.rejected);
      continue;
    }
    const found = unitsOf(event, intake);
    if (typeof found === "string") {
      refuse(found);
      continue;
    }
    for (const [copy, { unit, shard }] of placesOf(event, found, intake).entries()) {
      const part = partOf(parts, shard, intake);
      if (unit.rank >= intake.keep(shard)[source]) {
        if (copy > 0) continue;
        refuse("shed");
        part.shed++;
        continue;
      }
      part.events.push(shardEvent(event, { index, unit, ...time, copy: copy > 0 }, intake, part));
    }
  }
  return { rejected, parts };
}

/**
 * Under overload, what is left out anyway is not checked first: that would be most of the work. Only where the unit is
 * beyond doubt.
 *
 * @returns the shard that leaves it out
 */
function shedUnchecked(sent: unknown, { hasher, keep, source }: Intake): number | null {
  const key = (sent as { unit?: { targetingKey?: unknown } } | null)?.unit?.targetingKey;
  if (typeof key !== "string" || key === "" || key.length > EVENT_LIMITS.textChars) return null;
  const place = hasher.place("targetingKey", key);
  const shard = ownShard(source, place.shard);
  return place.rank >= keep(shard)[source] ? shard : null;
}

/** Some shard leaves units out, and units are known by their key alone. */
function shedsByKey({ observed, keep, source }: Intake): boolean {
  for (const attribute of observed.attributes) if (attribute !== "targetingKey") return false;
  for (let shard = 0; shard < TELEMETRY_SHARDS; shard++) if (keep(ownShard(source, shard))[source] < 1) return true;
  return false;
}

/** Where events of a sender's kind go, given the number that a unit's hash names. */
const ownShard = (source: Intake["source"], shard: number): number =>
  source === "client" ? clientShard(shard) : shard;

/**
 * Where an event is stored, first, and where else it counts. What a server reports of a series that takes both kinds of
 * keys goes to the shard of the clients' events, where a unit's exposure by one and its outcome by the other meet.
 */
function placesOf(event: TelemetryEvent, units: readonly HashedUnit[], { source, observed }: Intake) {
  const places = (lane: Intake["source"]) => units.map((unit) => ({ unit, shard: ownShard(lane, unit.shard) }));
  if (source === "client" || !observed.takesBoth) return places(source);
  const takesBoth = (one: { series: Series } | undefined) => one?.series.source === "any";
  if (event.type === "exposure")
    return places(takesBoth(observed.flags.get(event.flag as string)) ? "client" : "server");
  const isShared = observed.fedBy(metricOf(event), event.flag).some(takesBoth);
  return isShared ? [...places("server"), ...places("client")] : places("server");
}

const metricOf = ({ metric, type }: TelemetryEvent): string => metric ?? type;

/** The hashed units an event counts for; the first is where it is stored. */
function unitsOf(event: TelemetryEvent, intake: Intake): HashedUnit[] | EventRejection {
  const { observed, source, compiled, hasher } = intake;
  const { unit, flag } = event;
  const told = source === "server";
  if (flag !== undefined && told && !compiled.flags.has(flag)) return "unknown-flag";
  const home = homeAttribute(unit);
  if (home === null) return "invalid-event";
  const hashed = (attribute: string, identity: string) => hasher.unit(attribute, identity);
  if (event.type === "exposure") {
    if (flag === undefined) return "flag-missing";
    const by = observed.flags.get(flag)?.series.by;
    if (by === undefined) return [hashed(home.attribute, home.identity)];
    const identity = identityOf(unit, by);
    if (identity !== null) return [hashed(by, identity)];
    return told ? "unit-attribute-missing" : [hashed(home.attribute, home.identity)];
  }
  const units = [hashed(home.attribute, home.identity)];
  for (const attribute of observed.attributes) {
    const identity = attribute === home.attribute ? null : identityOf(unit, attribute);
    if (identity !== null) units.push(hashed(attribute, identity));
  }
  return units;
}

const identityOf = (unit: UnitAttributes, attribute: string): string | null =>
  identityText(Object.hasOwn(unit, attribute) ? unit[attribute] : undefined);

/** The attribute by which an event is stored: `targetingKey`, else the first that can identify anybody. */
function homeAttribute(unit: UnitAttributes): { attribute: string; identity: string } | null {
  for (const attribute of ["targetingKey", ...Object.keys(unit)]) {
    const identity = identityOf(unit, attribute);
    if (identity !== null) return { attribute, identity };
  }
  return null;
}

function partOf(parts: Map<number, ShardBatch>, shard: number, intake: Intake): ShardBatch {
  let part = parts.get(shard);
  if (!part) {
    const { source, revision, compiled } = intake;
    part = { source, revision, killed: killedOf(compiled), series: [], events: [], shed: 0 };
    if (shard >= TELEMETRY_SHARDS) part.ofClients = true;
    parts.set(shard, part);
  }
  return part;
}

/** Kills that a person, the guard or break-glass made; those by `onStale` pass with the edge's ignorance. */
function killedOf(compiled: CompiledSnapshot): ShardBatch["killed"] {
  const killed: ShardBatch["killed"] = [];
  for (const { key, kills } of compiled.killed) {
    if (kills?.all && !kills.all.id.startsWith("stale:")) killed.push({ flag: key });
    for (const variant of kills?.variants.keys() ?? []) killed.push({ flag: key, variant });
  }
  return killed;
}

/** Whether a series' events of this sender come to the shard that the part goes to. */
const countsIn = (series: Series, { source, ofClients }: ShardBatch): boolean =>
  source === "client" || (series.source === "any") === (ofClients === true);

interface Placed {
  index: number;
  unit: HashedUnit;
  at: number;
  shift: number;
  copy: boolean;
}

function shardEvent(event: TelemetryEvent, { index, unit, at, shift, copy }: Placed, intake: Intake, part: ShardBatch) {
  const { observed, source, visitor, hasher } = intake;
  const name = (flag: string, series: ShardBatch["series"][number]["series"]) => {
    if (!part.series.some((one) => one.series === series)) part.series.push({ flag, series });
  };
  const common = {
    ...{ index, unit: unit.hash, id: hasher.id(event.id), rank: unit.rank, at },
    ...(Math.abs(shift) > CLOCK_TOLERANCE_MS && { shift }),
    ...(copy && { copy }),
  };
  if (event.type === "exposure") {
    const flag = event.flag as string;
    const marks = new Set([...(event.marks ?? []), ...visitor.marks]);
    const exposure: ShardEvent = { ...common, type: event.type, flag, arm: null, marks: [] };
    if (visitor.country !== undefined) exposure.country = visitor.country;
    if (visitor.device !== undefined) exposure.device = visitor.device;
    const watched = observed.flags.get(flag);
    const identity = watched ? identityOf(event.unit, watched.series.by) : null;
    if (watched && identity !== null) {
      name(flag, watched.series);
      exposure.series = watched.series.id;
      exposure.arm = watched.armOf(event, identity, source === "server");
      if (common.at < watched.series.startedAt) exposure.late = watched.lateOf(event, identity, source === "server");
      if (watched.isStaff(event.unit)) marks.add("staff");
    }
    exposure.marks = EXCLUSION_MARKS.filter((mark) => marks.has(mark));
    return exposure;
  }
  const metric = metricOf(event);
  for (const { series, flag } of observed.fedBy(metric, event.flag)) if (countsIn(series, part)) name(flag, series);
  const { ok, latencyMs, value } = event;
  const outcome: ShardEvent = { ...common, type: event.type, metric };
  if (event.flag !== undefined) outcome.flag = event.flag;
  if (ok !== undefined) outcome.ok = ok;
  if (latencyMs !== undefined) outcome.latencyMs = latencyMs;
  if (value !== undefined) outcome.value = value;
  return outcome;
}
