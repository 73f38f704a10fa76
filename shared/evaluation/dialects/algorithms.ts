import { crc32 } from "../../hashing/crc32.ts";
import { fnv1aBytes, fnv1aDecimal, fnv1aUnits } from "../../hashing/fnv.ts";
import { md5 } from "../../hashing/md5.ts";
import { murmur3LowBytes, murmur3Overlapping } from "../../hashing/murmur3-units.ts";
import { sha1Start } from "../../hashing/sha1.ts";
import { sha256Start } from "../../hashing/sha256.ts";
import type { BucketAlgorithmName } from "../../schema/bucket.ts";
import { identityText } from "../attribute.ts";
import { bucketOf, seedHash, unitHash, utf8 } from "../bucketing/bucket.ts";
import { type Algorithm, fractionOf, ofText } from "./algorithm.ts";
import { configcatText } from "./vendor-readings.ts";

/** Parts: the seed. Positions 0 to 99,999. */
const blastdoor1: Algorithm = ([seed = ""]) => {
  const hashed = seedHash(seed);
  return (value) => {
    const text = identityText(value);
    return text === null ? Number.NaN : bucketOf(hashed, unitHash(text));
  };
};

/** Parts: the group, and MurmurHash3's seed (0 for strategies, 86028157 for variants). Positions 1 to 100, or as many. */
const unleash: Algorithm = ([group = "", murmur = "0"], positions = 100) => {
  const seed = Number(murmur) | 0;
  return (value) => {
    const text = value === undefined || value === null ? "" : String(value);
    return text === "" ? Number.NaN : (murmur3LowBytes(`${group}:${text}`, seed) % positions) + 1;
  };
};

/** Of whatever JavaScript takes for true, as its text. */
const ofTruthy =
  (position: (text: string, seed: string) => number): Algorithm =>
  ([seed = ""]) =>
  (value) =>
    value ? position(`${value}`, seed) : Number.NaN;

/** Parts: the seed. Thousandths of one. */
const growthbook1 = ofTruthy((text, seed) => (fnv1aUnits(text + seed) % 1000) / 1000);
/** Parts: the seed. Ten-thousandths of one. */
const growthbook2 = ofTruthy((text, seed) => (fnv1aDecimal(fnv1aUnits(seed + text)) % 10_000) / 10_000);

/**
 * Parts: flag and salt, or a seed alone. A fraction of one. A user who has neither a text nor a whole number there stands at
 * the beginning.
 */
const launchdarkly: Algorithm = (seed) => {
  const before = `${seed.join(".")}.`;
  return (value) => {
    const has = typeof value === "string" || Number.isInteger(value);
    return has ? fractionOf(sha1Start(before + value)) : 0;
  };
};

/** Parts: what stands before the attribute and after it, and whether any value is made a text: `joined`, or
 * `joined-or-empty` where nothing is no text. A hundredth is 1. */
const flagd1: Algorithm = ([before = "", behind = "", how = ""]) =>
  flagdText(how, (text) => (Math.abs(murmur3Overlapping(before + text + behind) | 0) / 2_147_483_648) * 100);

/** The same parts. As many positions as all weights together. */
const flagd2: Algorithm = ([before = "", behind = "", how = ""], positions = 100) =>
  flagdText(how, (text) => Number((BigInt(murmur3Overlapping(before + text + behind)) * BigInt(positions)) >> 32n));

/** Of any text, also an empty one; of other values where they are joined with a text. */
const flagdText =
  (how: string, position: (text: string) => number) =>
  (value: unknown): number => {
    if (typeof value === "string") return position(value);
    if (how === "") return Number.NaN;
    return position(value === undefined || value === null ? (how === "joined" ? "null" : "") : String(value));
  };

/** Parts: the salt. Positions from 0, 10,000 unless it says otherwise. */
const eppo = ofText((text, [salt = ""], positions = 10_000) => md5(`${salt}-${text}`)[0] % positions);

/** Parts: the flag, what stands after the user, and between them. A fraction of one. */
const posthog = ofText((text, [flag = "", salt = "", between = "."]) =>
  fractionOf(sha1Start(`${flag}${between}${text}${salt}`)),
);

