import { padded } from "./message.ts";

const PRIMES: number[] = [];
for (let candidate = 2; PRIMES.length < 64; candidate++)
  if (PRIMES.every((prime) => candidate % prime !== 0)) PRIMES.push(candidate);

const fraction = (root: number): number => ((root - Math.floor(root)) * 2 ** 32) | 0;
const ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)));
const START = Int32Array.from(PRIMES.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
const schedule = new Int32Array(64);

const turned = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** The first two words of SHA-256 (FIPS 180-4) of a text's UTF-8 bytes: all that positions are made of. */
export function sha256Start(text: string): [number, number] {
  const { words, blocks } = padded(text, true);
  const state = START.slice();
  for (let block = 0; block < blocks; block++) {
    for (let step = 0; step < 16; step++) schedule[step] = words[block * 16 + step] as number;
    for (let step = 16; step < 64; step++) {
      const early = schedule[step - 15] as number;
      const late = schedule[step - 2] as number;
      schedule[step] =
        (schedule[step - 16] as number) +
        (turned(early, 7) ^ turned(early, 18) ^ (early >>> 3)) +
        (schedule[step - 7] as number) +
        (turned(late, 17) ^ turned(late, 19) ^ (late >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
    for (let step = 0; step < 64; step++) {
      const one =
        (h +
          (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) +
          (g ^ (e & (f ^ g))) +
          (ROUNDS[step] as number) +
          (schedule[step] as number)) |
        0;
      const other = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) | (c & (a | b)))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + other) | 0;
    }
    for (const [place, word] of [a, b, c, d, e, f, g, h].entries()) state[place]! += word;
  }
  return [(state[0] as number) >>> 0, (state[1] as number) >>> 0];
}
