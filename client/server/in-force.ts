import type { Entry } from "../../shared/blocks/block.ts";
import { entriesOf } from "../../shared/blocks/block.ts";
import { changesBetween } from "../../shared/blocks/patching.ts";
import { applyKills, type CompiledSnapshot, staleKills } from "../../shared/evaluation/compile/compile.ts";
import type { Outcome } from "../../shared/evaluation/run/evaluate.ts";
import type { RulesHead } from "../../shared/rules/answer.ts";
import type { Kill } from "../../shared/schema/snapshot.ts";
import type { Block } from "./gather.ts";
import type { ListShards } from "./list-shards.ts";
import { Resolved } from "./resolved.ts";

/** One version of the rules, ready to evaluate with. */
export class InForce {
  readonly compiled: CompiledSnapshot;
  readonly head: RulesHead;
  readonly blocks: ReadonlyMap<string, Block>;
  readonly shards: ListShards;
  /** From when on (epoch ms) a flag's `onStale` has to be looked at again. */
  staleAt = Number.POSITIVE_INFINITY;
  readonly #resolved = new Map<Outcome, Resolved>();
  readonly #version: Readonly<Record<string, string>>;
  #kills: readonly Kill[];
  #applied: string | null = null;
  #confirmedAt = Number.NEGATIVE_INFINITY;

  constructor(
    compiled: CompiledSnapshot,
    head: RulesHead,
    blocks: ReadonlyMap<string, Block>,
    shards: ListShards,
    kills: readonly Kill[],
  ) {
    this.compiled = compiled;
    this.head = head;
    this.blocks = blocks;
    this.shards = shards;
    this.#kills = kills;
    this.#version = { flagSetId: `${head.project}/${head.environment}`, version: head.version };
  }

  /** What an outcome is to the SDK, made once. */
  resolved(outcome: Outcome): Resolved {
    const known = this.#resolved.get(outcome);
    if (known !== undefined) return known;
    const made = new Resolved(outcome, this.#version);
    this.#resolved.set(outcome, made);
    return made;
  }

  /** Flags that were evaluated since this was last asked. */
  takeUsed(): string[] {
    const used = new Set<string>();
    for (const [{ key }, resolved] of this.#resolved) {
      if (resolved.used) used.add(key);
      resolved.used = false;
    }
    return [...used];
  }

  get kills(): readonly Kill[] {
    return this.#kills;
  }

  /** The edge has said that these kills are in force, as of this instant (epoch ms). */
  confirm(kills: readonly Kill[], at: number, now: number): void {
    this.#kills = kills;
    this.#confirmedAt = Math.max(this.#confirmedAt, at);
    this.enforce(now);
  }

  /** Puts the kills in force, with those that follow from how old the rules are. */
  enforce(now: number): void {
    const ageS = Math.max(0, now - this.#confirmedAt) / 1_000;
    const next = this.compiled.stale.find(({ afterSeconds }) => afterSeconds > ageS);
    this.staleAt = next === undefined ? Number.POSITIVE_INFINITY : this.#confirmedAt + next.afterSeconds * 1_000;
    const kills = [...this.#kills, ...staleKills(this.compiled, ageS)];
    const applied = kills.map(({ id }) => id).join(" ");
    if (applied === this.#applied) return;
    this.#applied = applied;
    applyKills(this.compiled, kills);
  }
}

/** Flags that differ between two versions; null when other documents do, which any flag may rest on. */
export function changedFlags(before: InForce, after: Pick<InForce, "blocks" | "kills">): string[] | null {
  const gone = entriesOutside(before.blocks, after.blocks);
  const come = entriesOutside(after.blocks, before.blocks);
  const { put, remove } = changesBetween(gone, come);
  const names = [...put.map(([name]) => name), ...remove];
  if (names.some((name) => !name.startsWith("flag/"))) return null;
  return [...new Set([...names.map((name) => name.slice("flag/".length)), ...changedKills(before.kills, after.kills)])];
}

/** Flags whose kills differ. */
export function changedKills(before: readonly Kill[], after: readonly Kill[]): string[] {
  const [was, is] = [new Set(before.map(({ id }) => id)), new Set(after.map(({ id }) => id))];
  const differ = [...before.filter(({ id }) => !is.has(id)), ...after.filter(({ id }) => !was.has(id))];
  return [...new Set(differ.map(({ flag }) => flag))];
}

const entriesOutside = (blocks: ReadonlyMap<string, Block>, others: ReadonlyMap<string, Block>): Entry[] =>
  [...blocks].flatMap(([hash, { text }]) => (others.has(hash) ? [] : (entriesOf(text) ?? [])));
