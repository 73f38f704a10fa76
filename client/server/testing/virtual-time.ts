interface Due {
  readonly at: number;
  readonly order: number;
  readonly then: () => void;
}

/** Time that passes when a test says so: callbacks run in their order, the soonest first. */
export class VirtualTime {
  now = 0;
  #order = 0;
  /** A binary heap, the soonest first. */
  readonly #due: Due[] = [];
  readonly #stopped = new Set<Due>();

  after(ms: number, then: () => void): () => void {
    const due = { at: this.now + Math.max(0, ms), order: this.#order++, then };
    this.#push(due);
    return () => void this.#stopped.add(due);
  }

  /** Runs what is due until then, with turns for promises between callbacks. */
  async passUntil(end: number): Promise<void> {
    await settle();
    for (let next = this.#due[0]; next !== undefined && next.at <= end; next = this.#due[0]) {
      this.#pop();
      if (this.#stopped.delete(next)) continue;
      this.now = next.at;
      next.then();
      await settle();
    }
    this.now = end;
  }

  #push(due: Due): void {
    const heap = this.#due;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(due, heap[parent] as Due)) break;
      heap[at] = heap[parent] as Due;
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#due;
    const last = heap.pop() as Due;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Due, heap[child] as Due)) child++;
      if (!before(heap[child] as Due, last)) break;
      heap[at] = heap[child] as Due;
      at = child;
    }
    heap[at] = last;
  }
}

const before = (one: Due, other: Due): boolean => one.at < other.at || (one.at === other.at && one.order < other.order);

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
