import { allocate } from "../shared/allocate.ts";
import type { Rule, Serve } from "../shared/schema/flag.ts";
import type { Snapshot, SnapshotFlag } from "../shared/schema/snapshot.ts";

/** A flag that every peer can express: boolean, on or off. */
export type BenchFlag =
  | { readonly key: string; readonly kind: "static" }
  | { readonly key: string; readonly kind: "split" }
  | { readonly key: string; readonly kind: "five"; readonly rules: FiveRules };

/** Country in ten, or plan, or version at least, or e-mail suffix, or all three of another country, plan and age. */
export interface FiveRules {
  readonly countries: readonly string[];
  readonly plan: string;
  /** A major release, `N.0.0`. */
  readonly major: number;
  readonly suffix: string;
  readonly country: string;
  readonly orPlan: string;
  readonly age: number;
}

export interface User {
  readonly id: string;
  readonly country: string;
  readonly plan: string;
  readonly version: string;
  readonly email: string;
  readonly age: number;
}

const COUNTRIES =
  "DE FR AT CH IT ES NL BE PL DK SE NO FI IE PT CZ HU RO BG GR HR SI SK LT LV EE LU MT CY IS GB US CA BR JP".split(" ");
const PLANS = ["free", "pro", "team", "business", "enterprise"];

/** The flag of the single-flag workload: the benchmark's users match its fifth rule, and no other. */
export const FIVE: FiveRules = {
  countries: COUNTRIES.slice(0, 10),
  plan: "enterprise",
  major: 9,
  suffix: "@shop.example",
  country: "US",
  orPlan: "pro",
  age: 18,
};

/** Users who match the fifth rule; all distinct. */
export function fifthRuleUser(index: number): User {
  return {
    id: `user-${index}`,
    country: "US",
    plan: "pro",
    version: `${1 + (index % 8)}.${index % 20}.${index % 7}`,
    email: `user${index}@mail.example`,
    age: 18 + (index % 60),
  };
}

/** Users of every kind; all distinct. */
export function mixedUser(index: number): User {
  return {
    id: `user-${index}`,
    country: COUNTRIES[(index * 7) % COUNTRIES.length] as string,
    plan: PLANS[(index * 3) % PLANS.length] as string,
    version: `${1 + (index % 12)}.${index % 20}.${index % 7}`,
    email: `user${index}@${index % 9 === 0 ? "shop" : "mail"}${index % 5}.example`,
    age: 14 + (index % 70),
  };
}

/** A third static, a third with five rules that differ from flag to flag, a third 50/50 splits. */
export function mixedFlags(count: number): BenchFlag[] {
  return Array.from({ length: count }, (_, index): BenchFlag => {
    const key = `flag-${index}`;
    if (index % 3 === 0) return { key, kind: "static" };
    if (index % 3 === 1) return { key, kind: "split" };
    const start = (index * 5) % COUNTRIES.length;
    return {
      key,
      kind: "five",
      rules: {
        countries: [...COUNTRIES, ...COUNTRIES].slice(start, start + 10),
        plan: PLANS[index % PLANS.length] as string,
        major: 8 + (index % 6),
        suffix: `@shop${index % 5}.example`,
        country: COUNTRIES[(index * 11) % COUNTRIES.length] as string,
        orPlan: PLANS[(index * 7) % PLANS.length] as string,
        age: 18 + (index % 40),
      },
    };
  });
}

/** What the flag must serve; undefined for splits, where each peer has buckets of its own. */
export function expected(flag: BenchFlag, user: User): boolean | undefined {
  if (flag.kind === "static") return true;
  if (flag.kind === "split") return undefined;
  const { rules } = flag;
  return (
    rules.countries.includes(user.country) ||
    user.plan === rules.plan ||
    Number(user.version.split(".")[0]) >= rules.major ||
    user.email.endsWith(rules.suffix) ||
    (user.country === rules.country && user.plan === rules.orPlan && user.age >= rules.age)
  );
}

const ON: Serve = { variant: "on" };
const OFF: Serve = { variant: "off" };
const HALF = [
  { variant: "on", weight: 50_000 },
  { variant: "off", weight: 50_000 },
];

function ourFlag(flag: BenchFlag): SnapshotFlag {
  const split: Serve = { split: HALF, by: "targetingKey", algorithm: "blastdoor-1", ranges: allocate(HALF) };
  return {
    variants: { on: true, off: false },
    offVariant: "off",
    visibility: "public",
    seed: flag.key,
    state: {
      enabled: true,
      prerequisites: [],
      rules: flag.kind === "five" ? ourRules(flag.rules) : [],
      fallthrough: flag.kind === "static" ? ON : flag.kind === "split" ? split : OFF,
    },
  };
}

function ourRules(five: FiveRules): Rule[] {
  const conditions: Rule["when"][] = [
    { attribute: "country", op: "in", values: [...five.countries] },
    { attribute: "plan", op: "equals", values: [five.plan] },
    { attribute: "version", op: "semver_gte", values: [`${five.major}.0.0`] },
    { attribute: "email", op: "ends_with", values: [five.suffix] },
    {
      all: [
        { attribute: "country", op: "equals", values: [five.country] },
        { attribute: "plan", op: "equals", values: [five.orPlan] },
        { attribute: "age", op: "gte", values: [five.age] },
      ],
    },
  ];
  return conditions.map((when, index) => ({ id: `rule-${index + 1}`, when, serve: ON }));
}

export function ourSnapshot(flags: readonly BenchFlag[]): Snapshot {
  return {
    minReader: 1,
    project: "bench",
    environment: "production",
    epoch: 1,
    revision: 1,
    flags: Object.fromEntries(flags.map((flag) => [flag.key, ourFlag(flag)])),
    segments: {},
    layers: {},
    holdouts: {},
    keys: [],
    kills: [],
  };
}
