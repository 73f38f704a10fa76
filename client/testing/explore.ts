/** What a run does not know and so decides: each time it is run again, one decision comes out otherwise. */
export class Choices {
  readonly #taken: { option: number; options: number }[] = [];
  #at = 0;

  /** One of so many options, counted from 0. */
  choose(options: number): number {
    if (options < 2) return 0;
    const taken = this.#taken[this.#at];
    if (taken === undefined) this.#taken.push({ option: 0, options });
    this.#at++;
    return taken?.option ?? 0;
  }

  /** Goes on to the next way; false when there is none left. */
  next(): boolean {
    this.#at = 0;
    for (let last = this.#taken.pop(); last !== undefined; last = this.#taken.pop()) {
      if (last.option + 1 >= last.options) continue;
      this.#taken.push({ option: last.option + 1, options: last.options });
      return true;
    }
    return false;
  }
}

/**
 * Everything that `run` can come to.
 *
 * @param most runs at most
 * @returns null: there are more ways than that
 */
export function explore<T>(most: number, run: (choices: Choices) => T): T[] | null {
  const choices = new Choices();
  const found = new Map<string, T>();
  for (let runs = 1; runs <= most; runs++) {
    const result = run(choices);
    found.set(JSON.stringify(result), result);
    if (!choices.next()) return [...found.values()];
  }
  return null;
}
