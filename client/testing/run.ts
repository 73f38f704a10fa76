import type { Choices } from "./explore.ts";
import { dimensionName, type Involved } from "./involved.ts";
import {
  type Condition,
  type Dimension,
  isOpaque,
  type Project,
  type ProjectFlag,
  type Serve,
  unitOf,
} from "./project.ts";

/** Parts of a bucket dimension, as Blastdoor counts them. */
const PARTS = 100_000;

type Truth = "true" | "false" | "unknown" | "blocked";

/** What a flag comes to for one made-up user. */
interface Served {
  /** Null: no value, so that the code's default applies. */
  variant: string | null;
  /** Flags that depend on it are off. */
  blocked: boolean;
}

export interface RunOptions {
  /** Flags that are taken for switched on. */
  on: (flag: string) => boolean;
  /** The flag that is killed. */
  killed: string | null;
  /** Epoch ms. */
  now: number;
}

/**
 * One user whom nobody has described: each attribute and each bucket is decided when it is first asked for, and stays.
 * It decides as the evaluator does. What it cannot know, such as whether two texts satisfy one regular expression, can
 * come out either way, so it finds every variant that can be served, and now and then one that cannot.
 */
export class Run {
  readonly #project: Project;
  readonly #involved: Involved;
  readonly #options: RunOptions;
  readonly #choices: Choices;
  readonly #facts = new Map<string, boolean>();
  readonly #buckets = new Map<string, readonly [from: number, to: number]>();
  readonly #served = new Map<string, Served>();

  constructor(project: Project, involved: Involved, options: RunOptions, choices: Choices) {
    this.#project = project;
    this.#involved = involved;
    this.#options = options;
    this.#choices = choices;
  }

  variantOf(key: string): string | null {
    return this.#flag(key).variant;
  }

