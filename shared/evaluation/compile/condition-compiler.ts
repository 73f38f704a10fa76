import { SPLIT_TOTAL } from "../../limits.ts";
import type { AttributeTest, Condition } from "../../schema/condition.ts";
import { parseKeyName } from "../../schema/name-text.ts";
import type { SnapshotSegment } from "../../schema/segment.ts";
import { parsePath } from "../attribute.ts";
import { hashAt, seedHash } from "../bucketing/bucket.ts";
import type { AttributePath } from "../model/attribute-path.ts";
import type { CompiledFlag } from "../model/compiled-flag.ts";
import {
  ALL,
  ANY,
  type BarePredicate,
  CONSTANT,
  FLAG,
  NOT,
  type Predicate,
  SEARCH,
  SEGMENT,
  UNLESS,
  UNTIL,
  WITHIN,
} from "../model/predicate.ts";
import type { SearchPlan } from "../model/search.ts";
import type { Unit } from "../model/split.ts";
import { BLOCKED, FALSE, TRUE, type Truth, UNKNOWN } from "../model/truth.ts";
import { compileTest, hasExactForm } from "../operators/compile-operator.ts";

export interface ConditionSources {
  /** What may be spent on searching. Not asked unless a condition searches. */
  readonly searches: () => SearchPlan;
  readonly segments: Readonly<Record<string, SnapshotSegment>>;
  /** Segments that no reference may enter: see graph.tangled. */
  readonly tangledSegments: ReadonlySet<string>;
  readonly flags: ReadonlyMap<string, CompiledFlag>;
  readonly tangledFlags: ReadonlySet<string>;
}

/** Compiles conditions of one snapshot into shared predicates. */
export class ConditionCompiler {
  /** By id. */
  readonly predicates: Predicate[] = [];
  readonly units: Unit[] = [];
  readonly #sources: ConditionSources;
  readonly #interned = new Map<string, Predicate>();
  readonly #paths = new Map<string, AttributePath>();
  readonly #unitsByPath = new Map<string, Unit>();

  constructor(sources: ConditionSources) {
    this.#sources = sources;
  }

  path(text: string): AttributePath {
    let path = this.#paths.get(text);
    if (!path) {
      path = parsePath(text);
      this.#paths.set(text, path);
    }
    return path;
  }

  unit(by: string): Unit {
    let unit = this.#unitsByPath.get(by);
    if (!unit) {
      unit = { path: this.path(by), stamp: 0, hash: 0 };
      this.#unitsByPath.set(by, unit);
      this.units.push(unit);
    }
    return unit;
  }

  /** Whether any path compiled so far begins with this name. */
  reads(name: string): boolean {
    return [...this.#paths.values()].some((path) => path.name === name);
  }

  /** @param exact whether false must be told from unknown: there is a `not` above it, or may be */
  compile(condition: Condition, exact = false): Predicate {
    const children = (conditions: readonly Condition[]) => conditions.map((child) => this.compile(child, exact));
    if ("all" in condition) return this.all(children(condition.all));
    if ("any" in condition) return this.#list(ANY, children(condition.any));
    if ("not" in condition) return this.#inverse(NOT, this.compile(condition.not, true));
    if ("segment" in condition) return this.#segment(condition.segment);
    if ("flag" in condition) return this.flag(condition.flag, condition.variants);
    return this.#test(condition, exact || condition.negate === true);
  }

  all(children: readonly Predicate[]): Predicate {
    return this.#list(ALL, children);
  }

  unless(met: Predicate): Predicate {
    return this.#inverse(UNLESS, met);
  }

  until(instant: number): Predicate {
    return this.#intern(`u${instant}`, () => ({ op: UNTIL, operand: instant }));
  }

  /** In the buckets [from, to) of the seed. Never unknown: without the attribute, nobody is. */
  within(by: string, seed: string, from: number, to: number): Predicate {
    const unit = this.unit(by);
    const operand = { unit, seed: seedHash(seed), from: hashAt(from), to: to >= SPLIT_TOTAL ? null : hashAt(to) };
    return this.#intern(`w${operand.seed},${from},${to} ${by}`, () => ({ op: WITHIN, operand }));
  }

  outside(by: string, seed: string, from: number, to: number): Predicate {
    return this.#inverse(NOT, this.within(by, seed, from, to));
  }

  flag(key: string, variants: readonly string[]): Predicate {
    const flag = this.#sources.flags.get(key);
    if (!flag || this.#sources.tangledFlags.has(key)) return this.#constant(BLOCKED);
    return this.#intern(`f${key}\n${variants.join("\n")}`, () => ({ op: FLAG, operand: { flag, variants } }), true);
  }

  #list(op: typeof ALL | typeof ANY, children: readonly Predicate[]): Predicate {
    if (children.length === 0) return this.#constant(op === ALL ? TRUE : FALSE);
    if (children.length === 1) return children[0] as Predicate;
    let name = `l${op}`;
    for (const child of children) name += `,${child.id}`;
    const blockable = children.some((child) => child.blockable);
    return this.#intern(name, () => ({ op, operand: children }), blockable);
  }

  #inverse(op: typeof NOT | typeof UNLESS, operand: Predicate): Predicate {
    return this.#intern(`i${op},${operand.id}`, () => ({ op, operand }), operand.blockable);
  }

  #segment(key: string): Predicate {
    const { segments, tangledSegments } = this.#sources;
    if (!Object.hasOwn(segments, key) || tangledSegments.has(key)) return this.#constant(UNKNOWN);
    const known = this.#interned.get(`s${key}`);
    if (known) return known;
    const source = segments[key] as SnapshotSegment;
    const segment = parseKeyName(key);
    const by = this.path(source.by);
    const when = source.when ? this.compile(source.when, true) : null;
    const operand = {
      key,
      by,
      list: source.list && segment !== null ? { segment, by, source: source.list } : null,
      included: new Set(source.included),
      excluded: new Set(source.excluded),
      when,
    };
    return this.#intern(`s${key}`, () => ({ op: SEGMENT, operand }), when?.blockable);
  }

  #test(test: AttributeTest, exact: boolean): Predicate {
    const { attribute, op, values = [] } = test;
    // A test is one, negated or not, unless its operator has two forms.
    const how = `${test.ignoreCase ? "~" : ""}${exact && hasExactForm(op) ? "=" : ""}`;
    const predicate = this.#intern(`t${op}${how} ${attribute}\n${JSON.stringify(values)}`, () => ({
      ...compileTest(test, { searches: this.#sources.searches, exact }),
      path: this.path(attribute),
    }));
    return test.negate ? this.#inverse(NOT, predicate) : predicate;
  }

  #constant(operand: Truth): Predicate {
    return this.#intern(`c${operand}`, () => ({ op: CONSTANT, operand }), operand === BLOCKED);
  }

  #intern(name: string, make: () => Parts, blockable = false): Predicate {
    const known = this.#interned.get(name);
    if (known) {
      known.shared = true;
      return known;
    }
    const { op, operand, path = null } = make();
    // The one place that makes predicates, so that they all have one hidden class.
    const shared = op === FLAG || op === SEGMENT || op === SEARCH;
    const predicate = { id: this.predicates.length, shared, memo: 0, blockable, op, path, operand } as Predicate;
    this.#interned.set(name, predicate);
    this.predicates.push(predicate);
    return predicate;
  }
}

type Parts = BarePredicate & { path?: AttributePath };