/** Parts: the ids before the identity, and what stands right before and after it in its key. A hundredth is 1. */
const flagsmith = ofText((text, [ids = "", before = "", behind = ""]) => {
  const once = `${ids},${before}${text}${behind}`;
  for (let all = once; ; all += `,${once}`) {
    const [a, b, c, d] = md5(all);
    // The digest modulo 9,999, word by word.
    const rest = [b, c, d].reduce((left, word) => (left * (2 ** 32 % 9_999) + word) % 9_999, a % 9_999);
    const position = (rest / 9_998) * 100;
    if (position !== 100) return position;
  }
});

/** Parts: the setting. Positions 0 to 99. */
const configcat: Algorithm =
  ([setting = ""]) =>
  (value) => {
    const text = value === "" ? value : configcatText(value);
    return text === undefined ? Number.NaN : (sha1Start(setting + text)[0] >>> 4) % 100;
  };

/** 52 bits of a digest, of which its first two words are given: a whole number. */
const wholeOf = ([first, second]: readonly [number, number]): number => first * 2 ** 20 + (second >>> 12);

/** Where a hash stands that a file holds, in hexadecimal digits; NaN for what is none. */
export const configcatPosition = (hash: string): number =>
  /^[0-9a-f]{64}$/.test(hash)
    ? wholeOf([Number.parseInt(hash.slice(0, 8), 16), Number.parseInt(hash.slice(8, 16), 16)])
    : Number.NaN;

/** Parts: the salts, and how many bytes of the text count, from its end if negative. Positions 0 to 2^52 - 1. */
const configcatHash: Algorithm =
  ([salts = "", count = ""]) =>
  (value) => {
    const text = configcatText(value);
    const part = text === undefined || count === "" ? text : bytesOf(text, Number(count));
    return part === undefined ? Number.NaN : wholeOf(sha256Start(part + salts));
  };

/** So many bytes of a text's UTF-8; undefined where that many divide a character or are more than it has. */
function bytesOf(text: string, count: number): string | undefined {
  const characters = count < 0 ? [...text].reverse() : [...text];
  let left = Math.abs(count);
  let taken = 0;
  while (left > 0 && taken < characters.length) left -= utf8(characters[taken++] as string).length;
  if (left !== 0) return undefined;
  const part = characters.slice(0, taken);
  return (count < 0 ? part.reverse() : part).join("");
}

/** Parts: the flag. Positions 0 to 99,999. */
const gofeatureflag = ofText((text, [flag = ""], positions = 100_000) => fnv1aBytes(flag + text) % positions);

/** Parts: what stands before the entity and after it. Positions 0 to 999. */
const flipt = ofText(
  (text, [before = "", behind = ""], positions = 1_000) => crc32(before + text + behind) % positions,
);

/** Parts: the salts, outermost first. Positions 0 to 9,999. */
const statsig = ofText((text, salts, positions = 10_000) => {
  const [high, low] = sha256Start([...salts, text].join("."));
  return ((high % positions) * (2 ** 32 % positions) + (low % positions)) % positions;
});

/** Parts: what is divided by. What is left of the number that a text begins with. */
const remainder: Algorithm = ([divisor = ""]) => {
  const by = Number(divisor);
  return (value) =>
    typeof value === "number" || typeof value === "string" ? Number.parseFloat(String(value)) % by : Number.NaN;
};

export const ALGORITHMS: Readonly<Record<BucketAlgorithmName, Algorithm>> = {
  "blastdoor-1": blastdoor1,
  "unleash-murmur3": unleash,
  "growthbook-1": growthbook1,
  "growthbook-2": growthbook2,
  "launchdarkly-sha1": launchdarkly,
  "flagd-murmur3-1": flagd1,
  "flagd-murmur3-2": flagd2,
  "eppo-md5": eppo,
  "posthog-sha1": posthog,
  "flagsmith-md5": flagsmith,
  "configcat-sha1": configcat,
  "configcat-sha256": configcatHash,
  "gofeatureflag-fnv": gofeatureflag,
  "flipt-crc32": flipt,
  "statsig-sha256": statsig,
  remainder,
};
