import { type Hash64, sipHash, sipKey } from "../../../shared/hashing/sip-hash.ts";
import { sha256 } from "../../crypto/sha256.ts";

/**
 * Shards of an environment's telemetry. Each takes part in most batches, so more of them cost more for the same events;
 * changing their number divides units anew, and running series would count them twice.
 */
export const TELEMETRY_SHARDS = 4;
/**
 * Beside them, as many that take what client keys send: anybody can send that, and an object answers a limited number of
 * requests. A flood therefore reaches no shard that a server's events are counted in.
 */
export const ALL_TELEMETRY_SHARDS = 2 * TELEMETRY_SHARDS;

/** The shard of a unit's client events, given the one of its server events. */
export const clientShard = (shard: number): number => TELEMETRY_SHARDS + shard;

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-";

/** 32 bits as six characters. */
function word(value: number): string {
  let text = "";
  for (let rest = value, digit = 0; digit < 6; digit++, rest >>>= 6) text += ALPHABET[rest & 63];
  return text;
}

const text = ({ high, low }: Hash64): string => word(high) + word(low);

/** Where a unit stands. */
export interface UnitPlace {
  readonly shard: number;
  /** 0 … 1, independent of the shard: under overload, units below the level stay. */
  readonly rank: number;
}

/** A unit as telemetry knows it: 64 bits under a key that never leaves the project. */
export interface HashedUnit extends UnitPlace {
  /** 12 characters. */
  readonly hash: string;
}

const placeOf = ({ high, low }: Hash64): UnitPlace => ({ shard: high % TELEMETRY_SHARDS, rank: low / 4_294_967_296 });

/** The rank of a unit of which only the hash is at hand. */
export function rankOf(hash: string): number {
  let low = 0;
  for (let digit = 11; digit >= 6; digit--) low = low * 64 + ALPHABET.indexOf(hash.charAt(digit));
  return low / 4_294_967_296;
}

/** Turns people into keyed hashes (SipHash-2-4): neither look-up nor collision without the project's secret. */
export class UnitHasher {
  readonly #units: ReturnType<typeof sipKey>;
  readonly #ids: ReturnType<typeof sipKey>;

  /** @param secret the project's, never sent to anybody; telemetry's keys are derived from it */
  constructor(secret: string) {
    const derived = sha256(`telemetry\n${secret}`);
    this.#units = sipKey(derived.slice(0, 32));
    this.#ids = sipKey(derived.slice(32));
  }

  unit(attribute: string, identity: string): HashedUnit {
    const hash = sipHash(this.#units, `${attribute}\n${identity}`);
    return { hash: text(hash), ...placeOf(hash) };
  }

  /** The same without the hash in words, which is most of the work. */
  place(attribute: string, identity: string): UnitPlace {
    return placeOf(sipHash(this.#units, `${attribute}\n${identity}`));
  }

  /** An event's id: 12 characters. Two ids of one unit are taken for one with probability 2^-64. */
  id(id: string): string {
    return text(sipHash(this.#ids, id));
  }
}
