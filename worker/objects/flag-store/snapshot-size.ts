import { blockWeight } from "../../../shared/blocks/weight.ts";
import { valuesOfSegment, valuesOfState } from "../../../shared/evaluation/condition-values.ts";
import { LIMITS } from "../../../shared/limits.ts";
import type { Rejection } from "../../result.ts";
import type { Body, Change, ProjectView } from "./entities.ts";

/** Where the sizes come from; the documents as they would stand after the change. */
export interface SnapshotSizes {
  /**
   * Bytes of an environment's entries, values of their conditions, and bytes that they take in an edge's memory, at most;
   * null while nobody knows.
   */
  most(environment: string): { bytes: number; tested: number; weight: number } | null;
  /** Whether `most` is exact. */
  isComplete(environment: string): boolean;
  /** The environment's snapshot as JSON: all of it, so it is asked for last. */
  text(environment: string): string;
  /** Values that the conditions of an environment's snapshot test against. */
  values(environment: string): number;
}

/**
 * Refuses a change that makes a snapshot larger than an edge can hold, with the size it would have. Only sums that are
 * kept of rendered entries are looked at, unless many entries still wait to be rendered and may come to too much. What
 * makes nothing larger is never refused, so a project at the limit can still shrink.
 */
export function snapshotTooLarge(
  environments: readonly string[],
  changes: readonly Change[],
  sizes: SnapshotSizes,
): Rejection | null {
  if (growth(changes, sizeOf) <= 0) return null;
  const max = LIMITS.snapshotBytes;
  for (const environment of environments) {
    const most = sizes.most(environment);
    if (most !== null && most.bytes <= max) continue;
    const exact = most !== null && sizes.isComplete(environment);
    const actual = exact ? most.bytes : new TextEncoder().encode(sizes.text(environment)).length;
    if (actual > max) return { code: "limit-exceeded", limit: "snapshotBytes", max, actual };
  }
  return null;
}

/**
 * Refuses a change that makes an environment take more of an edge's memory than an edge has for it: each of them would
 * refuse to load it and go on with what was published before. What is beyond already, as earlier versions stored it, may
 * stay and shrink.
 */
export function snapshotTooHeavy(
  environments: readonly string[],
  changes: readonly Change[],
  sizes: SnapshotSizes,
): Rejection | null {
  const max = LIMITS.snapshotWeight;
  for (const environment of environments) {
    const most = sizes.most(environment);
    if (most !== null && most.weight <= max) continue;
    if (growth(changes, weightOf) <= 0) return null;
    const isExact = most !== null && sizes.isComplete(environment);
    const weight = isExact ? most.weight : blockWeight(sizes.text(environment));
    const actual = Math.round(weight);
    if (actual > max) return { code: "limit-exceeded", limit: "snapshotWeight", max, actual, by: heaviest(changes) };
  }
  return null;
}

/** The flag or segment whose change adds most. */
function heaviest(changes: readonly Change[]): string {
  const added = new Map<string, number>();
  for (const { entity, key, before, after } of changes) {
    const name = `the ${entity === "segment" || entity === "list" ? "segment" : "flag"} "${key}"`;
    added.set(name, (added.get(name) ?? 0) + weightOf(after) - weightOf(before));
  }
  const [first] = [...added].sort(([, a], [, b]) => b - a);
  return first?.[0] ?? "it";
}

/**
 * Refuses a change that brings in more values of conditions than an environment may have. What was beyond before, as
 * earlier versions stored it, may stay and be changed, and hinders nothing that adds none.
 */
export function tooManyValues(
  environments: readonly string[],
  changes: readonly Change[],
  sizes: SnapshotSizes,
): Rejection | null {
  if (!changes.some((change) => valuesOf(change.entity, change.after) > valuesOf(change.entity, change.before)))
    return null;
  const max = LIMITS.valuesPerEnvironment;
  for (const environment of environments) {
    const most = sizes.most(environment);
    if (most !== null && most.tested <= max) continue;
    const actual = most !== null && sizes.isComplete(environment) ? most.tested : sizes.values(environment);
    if (actual > max) return { code: "limit-exceeded", limit: "valuesPerEnvironment", max, actual };
  }
  return null;
}

function valuesOf(entity: Change["entity"], body: Change["after"]): number {
  if (body === null) return 0;
  if (entity === "state") return valuesOfState(body as Body<"state">);
  return entity === "segment" ? valuesOfSegment(body as Body<"segment">) : 0;
}

/** Values of the conditions of an environment's live flags, and of all segments. */
export function valuesIn(view: ProjectView, environment: string): number {
  const archived = new Set(view.list("flag").flatMap(({ key, body }) => (body.archivedAt === undefined ? [] : [key])));
  let total = 0;
  for (const { key, body } of view.list("state", environment)) if (!archived.has(key)) total += valuesOfState(body);
  for (const { body } of view.list("segment")) total += valuesOfSegment(body);
  return total;
}

const sizeOf = (body: unknown): number => (body === null ? 0 : JSON.stringify(body).length);
const weightOf = (body: unknown): number => (body === null ? 0 : blockWeight(JSON.stringify(body)));

/** Kills aside: nothing may ever stand in their way. */
function growth(changes: readonly Change[], size: (body: unknown) => number): number {
  return changes
    .filter(({ entity }) => entity !== "kill" && entity !== "tombstone")
    .reduce((sum, { before, after }) => sum + size(after) - size(before), 0);
}
