import { z } from "zod";
import { LIMITS } from "../limits.ts";
import { snapshotTest } from "./demand-test.ts";
import { flagState, visibility } from "./flag.ts";
import { json, key, recordOf, slug } from "./primitives.ts";
import { keyLimit } from "./quota.ts";
import { snapshotHoldout, snapshotLayer, snapshotSegment } from "./segment.ts";
import { series } from "./series.ts";
import { keySigning } from "./signed-context.ts";

/** A kill in force. `variant` absent: the whole flag. `serve` is null when the flag has no kill variant. */
export const kill = z.strictObject({
  id: z.string(),
  flag: key,
  variant: key.optional(),
  serve: key.nullable(),
  /** Project revision that set it. */
  revision: z.int(),
});
export type Kill = z.infer<typeof kill>;

export const keyKind = z.enum(["client", "server"]);
export type KeyKind = z.infer<typeof keyKind>;

/** An environment key as edges know it: by its hash. */
export const snapshotKey = z.strictObject({
  id: z.string(),
  /** SHA-256 of the bearer token, lower-case hex. */
  hash: z.string().length(64),
  kind: keyKind,
  /** Browser origins that may use a client key; empty: any. */
  origins: z.array(z.string()),
  limit: keyLimit.optional(),
  /** From this instant (epoch ms) edges refuse it, whether or not they have heard that it is gone. */
  expiresAt: z.int().optional(),
  /** Of a client key: what it takes only when it is signed. */
  signing: keySigning.optional(),
  /** Of a server key: it reads the rules themselves, to evaluate elsewhere. Readers that do not know it refuse to. */
  rules: z.literal(true).optional(),
});
export type SnapshotKey = z.infer<typeof snapshotKey>;

/** What evaluation needs of a flag: no description, owner or tags, which no edge should hold. */
export const snapshotFlag = z.strictObject({
  variants: recordOf(json, LIMITS.variantsPerFlag, "variants"),
  offVariant: key.nullable(),
  visibility,
  seed: z.string(),
  state: flagState,
  /**
   * While something watches the flag here: how its events are counted. Evaluation never looks at it, so a reader that
   * does not know it evaluates alike and `minReader` stays.
   */
  series: series.optional(),
  /** The test that the flag carries, drafts included. */
  test: snapshotTest.optional(),
});
export type SnapshotFlag = z.infer<typeof snapshotFlag>;

/**
 * One environment, complete and immutable, as it lies in KV under its own hash. Everything an edge needs to
 * answer; nothing it does not.
 */
export const snapshot = z.strictObject({
  /** Lowest reader version that understands every part of it. */
  minReader: z.int().min(1),
  project: slug,
  environment: slug,
  epoch: z.int().min(1),
  /** Project revision it was built at. */
  revision: z.int().min(0),
  flags: z.record(key, snapshotFlag),
  segments: z.record(key, snapshotSegment),
  layers: z.record(key, snapshotLayer),
  holdouts: z.record(key, snapshotHoldout),
  keys: z.array(snapshotKey),
  kills: z.array(kill),
  /** Ids of the keys whose signatures count. Left out: there are none. */
  signingKeys: z.array(z.string()).optional(),
  /** Seals stream tokens: 256 bits in hex, one per project, never sent to anybody. */
  sealKey: z.string().length(64).optional(),
});
export type Snapshot = z.infer<typeof snapshot>;
