import { allocate } from "../evaluation/bucketing/allocate.ts";
import { flagDependencies, tangled } from "../evaluation/graph.ts";
import { grouped } from "../grouped.ts";
import { SPLIT_TOTAL } from "../limits.ts";
import type { Condition, FlagTest } from "../schema/condition.ts";
import type { FlagState, Rule, Serve } from "../schema/flag.ts";
import {
  byBucket,
  type Case,
  certain,
  chain,
  type Known,
  NOTHING_KNOWN,
  ReachEffort,
  TooManyCases,
} from "./reach-cases.ts";
import { groupOf, isForEverybody } from "./reach-groups.ts";
import type { ReachFlag, ReachWorld } from "./reach-world.ts";

/*
 * Whom a flag reaches. Buckets are reckoned exactly: prerequisites, holdout, layer, rules in order and splits, the same
 * bucket of several of them once. What only attributes tell (who is staff, who lives where) is not known beforehand: such
 * a rule is a group by its name, and the shares are those of everybody whom no such rule singles out.
 */

/** Why users are served what they are served. */
export type ReachCause =
  | { by: "killed" | "disabled" | "blocked" | "prerequisite" | "holdout" | "layer" | "fallthrough" }
  | { by: "rule"; rule: string };

/** Users whom a rule singles out by attributes or segments; how many there are is not known. */
export interface ReachGroup {
  rule: string;
  name?: string | undefined;
  /** Segments whose people it picks. */
  segments: readonly string[];
  /** Of them, the share that gets something else than the off variant. */
  share: number;
}

export interface ReachStep {
  cause: ReachCause;
  /** Of the users whom no rule singles out. */
  share: number;
  /** What they get. */
  served: readonly { variant: string | null; share: number }[];
}

export interface Reach {
  /** Of the users whom no rule singles out, the share that gets something else than the off variant. */
  share: number;
  /** The same by variant; null is the default of the app's code. */
  served: readonly { variant: string | null; share: number }[];
  /** Rules that single users out, in order. */
  groups: readonly ReachGroup[];
  /** How it was reckoned: what stops users, and what serves them. */
  steps: readonly ReachStep[];
  /** Other flags that it depends on. */
  flags: readonly string[];
}

interface Served {
  variant: string | null;
  cause: ReachCause;
}
type Truth = "true" | "false" | "unknown" | "blocked";

/**
 * What a flag serves to which share of users, as its environment stands; null where that is too tangled to reckon.
 *
 * @param list what the flags of a list may take together; beyond, their reach is null
 */
export function reachOf(world: ReachWorld, key: string, now: number, list?: ReachEffort): Reach | null {
  const slices = reachInSlices(world, key, now, list);
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
  }
}

/** The same, with pauses in which others on the thread can work. */
export function* reachInSlices(
  world: ReachWorld,
  key: string,
  now: number,
  list?: ReachEffort,
): Generator<undefined, Reach | null> {
  const flag = world.flag(key);
  if (!flag) return null;
  const effort = ReachEffort.ofFlag(list);
  const before = effort.left;
  try {
    return yield* reckon(new Reckoner(world, key, now, effort), key, flag, effort);
  } catch (error) {
    if (error instanceof TooManyCases) return null;
    throw error;
  } finally {
    list?.charge(before - effort.left);
  }
}

/** Effort between two pauses: some milliseconds. */
const EFFORT_A_SLICE = 2_000;

