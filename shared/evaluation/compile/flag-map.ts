import type { CompiledFlag, Part } from "../model/compiled-flag.ts";
import type { CompiledSnapshot } from "../model/compiled-snapshot.ts";
import { forEach, type Slices } from "../slices.ts";

/*
 * To build a map of 10,000 flags takes an edge longer than to compile a part. So a version hands its map over to its
 * successor, where it is changed in place, and keeps what it needs to go on.
 */

/** Flags that differ between two versions, as the later one has them; undefined for those it has not. */
export type ChangedFlags = ReadonlyMap<string, CompiledFlag | undefined>;

export function changedFlags(gone: readonly Part[], made: readonly Part[]): ChangedFlags {
  const changed = new Map<string, CompiledFlag | undefined>();
  for (const { flags } of gone) for (const { key } of flags) changed.set(key, undefined);
  for (const { flags } of made) for (const flag of flags) changed.set(flag.key, flag);
  return changed;
}

export function* flagMap(parts: readonly Part[]): Slices<Map<string, CompiledFlag>> {
  const map = new Map<string, CompiledFlag>();
  yield* forEach(parts, ({ flags }) => {
    for (const flag of flags) map.set(flag.key, flag);
    return flags.length;
  });
  return map;
}

/** Gives the earlier version's map to the later, which has it before it is asked for anything. */
export function handOver(
  before: CompiledSnapshot,
  map: Map<string, CompiledFlag>,
  changed: ChangedFlags,
  successor: CompiledSnapshot,
): void {
  const former = new Map<string, CompiledFlag | undefined>();
  for (const [key, flag] of changed) {
    former.set(key, map.get(key));
    if (flag) map.set(key, flag);
    else map.delete(key);
  }
  before.flags = new FormerFlags(before.parts, former, successor);
}

/** The flags of a version that has handed its map over: what differed then, and beneath it what the successor has. */
class FormerFlags implements ReadonlyMap<string, CompiledFlag> {
  readonly #parts: readonly Part[];
  readonly #former: ChangedFlags;
  readonly #successor: CompiledSnapshot;

  constructor(parts: readonly Part[], former: ChangedFlags, successor: CompiledSnapshot) {
    this.#parts = parts;
    this.#former = former;
    this.#successor = successor;
  }

  get(key: string): CompiledFlag | undefined {
    return this.#former.get(key) ?? (this.#former.has(key) ? undefined : this.#successor.flags.get(key));
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  get size(): number {
    return this.#all().size;
  }

  forEach(call: (flag: CompiledFlag, key: string, map: ReadonlyMap<string, CompiledFlag>) => void): void {
    for (const [key, flag] of this) call(flag, key, this);
  }

  entries() {
    return this.#all().entries();
  }

  keys() {
    return this.#all().keys();
  }

  values() {
    return this.#all().values();
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  #all(): Map<string, CompiledFlag> {
    return new Map(this.#parts.flatMap(({ flags }) => flags.map((flag) => [flag.key, flag] as const)));
  }
}
