import { identityText } from "../../../shared/evaluation/attribute.ts";
import { bucketOf, seedHash, unitHash } from "../../../shared/evaluation/bucketing/bucket.ts";
import { type CompiledSnapshot, compile } from "../../../shared/evaluation/compile/compile.ts";
import { re2 } from "../../../shared/evaluation/operators/regex/regex.ts";
import { evaluate, prepare } from "../../../shared/evaluation/run/evaluate.ts";
import { ownOf } from "../../../shared/own.ts";
import { eventOf, type Series } from "../../../shared/schema/series.ts";
import type { Snapshot, SnapshotFlag } from "../../../shared/schema/snapshot.ts";
import type { TelemetryEvent } from "../../../shared/schema/telemetry.ts";
import { armIn } from "../../../shared/telemetry/arm.ts";
import type { LateExposure } from "../../objects/telemetry-shard/shard-batch.ts";
import { UnitHasher } from "../../objects/telemetry-shard/unit-hash.ts";

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

/** What one snapshot says about telemetry: which flags are observed, and how people are hashed. */
export class ObservedFlags {
  readonly flags: ReadonlyMap<string, ObservedFlag>;
  /** Attributes that some series' units are. */
  readonly attributes: ReadonlySet<string>;
  /** Null: the snapshot has no secret, so nothing may be kept of anybody. */
  readonly hasher: UnitHasher | null;

  constructor(snapshot: Snapshot) {
    const flags = new Map<string, ObservedFlag>();
    for (const [key, flag] of Object.entries(snapshot.flags)) {
      if (flag.series) flags.set(key, observe(snapshot, flag, flag.series));
    }
    this.flags = flags;
    this.attributes = new Set([...flags.values()].map(({ series }) => series.by));
    this.hasher = snapshot.sealKey === undefined ? null : new UnitHasher(snapshot.sealKey);
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

function observe(snapshot: Snapshot, flag: SnapshotFlag, series: Series): ObservedFlag {
  const seed = seedHash(flag.seed);
  const outside = gates(snapshot, flag);
  const staff = staffTest(snapshot, series.staff);
  const bucket = (identity: string) => bucketOf(seed, unitHash(identity));
  // A client key reads TARGETING_MATCH for every targeted flag, so only a server's word counts.
  const isOfNoSplit = ({ reason, unit }: TelemetryEvent, trusted: boolean) =>
    (trusted && reason !== undefined && NO_SPLIT.has(reason)) || outside(unit);
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
    isStaff: staff,
  };
}

/** Whether a holdout or layer keeps the unit from the split, as far as its attributes tell. */
function gates(snapshot: Snapshot, { state }: SnapshotFlag): (unit: UnitAttributes) => boolean {
  const bucketIn = (unit: UnitAttributes, by: string, seed: string): number | null => {
    const identity = identityText(Object.hasOwn(unit, by) ? unit[by] : undefined);
    return identity === null ? null : bucketOf(seedHash(seed), unitHash(identity));
  };
  const holdout = state.holdout === undefined ? undefined : ownOf(snapshot.holdouts, state.holdout);
  const layer = state.layer && ownOf(snapshot.layers, state.layer.layer);
  return (unit) => {
    if (holdout) {
      const bucket = bucketIn(unit, holdout.by, holdout.seed);
      if (bucket !== null && bucket < holdout.share) return true;
    }
    if (layer && state.layer) {
      const bucket = bucketIn(unit, layer.by, layer.seed);
      if (bucket !== null && (bucket < state.layer.from || bucket >= state.layer.to)) return true;
    }
    return false;
  };
}

const STAFF_FLAG = "staff";

/** The evaluator itself answers who is staff: of a snapshot whose one flag asks for the segment. */
function staffTest(snapshot: Snapshot, segment: string | undefined): (unit: UnitAttributes) => boolean {
  if (segment === undefined || !Object.hasOwn(snapshot.segments, segment)) return () => false;
  let compiled: CompiledSnapshot | null = null;
  const rule = { id: STAFF_FLAG, when: { segment }, serve: { variant: "yes" } };
  const flag: SnapshotFlag = {
    variants: { yes: true, no: false },
    offVariant: "no",
    visibility: "server-only",
    seed: STAFF_FLAG,
    state: { enabled: true, prerequisites: [], rules: [rule], fallthrough: { variant: "no" } },
  };
  return (unit) => {
    compiled ??= compile({ ...snapshot, flags: { [STAFF_FLAG]: flag }, kills: [] }, re2);
    return evaluate(compiled, STAFF_FLAG, prepare(compiled, unit, 0))?.variant === "yes";
  };
}
