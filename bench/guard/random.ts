/** A seeded source of random numbers, so that a run can be repeated: sfc32 (Doty-Humphrey, PractRand). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #count = 1;
  #spare: number | null = null;

  constructor(seed: number, stream: number) {
    this.#a = seed | 0;
    this.#b = stream | 0;
    this.#c = 0x9e3779b9 | 0;
    for (let round = 0; round < 20; round++) this.next();
  }

  /** In [0, 1). */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#count) | 0;
    this.#count = (this.#count + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    return (sum >>> 0) / 4294967296;
  }

  between(from: number, to: number): number {
    return from + (to - from) * this.next();
  }

  normal(): number {
    if (this.#spare !== null) {
      const spare = this.#spare;
      this.#spare = null;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    const angle = 2 * Math.PI * this.next();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Trials up to and with the first success. */
  geometric(p: number): number {
    return Math.max(1, Math.ceil(Math.log(1 - this.next()) / Math.log1p(-p)));
  }

  /** Successes among n trials. Exact up to 60 trials or where few are expected, else by the normal law. */
  binomial(n: number, p: number): number {
    if (n * p * (1 - p) > 30) {
      const drawn = Math.round(n * p + Math.sqrt(n * p * (1 - p)) * this.normal());
      return Math.min(n, Math.max(0, drawn));
    }
    let successes = 0;
    for (let trials = this.geometric(p); trials <= n; trials += this.geometric(p)) successes++;
    return successes;
  }
}
