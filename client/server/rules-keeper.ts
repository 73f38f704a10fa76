import type { CompiledSnapshot } from "../../shared/evaluation/compile/compile.ts";
import { compileBlocks } from "../../shared/evaluation/compile/compile-blocks.ts";
import { dialects } from "../../shared/evaluation/dialects/dialects.ts";
import { re2 } from "../../shared/evaluation/operators/regex/regex.ts";
import type { Slices } from "../../shared/evaluation/slices.ts";
import { READER_VERSION } from "../../shared/limits.ts";
import { isOlder, type RulesAnswer, type RulesHead } from "../../shared/rules/answer.ts";
import { RULES_READER } from "../../shared/rules/readers.ts";
import type { Kill } from "../../shared/schema/snapshot.ts";
import { type Block, gather } from "./gather.ts";
import { changedFlags, changedKills, InForce } from "./in-force.ts";
import { type FetchShard, ListShards, loadShards } from "./list-shards.ts";

/**
 * What came of an answer. "older": it is of an edge that is behind, and nothing was done with it. "incomplete": it rests
 * on blocks that are not held, so everything has to be asked for. `flags`: null when any flag may have changed.
 */
export type Adopted = { is: "changed"; flags: string[] | null } | { is: "same" | "older" | "incomplete" };

export interface KeeperOptions {
  /** `project/environment` that the key is of; null: that of the first answer. */
  readonly place: string | null;
  readonly fetchShard: FetchShard;
  readonly listBytes: number;
  readonly warn: (message: string) => void;
  /** Lets evaluations go between; null: nothing may. */
  readonly pause: (() => Promise<unknown>) | null;
}

/** A break-glass kill outlives the answers of edges that have not seen it yet for so long (ms). */
const EMERGENCY_MS = 60_000;
/** Work goes on for so long (ms) between two pauses. */
const SLICE_MS = 8;

const NO_BLOCKS: ReadonlyMap<string, Block> = new Map();

/** The rules in force, and how the next version takes their place. Nothing here waits for a network but long lists. */
export class RulesKeeper {
  readonly #options: KeeperOptions;
  /** Break-glass kills, and when an edge last showed each (epoch ms). */
  readonly #emergency = new Map<string, { kill: Kill; at: number }>();
  #current: InForce | null = null;
  #place: string | null;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#place = options.place;
  }

  get current(): InForce | null {
    return this.#current;
  }

  /** The edge has said that nothing changed, as of this instant (epoch ms). */
  confirm(at: number, now: number): void {
    const current = this.#current;
    current?.confirm(current.kills, at, now);
  }

  /**
   * Puts an answer in force. Its kills are at once, beside those in force; the documents when they are all here.
   *
   * @param at what it is as of (epoch ms)
   * @throws for what is no answer, or one that this version cannot read
   */
  async adopt(answer: RulesAnswer, at: number, now: () => number): Promise<Adopted> {
    this.#require(answer);
    const before = this.#current;
    if (before !== null && isOlder(answer, before.head)) return { is: "older" };
    const kills = this.#killsOf(answer, now());
    const killed = before === null ? [] : changedKills(before.kills, kills);
    // A kill that the answer lacks goes with the documents that it was of.
    if (before !== null) before.confirm(united(kills, before.kills), at, now());
    const blocks = await gather(answer, before?.blocks ?? NO_BLOCKS);
    if (blocks === null) return { is: "incomplete" };
    const after = await this.#made(before, answer, blocks, kills);
    // Another answer may have come in place meanwhile.
    if (this.#current !== before && this.#current !== null && isOlder(answer, this.#current.head))
      return { is: "older" };
    after.confirm(kills, at, now());
    this.#current = after;
    if (before === null) return { is: "changed", flags: null };
    if (before.head.version === answer.version) return { is: "same" };
    const flags = changedFlags(before, after);
    const all = flags === null ? null : [...new Set([...flags, ...killed])];
    return all?.length === 0 ? { is: "same" } : { is: "changed", flags: all };
  }

  #require(answer: RulesAnswer): void {
    const { reader, minReader, project, environment, blocks, texts, patches, kills, emergency, restored } = answer;
    const isAnswer =
      [blocks, patches, kills, emergency, restored].every(Array.isArray) && typeof texts === "object" && texts !== null;
    if (!isAnswer || reader !== RULES_READER) throw new TypeError("these are no rules that this version reads");
    if (!(minReader <= READER_VERSION))
      throw new TypeError("these rules use what this version does not know: update @blastdoor/server");
    this.#place ??= `${project}/${environment}`;
    if (this.#place !== `${project}/${environment}`)
      throw new TypeError(`these are rules of ${project}/${environment}, and the key is of ${this.#place}`);
  }

  #killsOf({ kills, emergency, restored }: RulesHead, now: number): readonly Kill[] {
    for (const kill of emergency) this.#emergency.set(kill.id, { kill, at: now });
    for (const id of restored) this.#emergency.delete(id);
    for (const [id, { at }] of this.#emergency) if (now - at > EMERGENCY_MS) this.#emergency.delete(id);
    return united(
      kills,
      [...this.#emergency.values()].map(({ kill }) => kill),
    );
  }

  async #made(
    before: InForce | null,
    head: RulesAnswer,
    blocks: ReadonlyMap<string, Block>,
    kills: readonly Kill[],
  ): Promise<InForce> {
    const isSame = before !== null && [...blocks.keys()].join() === [...before.blocks.keys()].join();
    const compiled = isSame ? before.compiled : await this.#compiled(before, head, [...blocks.values()], kills);
    const held = before?.shards.words ?? new Map();
    const { fetchShard, listBytes, warn } = this.#options;
    const shards =
      isSame && before.shards.missing.length === 0
        ? before.shards
        : compiled.lists.length === 0
          ? new ListShards(new Map())
          : await loadShards(compiled.lists, held, fetchShard, listBytes);
    const [missing] = shards.missing;
    if (missing !== undefined)
      warn(
        `${shards.missing.length} parts of long lists are not here, such as ${missing}: rules that need them do not match`,
      );
    const { texts: _, patches: __, ...rest } = head;
    return new InForce(compiled, rest, blocks, shards, kills);
  }

  async #compiled(
    before: InForce | null,
    head: RulesHead,
    blocks: readonly Block[],
    kills: readonly Kill[],
  ): Promise<CompiledSnapshot> {
    const hashes = blocks.map(({ hash }) => hash);
    // The versions share kills: those in force while this one is made stay in force in both.
    const manifest = { ...head, blocks: hashes, chars: 0, kills: [...united(kills, before?.kills ?? [])] };
    return this.#inSlices(compileBlocks(before?.compiled ?? null, manifest, blocks, re2, dialects));
  }

  async #inSlices<T>(work: Slices<T>): Promise<T> {
    let since = performance.now();
    for (;;) {
      const step = work.next();
      if (step.done) return step.value;
      if (this.#options.pause === null || performance.now() - since < SLICE_MS) continue;
      await this.#options.pause();
      since = performance.now();
    }
  }
}

/** Both lists, each kill once. */
function united(first: readonly Kill[], second: readonly Kill[]): readonly Kill[] {
  const ids = new Set(first.map(({ id }) => id));
  return [...first, ...second.filter(({ id }) => !ids.has(id))];
}
