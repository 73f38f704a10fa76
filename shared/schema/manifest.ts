import { z } from "zod";
import { slug } from "./primitives.ts";
import { kill } from "./snapshot.ts";

/**
 * One environment as the list of its blocks: how a snapshot that is too large for one value lies in KV. A reader that holds
 * the blocks it names holds the snapshot. Its hash, which the pointer names, so stands for every byte.
 */
export const manifest = z.strictObject({
  /** Lowest reader version that understands every part of it. */
  minReader: z.int().min(1),
  project: slug,
  environment: slug,
  epoch: z.int().min(1),
  /** Project revision it was built at. */
  revision: z.int().min(0),
  kills: z.array(kill),
  signingKeys: z.array(z.string()).optional(),
  sealKey: z.string().length(64).optional(),
  /** SHA-256 of each block's text, in the order of their entries. */
  blocks: z.array(z.string().length(64)),
  /** Characters of all blocks together: what an edge has to make room for. */
  chars: z.int().min(0),
});
export type Manifest = z.infer<typeof manifest>;
