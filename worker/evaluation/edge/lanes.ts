/** Connections that the runtime keeps open at once for one request; it lets more wait by itself, in no order of ours. */
export const CONNECTIONS = 6;

/** Lets at most so much work run at once. Belongs to one request: its promises may not be shared with others. */
export class Lanes {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count = CONNECTIONS) {
    this.#free = count;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((enter) => this.#waiting.push(enter));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
