import type { DayTotals, TelemetryStats, TotalsAnswer } from "../../../shared/schema/telemetry.ts";
import type { ShardBatch, ShardReply } from "./shard-batch.ts";

/** What may be asked of a shard, over JSON. Edges of an older version call a newer shard: a method stays as it is. */
export interface TelemetryShardMethods {
  ingest(batch: ShardBatch): Promise<ShardReply>;
  totals(ids: string[]): TotalsAnswer;
  daily(ids: string[]): Record<string, DayTotals[]>;
  forgetUnit(unit: string): { records: number };
  clear(): Promise<void>;
  stats(traffic?: { flag?: string | undefined } | null): TelemetryStats;
}
