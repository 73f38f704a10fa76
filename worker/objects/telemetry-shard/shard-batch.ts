import type { Series } from "../../../shared/schema/series.ts";
import type { EVENT_TYPES, ExclusionMark } from "../../../shared/schema/telemetry.ts";
import type { Shown } from "../../../shared/telemetry/arm.ts";

/** An event on its way to the shard of its unit: hashed, its time corrected, judged as far as a snapshot can. */
export type ShardEvent = ShardExposure | ShardOutcome;

interface ShardEventFields {
  /** Its place in the sender's batch. */
  index: number;
  /** Hashes of the unit, and of the event's id. */
  unit: string;
  id: string;
  /** 0 … 1: under overload, units below the level stay. */
  rank: number;
  /** Epoch ms by our clock. */
  at: number;
  /** What that adds to the sender's clock (ms), where it is worth mentioning. */
  shift?: number;
  type: (typeof EVENT_TYPES)[number];
  /** A second unit of the same event, for series by another attribute; counted as stored where its first unit is. */
  copy?: true;
}

/** An exposure from before its flag's present series: of whichever series of the flag ran then. */
export interface LateExposure extends Shown {
  /** Where the flag's split puts the unit, in parts of SPLIT_TOTAL. */
  bucket: number;
  /** Neither its reason nor the unit's attributes speak against a split. */
  ofSplit: boolean;
  /** The attribute that the unit is known by. */
  by: string;
}

export interface ShardExposure extends ShardEventFields {
  type: "exposure";
  flag: string;
  /** The flag's series; absent: nothing observes it. */
  series?: string;
  /** Index of the arm; null: mismatched. */
  arm: number | null;
  /** When it happened before the series began. */
  late?: LateExposure;
  marks: ExclusionMark[];
  country?: string;
  device?: string;
}

export interface ShardOutcome extends ShardEventFields {
  type: "outcome" | "click" | "conversion";
  metric: string;
  flag?: string;
  ok?: boolean;
  latencyMs?: number;
  value?: number;
}

/** What one shard gets of one sender's batch; stored in one transaction. */
export interface ShardBatch {
  source: "server" | "client";
  /** Project revision of the edge that took it. */
  revision: number;
  /** Flags that are killed, as the edge knows: their series are closed. */
  killed: { flag: string; variant?: string }[];
  /** Series as the edge knows them that these events may belong to, by flag. */
  series: { flag: string; series: Series }[];
  events: ShardEvent[];
  /** Whose events they are. Edges of before this version do not say. */
  place?: { project: string; environment: string };
  /** Left out at the edge by this shard's own level, since that edge last told. */
  shed: number;
  /** Sent to a shard of client keys: what servers report there counts only in series that take both. */
  ofClients?: true;
}

/** Units with a rank below it stay. 1: all. */
export interface KeepLevels {
  server: number;
  client: number;
}

/** By indices of the sender's batch; what is in neither list is stored. */
export interface ShardReply {
  duplicate: number[];
  shed: number[];
  /** What edges should send from now on. */
  keep: KeepLevels;
}