  #flag(key: string): Served {
    const done = this.#served.get(key);
    if (done) return done;
    const flag = this.#project.flags.get(key);
    if (!flag) return { variant: null, blocked: true };
    const { variant, blocked } = this.#decide(flag);
    const served = { variant: variant !== null && Object.hasOwn(flag.variants, variant) ? variant : null, blocked };
    this.#served.set(key, served);
    return served;
  }

  #decide(flag: ProjectFlag): Served {
    const { key, state, offVariant: off } = flag;
    if (this.#options.killed === key)
      return { variant: state.killVariant === undefined ? off : state.killVariant, blocked: true };
    if (!state.enabled && !this.#options.on(key)) return { variant: off, blocked: true };
    const required = state.prerequisites.map((one) => this.#flagTest(one)).reduce(both, "true");
    if (required !== "true") return { variant: off, blocked: required === "blocked" };
    const isHeld = state.holdout !== undefined && this.#isHeldOut(state.holdout);
    if (isHeld || (state.layer && !this.#isInLayer(state.layer))) return { variant: off, blocked: false };
    for (const rule of state.rules) {
      if (rule.paused || this.#isOver(rule.expiresAt)) continue;
      const truth = this.#truth(rule.when);
      if (truth === "blocked") return { variant: off, blocked: true };
      const variant = truth === "true" ? this.#serve(rule.serve, flag.seed) : undefined;
      if (variant !== undefined) return { variant, blocked: false };
    }
    const variant = this.#serve(state.fallthrough, flag.seed);
    return { variant: variant === undefined ? off : variant, blocked: false };
  }

  /** A rule that expires later may still hold, or be over when the tested code runs. */
  #isOver(expiresAt: string | undefined): boolean {
    if (expiresAt === undefined) return false;
    return Date.parse(expiresAt) <= this.#options.now || this.#is(`over ${expiresAt}`);
  }

  #isHeldOut(key: string): boolean {
    const holdout = this.#project.holdouts.get(key);
    return holdout !== undefined && this.#has(holdout.by) && this.#partOf(holdout, [holdout.share]) < holdout.share;
  }

  #isInLayer({ layer: key, from, to }: { layer: string; from: number; to: number }): boolean {
    const layer = this.#project.layers.get(key);
    if (!layer || !this.#has(layer.by)) return false;
    const part = this.#partOf(layer, [from, to]);
    return part >= from && part < to;
  }

  /** Undefined: the user lacks the attribute that buckets, and the split serves nobody of that kind. */
  #serve(served: Serve, seed: string): string | null | undefined {
    if (!("split" in served)) return served.variant;
    const by = unitOf(served);
    if (!this.#has(by)) return undefined;
    const ranges = served.ranges ?? contiguous(served.split);
    const edges = ranges.flatMap(({ from, to }) => [from, to]);
    const part = this.#partOf({ by, seed }, edges);
    return ranges.find(({ from, to }) => from <= part && part < to)?.variant ?? null;
  }

  /** The first part of the user's bucket that nothing between these edges tells apart. */
  #partOf(dimension: Dimension, edges: readonly number[]): number {
    const name = dimensionName(dimension);
    const [from, to] = this.#buckets.get(name) ?? [0, PARTS];
    const inside = [...new Set(edges)].filter((edge) => edge > from && edge < to).sort((a, b) => a - b);
    const cuts = [from, ...inside, to];
    const chosen = this.#choices.choose(cuts.length - 1);
    const interval = [cuts[chosen] as number, cuts[chosen + 1] as number] as const;
    this.#buckets.set(name, interval);
    return interval[0];
  }

  #has(attribute: string): boolean {
    return !this.#involved.mayBeMissing(attribute) || this.#is(`has ${attribute}`);
  }

  /** Whether the attribute is of a type that the operator tests: otherwise its negation does not hold either. */
  #isComparable({ attribute, op }: { attribute: string; op: string }): boolean {
    return !this.#involved.mayBeMissing(attribute) || this.#is(`comparable ${op} ${attribute}`);
  }

  #is(fact: string): boolean {
    const known = this.#facts.get(fact);
    if (known !== undefined) return known;
    const decided = this.#choices.choose(2) === 0;
    this.#facts.set(fact, decided);
    return decided;
  }

  #truth(when: Condition): Truth {
    if ("all" in when) return this.#fold(when.all, "true", both, "false");
    if ("any" in when) return this.#fold(when.any, "false", either, "true");
    if ("not" in when) return NEGATED[this.#truth(when.not)];
    if ("unless" in when) return UNLESS[this.#truth(when.unless)];
    if (isOpaque(when)) return this.#is(JSON.stringify(when)) ? "true" : "false";
    if ("flag" in when) return this.#flagTest(when);
    if ("segment" in when) return this.#segment(when.segment);
    const isPresent = this.#has(when.attribute);
    if (when.op === "exists") return isPresent === (when.negate === true) ? "false" : "true";
    if (!isPresent || !this.#isComparable(when)) return "unknown";
    const isMet = this.#involved.classesOf(when).some((name) => this.#is(name));
    return isMet === (when.negate === true) ? "false" : "true";
  }

  /** @param end what no further part can change */
  #fold(parts: readonly Condition[], start: Truth, join: Join, end: Truth): Truth {
    let truth = start;
    for (const part of parts) {
      truth = join(truth, this.#truth(part));
      if (truth === end) break;
    }
    return truth;
  }

  #flagTest({ flag, variants }: { flag: string; variants: readonly string[] }): Truth {
    if (this.#involved.tangled.has(`flag ${flag}`)) return "blocked";
    const { variant, blocked } = this.#flag(flag);
    if (blocked) return "blocked";
    return variant !== null && variants.includes(variant) ? "true" : "false";
  }

  /** Whether a segment has a long list, no export tells: so anybody may be listed. */
  #segment(key: string): Truth {
    const segment = this.#project.segments.get(key);
    if (!segment || this.#involved.tangled.has(`segment ${key}`)) return "unknown";
    if ((segment.excluded ?? []).length > 0 && this.#is(`excluded ${key}`)) return "false";
    if (this.#is(`listed ${key}`)) return "true";
    if (segment.when === undefined) return this.#is(`known ${key}`) ? "false" : "unknown";
    return this.#truth(segment.when);
  }
}

type Join = (one: Truth, other: Truth) => Truth;
const NEGATED: Record<Truth, Truth> = { true: "false", false: "true", unknown: "unknown", blocked: "blocked" };
/** What is unknown does not hold, so that its exception does. */
const UNLESS: Record<Truth, Truth> = { ...NEGATED, unknown: "true" };
const firstOf =
  (order: readonly Truth[]): Join =>
  (one, other) =>
    order.find((truth) => one === truth || other === truth) as Truth;
const both = firstOf(["false", "unknown", "blocked", "true"]);
const either = firstOf(["true", "blocked", "unknown", "false"]);

function contiguous(split: readonly { variant: string; weight: number }[]) {
  let next = 0;
  return split.map(({ variant, weight }) => {
    const from = next;
    next += weight;
    return { variant, from, to: next };
  });
}
