import { identityText } from "../../../shared/evaluation/attribute.ts";
import { bucketOf, seedHash, unitHash } from "../../../shared/evaluation/bucketing/bucket.ts";
import { compile } from "../../../shared/evaluation/compile/compile.ts";
import { segmentDependencies } from "../../../shared/evaluation/graph.ts";
import { re2 } from "../../../shared/evaluation/operators/regex/regex.ts";
import { evaluate, prepare } from "../../../shared/evaluation/run/evaluate.ts";
import { ownOf } from "../../../shared/own.ts";
import type { SnapshotSegment } from "../../../shared/schema/segment.ts";
import { eventOf, type Series } from "../../../shared/schema/series.ts";
import type { Snapshot, SnapshotFlag } from "../../../shared/schema/snapshot.ts";
import type { TelemetryEvent } from "../../../shared/schema/telemetry.ts";
import { armIn } from "../../../shared/telemetry/arm.ts";
import type { LateExposure } from "../../objects/telemetry-shard/shard-batch.ts";
import { UnitHasher } from "../../objects/telemetry-shard/unit-hash.ts";
import { loadedDialects } from "./dialects.ts";
import { type Facts, factsOf, type ObservedSource } from "./facts.ts";

export type UnitAttributes = TelemetryEvent["unit"];

/** One flag's series, with what is needed to judge an exposure. */
export interface ObservedFlag {
  readonly series: Series;
  /** Index of the exposure's arm; null when it says nothing about the split. */
  armOf(exposure: TelemetryEvent, identity: string, trusted: boolean): number | null;
  /** What an exposure from before the series tells about the one that ran then, which only its shard knows. */
  lateOf(exposure: TelemetryEvent, identity: string, trusted: boolean): LateExposure;
  isStaff(unit: UnitAttributes): boolean;
}

/** Where a snapshot's observation is read from, whether it came whole or in blocks. */
export interface ObservationSources {
  readonly facts: readonly Facts[];
  readonly sealKey: string | undefined;
  /** Looked up when it is first needed: all of them may be large. */
  segment(key: string): SnapshotSegment | undefined;
}

/** What one snapshot says about telemetry: which flags are observed, and how people are hashed. */
export class ObservedFlags {
  readonly flags: ReadonlyMap<string, ObservedFlag>;
  /** Attributes that some series' units are. */
  readonly attributes: ReadonlySet<string>;
  /** Some series takes what servers and what client keys report. */
  readonly takesBoth: boolean;
  /** Null: the snapshot has no secret, so nothing may be kept of anybody. */
  readonly hasher: UnitHasher | null;

  constructor(sources: ObservationSources) {
    const layers = Object.assign({}, ...sources.facts.map((facts) => facts.layers));
    const holdouts = Object.assign({}, ...sources.facts.map((facts) => facts.holdouts));
    const flags = new Map<string, ObservedFlag>();
    for (const { observed } of sources.facts)
      for (const one of observed) flags.set(one.flag, observe(one, { layers, holdouts }, sources));
    this.flags = flags;
    this.attributes = new Set([...flags.values()].map(({ series }) => series.by));
    this.takesBoth = [...flags.values()].some(({ series }) => series.source === "any");
    this.hasher = sources.sealKey === undefined ? null : new UnitHasher(sources.sealKey);
  }

  static ofSnapshot(snapshot: Snapshot): ObservedFlags {
    const { sealKey, segments } = snapshot;
    return new ObservedFlags({ facts: [factsOf(snapshot)], sealKey, segment: (key) => ownOf(segments, key) });
  }

  /** Series with a metric that this event feeds. */
  fedBy(event: string, flag: string | undefined): { flag: string; series: Series }[] {
    const fed: { flag: string; series: Series }[] = [];
    for (const [key, { series }] of this.flags) {
      if (flag !== undefined && flag !== key) continue;
      if (series.metrics.some((metric) => (eventOf(metric) ?? event) === event)) fed.push({ flag: key, series });
    }
    return fed;
  }
}

/** Reasons that OpenFeature gives for everything but a split; others, such as CACHED, may hide one. */
const NO_SPLIT = new Set(["STATIC", "DEFAULT", "TARGETING_MATCH", "DISABLED", "ERROR"]);