function* reckon(reckoner: Reckoner, key: string, flag: ReachFlag, effort: ReachEffort): Generator<undefined, Reach> {
  const cases = reckoner.flag(key, NOTHING_KNOWN);
  const isReached = (variant: string | null) => variant !== null && variant !== flag.offVariant;
  const shareOf = (some: readonly Case<Served>[]) =>
    sum(some.filter(({ value }) => isReached(value.variant)).map(({ weight }) => weight));
  const groups: ReachGroup[] = [];
  let pausedAt = Number.POSITIVE_INFINITY;
  for (const { rule, segments } of reckoner.groups(flag)) {
    if (pausedAt - effort.left >= EFFORT_A_SLICE) {
      pausedAt = effort.left;
      yield;
    }
    const share = shareOf(reckoner.group(key, flag, rule));
    groups.push({ rule: rule.id, ...(rule.name === undefined ? {} : { name: rule.name }), segments, share });
  }
  const steps = grouped(cases, ({ value }) => JSON.stringify(value.cause));
  return {
    share: shareOf(cases),
    served: servedBy(cases),
    groups,
    steps: [...steps.values()]
      .sort((a, b) => placeOf(a, flag) - placeOf(b, flag))
      .map((some) => ({
        cause: (some[0] as Case<Served>).value.cause,
        share: sum(some.map(({ weight }) => weight)),
        served: servedBy(some),
      })),
    flags: reckoner.others,
  };
}

/** The same of a flag as if it were on and not killed: what switching it on, or restoring it, brings. */
export function reachIfOn(world: ReachWorld, key: string, now: number, list?: ReachEffort): Reach | null {
  return reachOf(ifOn(world, key), key, now, list);
}

/** The environment with a flag on and not killed. */
export function ifOn(world: ReachWorld, key: string): ReachWorld {
  return {
    ...world,
    flag: (asked) => {
      const flag = world.flag(asked);
      return asked === key && flag ? { ...flag, state: { ...flag.state, enabled: true } } : flag;
    },
    kills: (asked) => (asked === key ? [] : world.kills(asked)),
  };
}

const GATES: readonly ReachCause["by"][] = ["killed", "disabled", "blocked", "prerequisite", "holdout", "layer"];

/** Where in the order of evaluation a step stands. */
function placeOf([first]: readonly Case<Served>[], { state }: ReachFlag): number {
  const cause = first?.value.cause;
  if (cause?.by === "rule") return GATES.length + state.rules.findIndex(({ id }) => id === cause.rule);
  return cause?.by === "fallthrough" ? Number.POSITIVE_INFINITY : GATES.indexOf(cause?.by ?? "killed");
}

const sum = (numbers: readonly number[]): number => {
  const total = numbers.reduce((all, one) => all + one, 0);
  // Weights are quotients of whole parts: what floating point adds is no share.
  return Math.round(total * 1e9) / 1e9;
};

function servedBy(cases: readonly Case<Served>[]): Reach["served"] {
  const variants = grouped(cases, ({ value }) => value.variant);
  return [...variants]
    .map(([variant, some]) => ({ variant, share: sum(some.map(({ weight }) => weight)) }))
    .sort((a, b) => b.share - a.share);
}

class Reckoner {
  readonly #world: ReachWorld;
  readonly #now: number;
  readonly #effort: ReachEffort;
  /** Flags in a circle of prerequisites, which are never met. */
  readonly #tangled: ReadonlySet<string>;
  /** Dimensions that decide at more than one place. */
  readonly #shared: ReadonlySet<string>;
  readonly others: readonly string[];
  /** By flag, and by what is known of the users. */
  readonly #done = new Map<string, Case<Served>[]>();
  readonly #segments = new Map<string, Truth>();

