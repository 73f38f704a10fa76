import { parseArgs } from "node:util";

/** What the demo can show by itself, with `--only`. */
export const PARTS = ["big-bang", "blue-green", "canary", "guarded", "mended"] as const;
export type Part = (typeof PARTS)[number];

export interface Options {
  /** One part alone; null: the whole story. */
  only: Part | null;
  /** Whom the shop meets; another each run unless set. */
  seed: number;
  /** People per second. */
  perSecond: number;
  /** Connections that the mended v2 has; v1 has 40. With few, it is a slower release than v1. */
  pool: number;
}

export type Parsed = { ok: true; value: Options } | { ok: false; problem: string };

/** Reads `--only=mended --seed=7 --shoppers=80 --pool=40`. A problem names the option and what it takes. */
export function optionsOf(args: string[]): Parsed {
  let given: { only?: string; seed?: string; shoppers?: string; pool?: string };
  try {
    const text = { type: "string" } as const;
    given = parseArgs({ args, options: { only: text, seed: text, shoppers: text, pool: text } }).values;
  } catch (error) {
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
  const only = PARTS.find((part) => part === given.only) ?? null;
  if (given.only !== undefined && only === null)
    return { ok: false, problem: `--only is one of ${PARTS.join(", ")}, not ${JSON.stringify(given.only)}` };
  const numbers = {
    seed: Number(given.seed ?? Math.floor(Math.random() * 1_000_000)),
    shoppers: Number(given.shoppers ?? 80),
    pool: Number(given.pool ?? 40),
  };
  for (const [name, value] of Object.entries(numbers))
    if (!Number.isSafeInteger(value) || value < (name === "seed" ? 0 : 1))
      return { ok: false, problem: `--${name} is a whole number${name === "seed" ? "" : " of at least 1"}` };
  const { seed, shoppers: perSecond, pool } = numbers;
  return { ok: true, value: { only, seed, perSecond, pool } };
}
