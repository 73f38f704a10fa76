import { padded } from "./message.ts";

const schedule = new Int32Array(80);

/** The first two words of SHA-1 (FIPS 180-4) of a text's UTF-8 bytes: all that positions are made of. */
export function sha1Start(text: string): [number, number] {
  const { words, blocks } = padded(text, true);
  let [h0, h1, h2, h3, h4] = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];
  for (let block = 0; block < blocks; block++) {
    for (let step = 0; step < 16; step++) schedule[step] = words[block * 16 + step] as number;
    for (let step = 16; step < 80; step++) {
      const word =
        (schedule[step - 3] as number) ^
        (schedule[step - 8] as number) ^
        (schedule[step - 14] as number) ^
        (schedule[step - 16] as number);
      schedule[step] = (word << 1) | (word >>> 31);
    }
    let [a, b, c, d, e] = [h0, h1, h2, h3, h4];
    for (let step = 0; step < 80; step++) {
      const mixed =
        step < 20
          ? (d ^ (b & (c ^ d))) + 0x5a827999
          : step < 40
            ? (b ^ c ^ d) + 0x6ed9eba1
            : step < 60
              ? ((b & c) | (d & (b | c))) + 0x8f1bbcdc
              : (b ^ c ^ d) + 0xca62c1d6;
      const next = (((a << 5) | (a >>> 27)) + mixed + e + (schedule[step] as number)) | 0;
      e = d;
      d = c;
      c = (b << 30) | (b >>> 2);
      b = a;
      a = next;
    }
    h0 = (h0 + a) | 0;
    h1 = (h1 + b) | 0;
    h2 = (h2 + c) | 0;
    h3 = (h3 + d) | 0;
    h4 = (h4 + e) | 0;
  }
  return [h0 >>> 0, h1 >>> 0];
}