  constructor(world: ReachWorld, key: string, now: number, effort: ReachEffort) {
    this.#world = world;
    this.#now = now;
    this.#effort = effort;
    const involved = closureOf(world, key, effort);
    this.others = involved.filter((one) => one !== key);
    this.#tangled = tangled(involved, (one) => {
      const flag = world.flag(one);
      return flag ? flagDependencies(flag.state) : [];
    });
    this.#shared = sharedDimensions(world, key, involved);
  }

  /** The rules that single users out, up to the one that catches everybody. */
  groups({ state }: ReachFlag): { rule: Rule; segments: readonly string[] }[] {
    const active = state.rules.filter((rule) => this.#isActive(rule));
    const end = active.findIndex(({ when }) => isForEverybody(when, this.#world));
    return active.slice(0, end < 0 ? active.length : end).flatMap((rule) => {
      const segments = groupOf(rule.when, this.#world);
      return segments ? [{ rule, segments }] : [];
    });
  }

  /** What a flag serves to users whom no rule singles out. Many tests of one flag are reckoned once for the same users. */
  flag(key: string, known: Known): Case<Served>[] {
    const name = JSON.stringify([key, ...[...known].sort(([a], [b]) => (a < b ? -1 : 1))]);
    const done = this.#done.get(name);
    if (done) return done;
    const cases = this.#flag(key, known);
    this.#done.set(name, cases);
    return cases;
  }

  #flag(key: string, known: Known): Case<Served>[] {
    const flag = this.#world.flag(key);
    if (!flag) return certain({ variant: null, cause: { by: "blocked" } }, known);
    const alive = this.#chain(this.#gates(flag, known), (stopped, here) =>
      stopped ? certain({ variant: flag.offVariant, cause: stopped }, here) : this.#rules(flag, here),
    );
    return this.#chain(alive, (served, here) => certain(this.#killed(key, flag, served), here));
  }

  /** What it serves to users whom this rule singles out, and none before it. */
  group(key: string, flag: ReachFlag, rule: Rule): Case<Served>[] {
    const alive = this.#chain(this.#gates(flag, NOTHING_KNOWN), (stopped, here) =>
      stopped
        ? certain({ variant: flag.offVariant, cause: stopped }, here)
        : this.#serve(flag, rule.serve, { by: "rule", rule: rule.id }, here),
    );
    return this.#chain(alive, (served, here) => certain(this.#killed(key, flag, served), here));
  }

  #chain<T, U>(cases: readonly Case<T>[], next: (value: T, known: Known) => readonly Case<U>[]): Case<U>[] {
    return chain(cases, next, this.#effort);
  }

  /** What stops users before the first rule; null: nothing. */
  #gates(flag: ReachFlag, known: Known): Case<ReachCause | null>[] {
    const { state } = flag;
    if (!state.enabled) return certain({ by: "disabled" }, known);
    const required = this.#chain(this.#all(state.prerequisites, known), (truth, here) =>
      certain<ReachCause | null>(
        truth === "true" ? null : { by: truth === "blocked" ? "blocked" : "prerequisite" },
        here,
      ),
    );
    const free = this.#chain(required, (stopped, here) =>
      stopped ? certain(stopped, here) : this.#holdout(state, here),
    );
    return this.#chain(free, (stopped, here) => (stopped ? certain(stopped, here) : this.#layer(state, here)));
  }

  #holdout({ holdout }: FlagState, known: Known): Case<ReachCause | null>[] {
    const kept = holdout === undefined ? undefined : this.#world.holdout(holdout);
    if (!kept) return certain(null, known);
    return this.#bucket(known, kept, [kept.share], (part) => (part < kept.share ? { by: "holdout" } : null));
  }

  #layer({ layer }: FlagState, known: Known): Case<ReachCause | null>[] {
    if (!layer) return certain(null, known);
    const shared = this.#world.layer(layer.layer);
    if (!shared) return certain({ by: "layer" }, known);
    const { from, to } = layer;
    return this.#bucket(known, shared, [from, to], (part) => (part >= from && part < to ? null : { by: "layer" }));
  }

  #rules(flag: ReachFlag, known: Known): Case<Served>[] {
    const { rules, fallthrough } = flag.state;
    const active = rules.filter((rule) => this.#isActive(rule));
    const from = (index: number, here: Known): Case<Served>[] => {
      const rule = active[index];
      if (!rule) return this.#serve(flag, fallthrough, { by: "fallthrough" }, here);
      return this.#chain(this.#truth(rule.when, here), (truth, there) => {
        if (truth === "true") return this.#serve(flag, rule.serve, { by: "rule", rule: rule.id }, there);
        if (truth === "blocked") return certain({ variant: flag.offVariant, cause: { by: "blocked" } }, there);
        return from(index + 1, there);
      });
    };
    return from(0, known);
  }

  #isActive({ paused, expiresAt }: Rule): boolean {
    return !paused && (expiresAt === undefined || Date.parse(expiresAt) > this.#now);
  }

  #serve(flag: ReachFlag, serve: Serve, cause: ReachCause, known: Known): Case<Served>[] {
    const owned = (variant: string | null) => (variant !== null && flag.variants.includes(variant) ? variant : null);
    if (!("split" in serve)) return certain({ variant: owned(serve.variant), cause }, known);
    const ranges = serve.ranges ?? allocate(serve.split);
    const edges = [...new Set(ranges.flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
    return this.#bucket(known, { by: serve.by, seed: flag.seed }, edges, (part) => {
      const range = ranges.find(({ from, to }) => from <= part && part < to);
      return { variant: owned(range?.variant ?? null), cause };
    });
  }

  #bucket<T>(known: Known, at: { by: string; seed: string }, edges: readonly number[], value: (part: number) => T) {
    const dimension = dimensionOf(at);
    const inside = edges.filter((edge) => edge > 0 && edge < SPLIT_TOTAL);
    return byBucket(known, dimension, inside, this.#shared.has(dimension), value, this.#effort);
  }

  /** Kills as evaluation applies them: the whole flag's first, then those of the variant that it comes to. */
  #killed(key: string, flag: ReachFlag, served: Served): Served {
    const kills = this.#world.kills(key);
    this.#effort.spend(kills.length);
    const newest = (variant: string | undefined) =>
      kills
        .filter((kill) => kill.variant === variant)
        .sort((a, b) => a.revision - b.revision)
        .at(-1);
    const owned = (variant: string | null) => (variant !== null && flag.variants.includes(variant) ? variant : null);
    const whole = newest(undefined);
    let variant = whole ? owned(whole.serve) : served.variant;
    let isKilled = whole !== undefined;
    const met = new Set<string>();
    while (variant !== null) {
      const kill = newest(variant);
      if (!kill) break;
      isKilled = true;
      const again = met.has(variant);
      met.add(variant);
      variant = again ? null : owned(kill.serve);
    }
    return isKilled ? { variant, cause: { by: "killed" } } : served;
  }

  #truth(condition: Condition, known: Known): Case<Truth>[] {
    this.#effort.spend(1);
    if ("all" in condition) return this.#all(condition.all, known);
    if ("any" in condition) return this.#fold(condition.any, known, "false", either);
    if ("not" in condition)
      return this.#chain(this.#truth(condition.not, known), (truth, here) => certain(NEGATED[truth], here));
    if ("unless" in condition)
      return this.#chain(this.#truth(condition.unless, known), (truth, here) => certain(UNLESS[truth], here));
    if ("flag" in condition) return this.#flagTest(condition, known);
    return certain(
      "segment" in condition ? segmentTruth(this.#world, condition.segment, this.#segments) : "unknown",
      known,
    );
  }

  #all(conditions: readonly Condition[], known: Known): Case<Truth>[] {
    return this.#fold(conditions, known, "true", both);
  }

  #fold(
    conditions: readonly Condition[],
    known: Known,
    start: Truth,
    join: (one: Truth, other: Truth) => Truth,
  ): Case<Truth>[] {
    return conditions.reduce<Case<Truth>[]>(
      (cases, condition) =>
        this.#chain(cases, (one, here) =>
          this.#chain(this.#truth(condition, here), (other, there) => certain(join(one, other), there)),
        ),
      certain(start, known),
    );
  }

  #flagTest({ flag, variants }: FlagTest, known: Known): Case<Truth>[] {
    if (this.#tangled.has(flag) || !this.#world.flag(flag)) return certain("blocked", known);
    return this.#chain(this.flag(flag, known), ({ variant, cause }, here) => {
      const isBlocked = cause.by === "killed" || cause.by === "disabled" || cause.by === "blocked";
      const truth: Truth = isBlocked ? "blocked" : variant !== null && variants.includes(variant) ? "true" : "false";
      return certain(truth, here);
    });
  }
}

