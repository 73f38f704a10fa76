/** Work in slices: it pauses after each, so that its caller can let something else go first. */
export type Slices<T> = Generator<undefined, T, undefined>;

/** How many things of the kind that take some hundred nanoseconds make a slice. */
const SLICE = 1_000;

/**
 * Does something for each, and pauses whenever enough has been done.
 *
 * @param work returns how many things it touched
 */
export function* forEach<T>(all: Iterable<T>, work: (one: T) => number): Slices<void> {
  let done = 0;
  for (const one of all) {
    done += work(one);
    if (done < SLICE) continue;
    done = 0;
    yield;
  }
}

export function inOneGo<T>(work: Slices<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
