import { allocate } from "../shared/evaluation/bucketing/allocate.ts";
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

const COUNTRIES = (
  "DE FR AT CH IT ES NL BE PL DK SE NO FI IE PT CZ HU RO BG GR HR SI SK LT LV EE LU MT CY IS GB US CA BR JP AU NZ KR TW SG " +
  "IN ID MY TH VN PH AE SA IL TR EG MA ZA NG KE MX AR CL CO PE UY UA RS BA MK AL MD GE AM KZ UZ PK BD LK NP KH LA MN HK QA"
).split(" ");
/** Of a hundred users, as products have them: most pay nothing. */
const PLANS = [
  { plan: "free", users: 70 },
  { plan: "pro", users: 15 },
  { plan: "team", users: 8 },
  { plan: "business", users: 5 },
  { plan: "enterprise", users: 2 },
] as const;
const RELEASES = 12;

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

/** Users of every kind; all distinct. One in fifty is staff. */
export function mixedUser(index: number): User {
  return {
    id: `user-${index}`,
    country: COUNTRIES[(index * 7) % COUNTRIES.length] as string,
    plan: planOf((index * 37) % 100),
    version: `${1 + ((index * 5) % RELEASES)}.${index % 20}.${index % 7}`,
    email: `user${index}@${index % 50 === 0 ? "shop" : "mail"}.example`,
    age: 14 + (index % 70),
  };
}

function planOf(place: number): string {
  let before = 0;
  for (const { plan, users } of PLANS) {
    before += users;
    if (place < before) return plan;
  }
  return PLANS[0].plan;
}

/**
 * What a project that has grown for some years holds: a third of its flags is on for everybody, a third is a 50/50
 * split, a third has five rules. The rules are the single-flag workload's, and single out minorities: launch waves of
 * ten countries, a paid plan, recent releases, staff, a pilot group. They are drawn from the few such groups that a
 * project has, so flags share conditions: 8 waves, 3 plans, 4 releases, one staff domain, 96 pilot groups.
 */
export function mixedFlags(count: number): BenchFlag[] {
  return Array.from({ length: count }, (_, index): BenchFlag => {
    const key = `flag-${index}`;
    if (index % 3 === 0) return { key, kind: "static" };
    if (index % 3 === 1) return { key, kind: "split" };
    const wave = picked(index, 0x9e3779b1, 8) * 10;
    return {
      key,
      kind: "five",
      rules: {
        countries: COUNTRIES.slice(wave, wave + 10),
        plan: PLANS[2 + picked(index, 0x85ebca77, 3)]?.plan as string,
        major: RELEASES - 2 + picked(index, 0xc2b2ae3d, 4),
        suffix: "@shop.example",
        country: COUNTRIES[picked(index, 0x27d4eb2f, 8) * 10] as string,
        orPlan: PLANS[1 + picked(index, 0x165667b1, 3)]?.plan as string,
        age: [18, 21, 25, 40][picked(index, 0xd3a2646d, 4)] as number,
      },
    };
  });
}

/** One of so many, evenly and without pattern, but always the same. */
const picked = (index: number, salt: number, count: number): number => (Math.imul(index + 1, salt) >>> 13) % count;

/**
 * Flags with five rules each, none of which has a condition in common with any other flag's: nothing can be decided
 * once for many. Of a thousand, each user matches a few.
 */
export function distinctFlags(count: number): BenchFlag[] {
  return Array.from({ length: count }, (_, index) => ({
    key: `flag-${index}`,
    kind: "five",
    rules: {
      countries: Array.from({ length: 10 }, (_, place) => `c${index}-${place}`),
      plan: `plan-${index}`,
      major: RELEASES - 2 + index,
      suffix: `@team-${index}.example`,
      country: `d${index}`,
      orPlan: `other-${index}`,
      age: 18 + index / 1_000,
    },
  }));
}

/** Users of flags that have nothing in common; all distinct. */
export function distinctUser(index: number): User {
  const flag = (salt: number) => picked(index, salt, 1_000);
  return {
    id: `user-${index}`,
    country: index % 2 === 0 ? `c${flag(0x9e3779b1)}-${index % 10}` : `d${flag(0x27d4eb2f)}`,
    plan: index % 3 === 0 ? `other-${flag(0x27d4eb2f)}` : `plan-${flag(0x85ebca77)}`,
    version: `${1 + ((index * 5) % RELEASES)}.${index % 20}.${index % 7}`,
    email: `user${index}@team-${flag(0x165667b1)}.example`,
    age: 14 + (index % 70),
  };
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
