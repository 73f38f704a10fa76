import { bucket } from "../../shared/evaluation/bucketing/bucket.ts";
import type { Slug } from "../../shared/schema/names.ts";
import { type Series, series as seriesSchema } from "../../shared/schema/series.ts";
import type { EventAnswer } from "../../shared/schema/telemetry.ts";
import { SERIES_SOURCES, type SeriesSource } from "../objects/flag-store/series.ts";
import { telemetryTotals } from "../objects/telemetry-shard/totals.ts";
import { env } from "./bindings.ts";
import { type Answer, done, fetched } from "./http.ts";
import { PRODUCTION } from "./names.ts";

export const EVENTS = "/v1/events";
const observed = new Map<string, Series>();

/** Stands where plans and guards stand: what it holds is in every snapshot that is built from then on. */
const source: SeriesSource = (view, environment, flag) =>
  environment === "production" ? observed.get(`${view.list("project")[0]?.key}/${flag}`) : undefined;
(SERIES_SOURCES as SeriesSource[]).push(source);

export const aSeries = (over: Partial<Series> = {}): Series =>
  seriesSchema.parse({
    id: `series-${crypto.randomUUID()}`,
    by: "targetingKey",
    startedAt: Date.now() - 60_000,
    arms: [
      { variant: "on", share: 50_000 },
      { variant: "off", share: 50_000 },
    ],
    control: "off",
    windowSeconds: 600,
    outcomes: 3,
    metrics: [
      { kind: "error", name: "errors", event: "checkout" },
      { kind: "slow", name: "slow", event: "checkout" },
      { kind: "conversion", name: "orders" },
      { kind: "missing", name: "silent", afterSeconds: 600 },
    ],
    source: "server",
    ...over,
  });

/** Half and half by the flag's own buckets. */
export const HALVES = [
  { variant: "on", from: 0, to: 50_000 },
  { variant: "off", from: 50_000, to: 100_000 },
];
export const armOf = (flag: string, unit: string): "on" | "off" => (bucket(flag, unit) < 50_000 ? "on" : "off");

/** Puts a flag of this project's production under observation, and waits until edges know. */
export async function observe(project: string, flag: string, series: Series = aSeries()): Promise<Series> {
  observed.set(`${project}/${flag}`, series);
  // Any change publishes a snapshot.
  await done("PATCH", `/projects/${project}/flags/${flag}`, { description: series.id });
  return series;
}

let events = 0;
/** An event as an honest sender makes it. */
export const anEvent = (type: string, unit: string, over: Record<string, unknown> = {}) => ({
  id: `00000000-0000-4000-8000-${String(++events).padStart(12, "0")}`,
  type,
  unit: { targetingKey: unit },
  time: Date.now(),
  ...over,
});

export function send(
  key: string | null,
  batch: unknown[] | Record<string, unknown>,
  init: { headers?: Record<string, string>; type?: string } = {},
): Promise<Answer & { json: EventAnswer & { code?: string; errors?: { field: string }[] } }> {
  const body = Array.isArray(batch) ? { batchId: crypto.randomUUID(), sentAt: Date.now(), events: batch } : batch;
  return fetched(EVENTS, {
    method: "POST",
    headers: {
      "Content-Type": init.type ?? "application/json",
      ...(key === null ? {} : { Authorization: `Bearer ${key}` }),
      ...init.headers,
    },
    body: JSON.stringify(body),
  });
}

/** One series' counts over all shards. */
export async function totalsOf(project: Slug, id: string) {
  const { series } = await telemetryTotals(env, project, PRODUCTION, [id]);
  const found = series[id];
  if (!found) throw new Error(`no shard has met ${id}`);
  return found;
}
