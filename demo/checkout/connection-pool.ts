export interface Connection {
  readonly id: number;
}

export class PoolExhausted extends Error {
  override name = "PoolExhausted";
}

/** A bounded pool, as database drivers have it: a caller that finds it empty waits, and gives up after a while. */
export class ConnectionPool {
  readonly #free: Connection[];
  readonly #waiting: ((connection: Connection) => void)[] = [];
  readonly #waitMs: number;

  constructor(size: number, waitMs: number) {
    this.#free = Array.from({ length: size }, (_, id) => ({ id }));
    this.#waitMs = waitMs;
  }

  acquire(): Promise<Connection> {
    const connection = this.#free.pop();
    if (connection) return Promise.resolve(connection);
    return new Promise((resolve, refuse) => {
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        refuse(new PoolExhausted(`no connection within ${this.#waitMs} ms`));
      }, this.#waitMs);
      const take = (given: Connection) => {
        clearTimeout(timer);
        resolve(given);
      };
      this.#waiting.push(take);
    });
  }

  release(connection: Connection): void {
    const next = this.#waiting.shift();
    if (next) next(connection);
    else this.#free.push(connection);
  }
}
