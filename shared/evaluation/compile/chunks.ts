import type { Chunks } from "../model/chunks.ts";
import { type Clause, NONE, type Step } from "../model/program.ts";
import type { Unit } from "../model/split.ts";
import { constantResult } from "./program.ts";
import { type RuledFlag, ruleIndexOf, usualResult } from "./rule-index.ts";

/** Combinations of results in one chunk. More make longer chunks, of which each is needed less often. */
const COMBINATIONS = 24;
/** A kill makes its chunk be put together anew each time, so it should not hold hundreds of constant flags. */
const FLAGS = 32;

/**
 * Everything by flag.
 *
 * @param firsts its first result, and one more at the end
 */
export function chunksOf(
  clauses: readonly (readonly Clause[])[],
  entries: readonly Step[],
  firsts: Int32Array,
): Chunks {
  const count = entries.length;
  const of = new Int32Array(count);
  const flags: number[] = [];
  const places: number[] = [];
  const ruled: RuledFlag[] = [];
  const twoWay = new Map<Unit, number[]>();
  let place = 0;
  let combinations = 1;
  for (let flag = 0; flag < count; flag++) {
    const its = clauses[flag] as readonly Clause[];
    const first = firsts[flag] as number;
    const results = constantResult(entries[flag] as Step) === NONE ? (firsts[flag + 1] as number) - first : 1;
    const begun = flag - (flags.at(-1) ?? Number.NEGATIVE_INFINITY);
    if (begun >= FLAGS || combinations * results > COMBINATIONS) {
      if (flags.length > 0) place += combinations;
      flags.push(flag);
      places.push(place);
      combinations = 1;
    }
    const chunk = flags.length - 1;
    of[flag] = chunk;
    if (results === 1) continue;
    const half = halfOf(its);
    if (half === null) {
      const usual = usualResult(its);
      places[chunk]! += ((usual ?? first) - first) * combinations;
      ruled.push({ clauses: its, flag, chunk, usual, first, counts: combinations });
    } else {
      const known = twoWay.get(half.unit) ?? [];
      const [one, other] = half.results.map((result) => (result - first) * combinations) as [number, number];
      // In the order of HALF_CHUNK, HALF_SEED, HALF_END, HALF_ADDS, HALF_FLAG, HALF_COUNTS.
      known.push(chunk, half.seed, half.end, one, other, flag, combinations);
      twoWay.set(half.unit, known);
    }
    combinations *= results;
  }
  return {
    count: flags.length,
    of,
    flags: Int32Array.from([...flags, count]),
    ruled: ruleIndexOf(ruled),
    twoWay: [...twoWay].map(([unit, parts]) => ({ unit, flags: Int32Array.from(parts) })),
    places: Int32Array.from(places),
    size: count === 0 ? 0 : place + combinations,
    found: new Int32Array(flags.length),
    killed: new Uint8Array(flags.length),
    pages: { client: null, server: null },
  };
}

interface Half {
  readonly unit: Unit;
  readonly seed: number;
  readonly end: number;
  readonly results: readonly [number, number];
}

function halfOf([clause]: readonly Clause[]): Half | null {
  if (clause === undefined || clause.condition !== null || typeof clause.served === "number") return null;
  const { unit, seed, arms } = clause.served;
  if (typeof arms === "number") return null;
  const { end, lower, upper } = arms;
  return typeof lower === "number" && typeof upper === "number" ? { unit, seed, end, results: [lower, upper] } : null;
}
