import { blockText, type Entry, entriesOf, entryName } from "../../shared/blocks/block.ts";
import { type BlockPatch, changesBetween, publishedText } from "../../shared/blocks/block-patch.ts";
import { cut } from "../../shared/blocks/partition.ts";
import { BLOCKS_READER } from "../../shared/limits.ts";
import { storedSlug } from "../../shared/schema/names.ts";
import type { Pointer } from "../../shared/schema/pointer.ts";
import type { SnapshotFlag } from "../../shared/schema/snapshot.ts";
import { sha256 } from "../../worker/crypto/sha256.ts";
import { blockKey, snapshotKey } from "../../worker/kv/snapshot-store.ts";
import { ourSnapshot } from "../workloads.ts";
import { distinctFiveRuleFlags } from "./flags.ts";

export const PROJECT = storedSlug("bench");
export const ENVIRONMENT = storedSlug("production");

interface Block {
  hash: string;
  chars: number;
}

/** A project of five-rule flags as it lies in KV, outside the heap, so that what an edge takes can be measured. */
export class BlockPublisher {
  readonly kv = new Map<string, Buffer>();
  pointer: Pointer | null = null;
  #revision = 0;
  #blocks: Block[] = [];
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
    // A part at a time: all flags together would be most of a small heap.
    for (let from = 0; from < count; from += 150)
      for (const block of cut(entriesBetween(count, from, from + 150))) this.#keep(block);
    this.#publish(null);
  }

  /** Changes one flag, and publishes that. */
  edit(round: number): void {
    const index = (round * 7919) % this.#count;
    const name = entryName("flag", keyOf(index));
    for (const [at, { hash, chars }] of this.#blocks.entries()) {
      const before = entriesOf(this.#text(hash)) as Entry[];
      if (!before.some(([one]) => one === name)) continue;
      const after = before.map(([one, json]): Entry => [one, one === name ? edited(json, round) : json]);
      const text = blockText(after);
      const to = sha256(text);
      this.kv.delete(blockKey(PROJECT, ENVIRONMENT, hash));
      this.kv.set(blockKey(PROJECT, ENVIRONMENT, to), Buffer.from(text));
      this.#blocks[at] = { hash: to, chars: chars + text.length - blockText(before).length };
      this.#publish([{ from: hash, to, ...changesBetween(before, after) }]);
      return;
    }
    throw new Error(`there is no flag ${name}`);
  }

  /** Changes every flag, as an import does: then no patch helps. */
  editAll(round: number): void {
    const before = this.#blocks;
    this.#blocks = [];
    for (const { hash } of before) {
      const entries = entriesOf(this.#text(hash)) as Entry[];
      this.kv.delete(blockKey(PROJECT, ENVIRONMENT, hash));
      this.#keep(entries.map(([name, json]): Entry => [name, edited(json, round)]));
    }
    this.#publish(null);
  }

  #keep(entries: readonly Entry[]): void {
    const text = blockText(entries);
    const hash = sha256(text);
    this.kv.set(blockKey(PROJECT, ENVIRONMENT, hash), Buffer.from(text));
    this.#blocks.push({ hash, chars: text.length });
  }

  #text(hash: string): string {
    return (this.kv.get(blockKey(PROJECT, ENVIRONMENT, hash)) as Buffer).toString();
  }

  #publish(patch: BlockPatch[] | null): void {
    const revision = ++this.#revision;
    const head = JSON.stringify({
      ...{ minReader: BLOCKS_READER, project: PROJECT, environment: ENVIRONMENT, epoch: 1, revision, kills: [] },
      blocks: this.#blocks.map(({ hash }) => hash),
      chars: this.#blocks.reduce((sum, { chars }) => sum + chars, 0),
    });
    const hash = sha256(head);
    const text = publishedText(head, patch && { blocks: patch });
    this.kv.set(snapshotKey(PROJECT, ENVIRONMENT, revision, hash), Buffer.from(text));
    const environments = { [ENVIRONMENT]: { revision, hash, kills: [], tombstones: [] } };
    this.pointer = { project: PROJECT, epoch: 1, revision, environments, asOf: 0 };
  }
}

const keyOf = (index: number): string => `flag-${String(index).padStart(5, "0")}`;

function entriesBetween(count: number, from: number, to: number): Entry[] {
  const { flags } = ourSnapshot(distinctFiveRuleFlags(Math.min(count, to)).slice(from));
  return Object.values(flags).map(
    (flag, n): Entry => [entryName("flag", keyOf(from + n)), JSON.stringify({ ...flag, seed: keyOf(from + n) })],
  );
}

function edited(json: string, round: number): string {
  const flag = JSON.parse(json) as SnapshotFlag;
  flag.state.fallthrough = { variant: round % 2 === 0 ? "on" : "off" };
  for (const rule of flag.state.rules) rule.id = `${rule.id.split(".")[0]}.${round}`;
  return JSON.stringify(flag);
}
