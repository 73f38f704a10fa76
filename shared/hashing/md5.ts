import { padded } from "./message.ts";

const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const SINES = Int32Array.from({ length: 64 }, (_, index) => Math.floor(Math.abs(Math.sin(index + 1)) * 2 ** 32));

/** MD5 (RFC 1321) of a text's UTF-8 bytes: four words, as their bytes stand in the digest, most significant first. */
export function md5(text: string): [number, number, number, number] {
  const { words, blocks } = padded(text, false);
  let [a0, b0, c0, d0] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476];
  for (let block = 0; block < blocks; block++) {
    const start = block * 16;
    let [a, b, c, d] = [a0, b0, c0, d0];
    for (let step = 0; step < 64; step++) {
      const round = step >>> 4;
      let mixed: number;
      let word: number;
      if (round === 0) {
        mixed = d ^ (b & (c ^ d));
        word = step;
      } else if (round === 1) {
        mixed = c ^ (d & (b ^ c));
        word = (5 * step + 1) & 15;
      } else if (round === 2) {
        mixed = b ^ c ^ d;
        word = (3 * step + 5) & 15;
      } else {
        mixed = c ^ (b | ~d);
        word = (7 * step) & 15;
      }
      const sum = (a + mixed + (SINES[step] as number) + (words[start + word] as number)) | 0;
      const shift = SHIFTS[(round << 2) | (step & 3)] as number;
      a = d;
      d = c;
      c = b;
      b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
    }
    a0 = (a0 + a) | 0;
    b0 = (b0 + b) | 0;
    c0 = (c0 + c) | 0;
    d0 = (d0 + d) | 0;
  }
  return [swapped(a0), swapped(b0), swapped(c0), swapped(d0)];
}

const swapped = (word: number): number =>
  ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