type Gates = Pick<Snapshot, "layers" | "holdouts">;

function observe(source: ObservedSource, gates: Gates, sources: ObservationSources): ObservedFlag {
  const { series } = source;
  // Worked out with the first event: of ten thousand observed flags most have none in an isolate.
  let seed: number | undefined;
  let outside: ((unit: UnitAttributes) => boolean) | undefined;
  let staff: ((unit: UnitAttributes) => boolean) | undefined;
  const bucket = (identity: string) => {
    seed ??= seedHash(source.seed);
    return bucketOf(seed, unitHash(identity));
  };
  // A client key reads TARGETING_MATCH for every targeted flag, so only a server's word counts.
  const isOfNoSplit = ({ reason, unit }: TelemetryEvent, trusted: boolean) => {
    if (trusted && reason !== undefined && NO_SPLIT.has(reason)) return true;
    outside ??= outsideOf(gates, source);
    return outside(unit);
  };
  return {
    series,
    armOf(exposure, identity, trusted) {
      const arm = armIn(series, exposure, () => bucket(identity));
      return arm !== null && series.ranges && isOfNoSplit(exposure, trusted) ? null : arm;
    },
    lateOf(exposure, identity, trusted) {
      const { variant, rule } = exposure;
      return { variant, rule, bucket: bucket(identity), ofSplit: !isOfNoSplit(exposure, trusted), by: series.by };
    },
    isStaff(unit) {
      staff ??= staffTest(sources, series.staff);
      return staff(unit);
    },
  };
}

/** Whether a holdout or layer keeps the unit from the split, as far as its attributes tell. */
function outsideOf({ holdouts, layers }: Gates, source: ObservedSource): (unit: UnitAttributes) => boolean {
  const bucketIn = (unit: UnitAttributes, by: string, seed: string): number | null => {
    const identity = identityText(Object.hasOwn(unit, by) ? unit[by] : undefined);
    return identity === null ? null : bucketOf(seedHash(seed), unitHash(identity));
  };
  const holdout = source.holdout === undefined ? undefined : ownOf(holdouts, source.holdout);
  const layer = source.layer && ownOf(layers, source.layer.layer);
  return (unit) => {
    if (holdout) {
      const bucket = bucketIn(unit, holdout.by, holdout.seed);
      if (bucket !== null && bucket < holdout.share) return true;
    }
    if (layer && source.layer) {
      const bucket = bucketIn(unit, layer.by, layer.seed);
      if (bucket !== null && (bucket < source.layer.from || bucket >= source.layer.to)) return true;
    }
    return false;
  };
}

const STAFF_FLAG = "staff";

/** The evaluator itself answers who is staff: of a snapshot whose one flag asks for the segment. */
function staffTest(sources: ObservationSources, segment: string | undefined): (unit: UnitAttributes) => boolean {
  const segments = segment === undefined ? {} : segmentsUnder(segment, sources);
  if (segment === undefined || !Object.hasOwn(segments, segment)) return () => false;
  const rule = { id: STAFF_FLAG, when: { segment }, serve: { variant: "yes" } };
  const flag: SnapshotFlag = {
    variants: { yes: true, no: false },
    offVariant: "no",
    visibility: "server-only",
    seed: STAFF_FLAG,
    state: { enabled: true, prerequisites: [], rules: [rule], fallthrough: { variant: "no" } },
  };
  const identity = { minReader: 1, project: STAFF_FLAG, environment: STAFF_FLAG, epoch: 1, revision: 0 };
  const nothing = { layers: {}, holdouts: {}, keys: [], kills: [] };
  const compiled = compile({ ...identity, ...nothing, flags: { [STAFF_FLAG]: flag }, segments }, re2, loadedDialects());
  return (unit) => evaluate(compiled, STAFF_FLAG, prepare(compiled, unit, 0))?.variant === "yes";
}

/** A segment with those that it is made of; what is missing stays out, and is unknown. */
function segmentsUnder(segment: string, { segment: find }: ObservationSources): Snapshot["segments"] {
  const found: Snapshot["segments"] = {};
  const open = [segment];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    const one = Object.hasOwn(found, key) ? undefined : find(key);
    if (one === undefined) continue;
    found[key] = one;
    if (one.when) open.push(...segmentDependencies(one.when));
  }
  return found;
}
