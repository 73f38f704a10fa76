/*
 * What is counted of a series, as numbers with names. Names are `{lane}.{arm}.{metric}.{field}…`, with indices in place
 * of names and `-` where there is none, such as `0.1.2.failures` or `0.1.-.exposed`: short, and cheap to keep as rows.
 */

/** Numbers by name; an absent one is 0. A shard keeps them in SQLite, a simulation in a Map. */
export interface Counters {
  get(name: string): number | undefined;
  set(name: string, value: number): void;
}

export const add = (counters: Counters, name: string, by: number): void => {
  if (by !== 0) counters.set(name, (counters.get(name) ?? 0) + by);
};

/**
 * Changes on top of counters that stay as they are until `changes` are written: a transaction that fails leaves no
 * half-counted event behind.
 */
export class CounterChanges implements Counters {
  readonly changes = new Map<string, number>();
  readonly #below: ReadonlyMap<string, number>;

  constructor(below: ReadonlyMap<string, number>) {
    this.#below = below;
  }

  get(name: string): number | undefined {
    return this.changes.get(name) ?? this.#below.get(name);
  }

  set(name: string, value: number): void {
    this.changes.set(name, value);
  }
}
