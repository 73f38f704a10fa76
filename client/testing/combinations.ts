import { explore } from "./explore.ts";
import { involvedIn } from "./involved.ts";
import { rowsForPairs } from "./pairs.ts";
import { type FlagSource, type Project, readProject } from "./project.ts";
import { Run } from "./run.ts";

export interface VariantOptions {
  /** Of an export; may be left out where it has one only. */
  environment?: string;
  /** The flags that the tested code asks for; all flags of the source unless set. */
  flags?: readonly string[];
  /** Also what is served while a flag is killed, which can happen at any time. True unless set. */
  kills?: boolean;
  /** Takes these flags, or with true all, for switched on: what a release is about to serve. */
  on?: boolean | readonly string[];
  /** Up to so many combinations each is run; beyond, as many as show every pair of variants. 64 unless set. */
  maxCombinations?: number;
  /** For rules that expire (epoch ms); now unless set. */
  now?: number;
}

/** A variant of each flag, as one user may be served them together. Null: no value, so the code's default applies. */
export type Variants = Readonly<Record<string, string | null>>;

export interface Combinations {
  readonly combinations: readonly Variants[];
  /** "all": every combination that users can be served. "pairs": each two variants that go together, at least once. */
  readonly covers: "all" | "pairs";
  /** How many combinations there are. */
  readonly total: number;
}

/** Runs for one group of flags: about a tenth of a second. */
const MOST_RUNS = 50_000;
const DEFAULT_MOST = 64;
/** Pairs grow with the square of it. */
const MOST_FLAGS = 200;

/** Flags that tell something of each other, and what users can be served of them together. */
interface Factor {
  readonly flags: readonly string[];
  readonly levels: readonly (readonly (string | null)[])[];
}

/** For each flag the variants that its rules can serve. Null: none, so that the code's default applies. */
export function reachableVariants(
  source: FlagSource,
  options: VariantOptions = {},
): Readonly<Record<string, readonly (string | null)[]>> {
  const found: Record<string, (string | null)[]> = {};
  for (const { flags, levels } of factorsOf(source, options))
    for (const [at, flag] of flags.entries())
      found[flag] = [...new Set(levels.map((level) => level[at] as string | null))];
  return found;
}

/** The combinations of variants to run a suite with. */
export function combinationsOf(source: FlagSource, options: VariantOptions = {}): Combinations {
  const factors = factorsOf(source, options);
  const total = factors.reduce((product, { levels }) => product * levels.length, 1);
  const isFew = total <= (options.maxCombinations ?? DEFAULT_MOST);
  const rows = isFew ? everyRow(factors) : rowsForPairs(factors.map(({ levels }) => levels));
  const combinations = rows.map((row): Variants => {
    const named = factors.flatMap(({ flags, levels }, factor) =>
      flags.map((flag, at) => [flag, levels[row[factor] as number]?.[at] ?? null] as const),
    );
    return Object.fromEntries(named);
  });
  return { combinations, covers: isFew ? "all" : "pairs", total };
}

function factorsOf(source: FlagSource, options: VariantOptions): Factor[] {
  const project = readProject(source, options.environment);
  const flags = options.flags ?? [...project.flags.keys()];
  if (flags.length > MOST_FLAGS)
    throw new Error(`name the "flags" that the tested code asks for: ${flags.length} are more than ${MOST_FLAGS}`);
  for (const flag of flags) if (!project.flags.has(flag)) throw new Error(`there is no flag "${flag}" in the source`);
  return groupsOf(project, flags).flatMap((group) => factorsOfGroup(project, group, options));
}

/** Flags in one group depend on each other, or on the same attribute, segment or bucket. */
function groupsOf(project: Project, flags: readonly string[]): string[][] {
  let groups: { flags: string[]; tokens: Set<string> }[] = [];
  for (const flag of new Set(flags)) {
    const tokens = new Set(involvedIn(project, [flag]).tokens);
    const joined = groups.filter((group) => [...tokens].some((token) => group.tokens.has(token)));
    for (const group of joined) for (const token of group.tokens) tokens.add(token);
    groups = groups.filter((group) => !joined.includes(group));
    groups.push({ flags: [...joined.flatMap((group) => group.flags), flag], tokens });
  }
  return groups.map((group) => group.flags);
}

function factorsOfGroup(project: Project, flags: readonly string[], options: VariantOptions): Factor[] {
  const levels = levelsOf(project, flags, options);
  if (levels !== null) return [{ flags, levels }];
  // Too entangled to be worked out together: then also combinations are run that no user is served.
  return flags.map((flag) => ({
    flags: [flag],
    levels: levelsOf(project, [flag], options) ?? declared(project, flag),
  }));
}

function levelsOf(project: Project, flags: readonly string[], options: VariantOptions): Factor["levels"] | null {
  const { on = false, kills = true, now = Date.now() } = options;
  const involved = involvedIn(project, flags);
  const isOn = (flag: string) => on === true || (Array.isArray(on) && on.includes(flag));
  const found = new Map<string, (string | null)[]>();
  for (const killed of kills ? [null, ...flags] : [null]) {
    const served = explore(MOST_RUNS, (choices) => {
      const run = new Run(project, involved, { on: isOn, killed, now }, choices);
      return flags.map((flag) => run.variantOf(flag));
    });
    if (served === null) return null;
    for (const level of served) found.set(JSON.stringify(level), level);
  }
  return [...found.values()];
}

const declared = (project: Project, flag: string): (string | null)[][] =>
  [...Object.keys(project.flags.get(flag)?.variants ?? {}), null].map((variant) => [variant]);

/** Per factor, the number of a level. */
type Row = readonly number[];

function everyRow(factors: readonly Factor[]): Row[] {
  return factors.reduce<Row[]>(
    (rows, { levels }) => rows.flatMap((row) => levels.map((_, level) => [...row, level])),
    [[]],
  );
}