const NEGATED: Record<Truth, Truth> = { true: "false", false: "true", unknown: "unknown", blocked: "blocked" };
/** Not true, as a condition that leaves nothing unknown. */
const UNLESS: Record<Truth, Truth> = { true: "false", false: "true", unknown: "true", blocked: "blocked" };
const firstOf =
  (order: readonly Truth[]) =>
  (one: Truth, other: Truth): Truth =>
    order.find((truth) => one === truth || other === truth) as Truth;
const both = firstOf(["false", "unknown", "blocked", "true"]);
const either = firstOf(["true", "blocked", "unknown", "false"]);

/**
 * Of a user of whom no attribute is known: who is listed one by one are few, and a condition is not met.
 *
 * @param known segments met so far: many mention the same ones, and those of a circle are never met
 */
function segmentTruth(world: ReachWorld, key: string, known: Map<string, Truth>): Truth {
  const done = known.get(key);
  if (done) return done;
  known.set(key, "unknown");
  const segment = world.segment(key);
  if (!segment) return "unknown";
  const truth = (condition: Condition): Truth => {
    if ("all" in condition) return condition.all.map(truth).reduce(both, "true");
    if ("any" in condition) return condition.any.map(truth).reduce(either, "false");
    if ("not" in condition) return NEGATED[truth(condition.not)];
    if ("unless" in condition) return UNLESS[truth(condition.unless)];
    return "segment" in condition ? segmentTruth(world, condition.segment, known) : "unknown";
  };
  const isMet = segment.when ? truth(segment.when) : "false";
  const found = segment.listed > 0 ? either("unknown", isMet) : isMet;
  known.set(key, found);
  return found;
}

