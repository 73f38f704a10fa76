const { imul } = Math;

/*
 * MurmurHash3 (x86, 32 bits) as two libraries of JavaScript take it, which read UTF-16 code units where the original reads
 * bytes. All agree with it on ASCII texts.
 */

const turned = (word: number, by: number): number => (word << by) | (word >>> (32 - by));
const premix = (word: number): number => imul(turned(imul(word, 0xcc9e2d51), 15), 0x1b873593);
const mixed = (hash: number, word: number): number => (imul(turned(hash ^ premix(word), 13), 5) + 0xe6546b64) | 0;

function finished(hash: number, length: number): number {
  let h = hash ^ length;
  h = imul(h ^ (h >>> 16), 0x85ebca6b);
  h = imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** As murmurhash3js: the low byte of each unit. */
export function murmur3LowBytes(text: string, seed: number): number {
  const low = (at: number): number => text.charCodeAt(at) & 0xff;
  const { length } = text;
  const whole = length & ~3;
  let hash = seed | 0;
  for (let at = 0; at < whole; at += 4)
    hash = mixed(hash, low(at) | (low(at + 1) << 8) | (low(at + 2) << 16) | (low(at + 3) << 24));
  let tail = 0;
  for (let at = length - 1; at >= whole; at--) tail = (tail << 8) | low(at);
  return finished(hash ^ premix(tail), length);
}

/** As imurmurhash: units of two bytes overlap, and the high byte of a fourth one goes to the lowest place. */
export function murmur3Overlapping(text: string): number {
  const unit = (at: number): number => text.charCodeAt(at);
  const { length } = text;
  const whole = length & ~3;
  let hash = 0;
  for (let at = 0; at < whole; at += 4) {
    const top = unit(at + 3);
    hash = mixed(hash, unit(at) ^ (unit(at + 1) << 8) ^ (unit(at + 2) << 16) ^ ((top & 0xff) << 24) ^ (top >> 8));
  }
  let tail = 0;
  for (let at = whole; at < length; at++) tail ^= unit(at) << (8 * (at - whole));
  // It leaves a tail out that reads as a negative number.
  return finished(tail > 0 ? hash ^ premix(tail) : hash, length);
}
