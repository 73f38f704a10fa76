import { WHOLE_READER } from "../../shared/limits.ts";
import { ownOf } from "../../shared/own.ts";
import { servedChange } from "../../shared/rules/change.ts";
import type { Env } from "../env.ts";
import type { HeldBlock } from "../evaluation/edge/held-block.ts";
import { isolateEdge } from "../evaluation/edge/isolate.ts";
import type { Loaded } from "../evaluation/edge/loaded.ts";
import { unrestored } from "../evaluation/edge/pointer-lane.ts";
import { SnapshotReader } from "../evaluation/edge/snapshot-reader.ts";
import { edgeSources } from "../evaluation/edge/sources.ts";
import { notNow } from "./admit.ts";
import { type RulesBlock, type RulesSource, rulesBlock, rulesBlocksOf } from "./recent-rules.ts";

/** Of each block that an isolate holds, what it gives out. */
const ofHeld = new WeakMap<HeldBlock, { block: RulesBlock | null }>();
/** Of environments that came whole, by their documents' hash: they are small, and not kept otherwise. */
const ofWhole = new Map<string, readonly RulesBlock[]>();
const MAX_WHOLE = 100;

/** What an isolate gives out of an environment as it knows it now. Throws a problem when it cannot. */
export async function rulesSource(loaded: Loaded, env: Env, request: Request): Promise<RulesSource> {
  const { project, environment, epoch, revision } = loaded;
  const blocks = loaded.blocks.length > 0 ? blocksOf(loaded) : await wholeOf(loaded, env);
  const held = isolateEdge(env, request).held(project);
  const restored = ownOf(held?.pointer.environments, environment)?.tombstones ?? [];
  const emergency = unrestored(ownOf(held?.breakGlass?.environments, environment) ?? [], restored);
  const committed = held?.pointer.epoch === epoch ? Math.max(held.pointer.revision, revision) : revision;
  return {
    ...{ project, environment, epoch, revision, committed, minReader: WHOLE_READER },
    change: servedChange(held?.pointer, environment, loaded),
    ...{ kills: loaded.kills, emergency, restored, blocks },
  };
}

function blocksOf({ blocks }: Loaded): RulesBlock[] {
  return blocks.flatMap((held) => {
    let known = ofHeld.get(held);
    if (known === undefined) {
      const block = rulesBlock(held.text);
      // The text of most is the held one: neither is kept twice.
      known = { block: block?.text === held.text ? { hash: block.hash, text: held.text } : block };
      ofHeld.set(held, known);
    }
    return known.block ?? [];
  });
}

async function wholeOf({ project, environment, revision, hash }: Loaded, env: Env): Promise<readonly RulesBlock[]> {
  const known = ofWhole.get(hash);
  if (known) return known;
  // The copy of last resort has no hash that it could be read by.
  const reader = hash === "" ? null : new SnapshotReader(edgeSources(env, { colo: null, region: null }));
  const read = await reader?.published({ project, environment, revision, hash });
  if (read?.published.kind !== "whole") throw notNow();
  const blocks = rulesBlocksOf(read.published.snapshot);
  if (ofWhole.size >= MAX_WHOLE) ofWhole.clear();
  ofWhole.set(hash, blocks);
  return blocks;
}