const dimensionOf = ({ by, seed }: { by: string; seed: string }): string => JSON.stringify([by, seed]);

/** The flag and every flag that it depends on. */
function closureOf(world: ReachWorld, key: string, effort: ReachEffort): string[] {
  const met = new Set<string>();
  const waiting = [key];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const flag = world.flag(next);
    if (!flag || met.has(next)) continue;
    met.add(next);
    const asked = flagDependencies(flag.state);
    effort.spend(1 + asked.length);
    waiting.push(...asked);
  }
  return [...met];
}

/** Dimensions whose bucket decides at more than one place, and so must be the same at all of them. */
function sharedDimensions(world: ReachWorld, key: string, involved: readonly string[]): Set<string> {
  const uses = new Map<string, number>();
  const tests = new Map<string, number>();
  const states = involved.flatMap((one) => world.flag(one) ?? []);
  for (const { state } of states)
    for (const { flag } of flagTestsOf(state)) tests.set(flag, (tests.get(flag) ?? 0) + 1);
  // A flag that is tested twice is reckoned twice, with everything beneath it.
  const isTree = involved.every((one) => one === key || tests.get(one) === 1);
  for (const one of involved) {
    const flag = world.flag(one);
    for (const dimension of flag ? dimensionsOf(world, flag) : [])
      uses.set(dimension, (uses.get(dimension) ?? 0) + (isTree || one === key ? 1 : 2));
  }
  return new Set([...uses].filter(([, count]) => count > 1).map(([dimension]) => dimension));
}

function flagTestsOf({ prerequisites, rules }: FlagState): FlagTest[] {
  const tests: FlagTest[] = [...prerequisites];
  const walk = (condition: Condition): void => {
    if ("all" in condition) condition.all.forEach(walk);
    else if ("any" in condition) condition.any.forEach(walk);
    else if ("not" in condition) walk(condition.not);
    else if ("unless" in condition) walk(condition.unless);
    else if ("flag" in condition) tests.push(condition);
  };
  for (const { when } of rules) walk(when);
  return tests;
}

/** What buckets a flag's users: each once. */
function dimensionsOf(world: ReachWorld, { state, seed }: ReachFlag): string[] {
  const serves = [...state.rules.map(({ serve }) => serve), state.fallthrough];
  const splits = new Set(serves.flatMap((serve) => ("split" in serve ? [serve.by] : [])));
  const gates = [
    state.holdout === undefined ? undefined : world.holdout(state.holdout),
    state.layer && world.layer(state.layer.layer),
  ];
  return [...gates.flatMap((at) => at ?? []), ...[...splits].map((by) => ({ by, seed }))].map(dimensionOf);
}
