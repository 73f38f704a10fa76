interface Expected {
  readonly value: boolean;
  readonly since: number;
  lastStale: number;
  fresh: boolean;
}

/** What one client's flags are to answer, and when each last answered otherwise. Times are of performance.now. */
export class Expectations {
  readonly #flags = new Map<string, Expected>();

  get flags(): Iterable<string> {
    return this.#flags.keys();
  }

  /** From `since` on the flag is to answer `value`; whatever else it answers is stale. */
  expect(flag: string, value: boolean, since: number): void {
    this.#flags.set(flag, { value, since, lastStale: since, fresh: false });
  }

  /** `since` → start of the last stale answer (ms); null while none was right yet. */
  staleFor(flag: string): number | null {
    const expected = this.#flags.get(flag);
    return expected?.fresh ? expected.lastStale - expected.since : null;
  }

  /** @param began when the evaluation that answered this began */
  note(flag: string, value: boolean, began: number): void {
    const expected = this.#flags.get(flag);
    if (!expected || began < expected.since) return;
    if (value === expected.value) expected.fresh = true;
    else {
      expected.lastStale = began;
      expected.fresh = false;
    }
  }
}
