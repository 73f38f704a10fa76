import { entryName } from "../../blocks/block.ts";
import { SPLIT_TOTAL } from "../../limits.ts";
import type { BucketTest } from "../../schema/bucket.ts";
import type { AttributeTest, Condition, SomeTest } from "../../schema/condition.ts";
import { parseKeyName } from "../../schema/name-text.ts";
import type { SnapshotSegment } from "../../schema/segment.ts";
import { parsePath } from "../attribute.ts";
import { hashAt, seedHash } from "../bucketing/bucket.ts";
import type { AttributePath } from "../model/attribute-path.ts";
import type { DialectSource, Dialects } from "../model/dialects.ts";
import type { Pool } from "../model/pool.ts";
import {
  ALL,
  ANY,
  type AnyTest,
  type BarePredicate,
  CONSTANT,
  type CompiledSegment,
  FLAG,
  NOT,
  type Predicate,
  SEARCH,
  SEGMENT,
  UNLESS,
  UNTIL,
  WITHIN,
} from "../model/predicate.ts";
import type { Searches } from "../model/search.ts";
import type { Unit } from "../model/split.ts";
import { FALSE, TRUE, type Truth, UNKNOWN } from "../model/truth.ts";
import { compileTest, hasExactForm } from "../operators/compile-operator.ts";
import { parseInstant } from "../operators/date/instant.ts";
import { DialectsMissing } from "./dialects-missing.ts";
import { someElement } from "./element-test.ts";

/** Predicates by what they say: of all parts that are compiled together. */
export type PredicateNames = Map<string, Predicate>;

/** Compiles the conditions of one part into predicates, which it shares with other parts. */
export class ConditionCompiler {
  /** All that the part asks. */
  readonly predicates: Predicate[] = [];
  /** Of these, what other parts made. */
  readonly borrowed = new Set<Predicate>();
  readonly units = new Set<Unit>();
  /** Of the flags and segments that are referred to, by their entries' names. */
  readonly slots = new Map<string, number>();
  /** What has been referred to since it was last emptied, in order. */
  readonly asked = new Set<string>();
  readonly #pool: Pool;
  readonly #names: PredicateNames;
  readonly #searches: Searches | null;
  readonly #firstId: number;
  readonly #source: DialectSource | undefined;
  #dialects: Dialects | null = null;
  #inSegment = false;
  readonly #paths = new Map<string, AttributePath>();

  constructor(pool: Pool, names: PredicateNames, searches: Searches | null, dialects?: DialectSource) {
    this.#pool = pool;
    this.#names = names;
    this.#searches = searches;
    this.#firstId = pool.predicates;
    this.#source = dialects;
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
    const { units } = this.#pool;
    const path = this.path(by);
    let unit = units.get(by);
    if (!unit) {
      unit = { path, stamp: 0, hash: 0 };
      units.set(by, unit);
    }
    this.units.add(unit);
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
    if ("unless" in condition) return this.unless(this.compile(condition.unless));
    if ("bucket" in condition) return this.#bucket(condition.bucket);
    if ("now" in condition) return this.#now(condition.now);
    if ("some" in condition) return this.#some(condition.some, exact);
    if ("segment" in condition) return this.#segment(condition.segment);
    // A segment cannot depend on a flag: saving refuses it, and the segment's predicate says that it never is blocked.
    if ("flag" in condition)
      return this.#inSegment ? this.#constant(UNKNOWN) : this.flag(condition.flag, condition.variants);
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
    const slot = this.#slot(entryName("flag", key));
    return this.#intern(`f${slot}\n${variants.join("\n")}`, () => ({ op: FLAG, operand: { slot, variants } }), true);
  }

  segment(key: string, { by, included, excluded, when, list }: SnapshotSegment): CompiledSegment {
    const segment = parseKeyName(key);
    const path = this.path(by);
    this.#inSegment = true;
    const compiled = {
      key,
      by: path,
      list: list && segment !== null ? { segment, by: path, source: list } : null,
      included: new Set(included),
      excluded: new Set(excluded),
      when: when ? this.compile(when, true) : null,
    };
    this.#inSegment = false;
    return compiled;
  }

  #slot(name: string): number {
    const pool = this.#pool;
    let slot = pool.slots.get(name);
    if (slot === undefined) {
      slot = pool.slotsGiven++;
      pool.slots.set(name, slot);
    }
    this.slots.set(name, slot);
    this.asked.add(name);
    return slot;
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
    const slot = this.#slot(entryName("segment", key));
    return this.#intern(`s${slot}`, () => ({ op: SEGMENT, operand: slot }));
  }

  #test(test: AttributeTest, exact: boolean): Predicate {
    const { attribute, op, values = [] } = test;
    // A test is one, negated or not, unless its operator has two forms.
    const path = this.path(attribute);
    const how = `${test.ignoreCase ? "~" : ""}${exact && hasExactForm(op) ? "=" : ""}${test.as ?? ""}`;
    const name = `t${op}${how} ${attribute}\n${JSON.stringify(values)}`;
    const predicate = this.#intern(name, () => ({ ...this.#made(test, exact), path }));
    return test.negate ? this.#inverse(NOT, predicate) : predicate;
  }

  #made(test: AttributeTest, exact: boolean): AnyTest {
    const made = compileTest(test, { pattern: (name) => this.#searches?.patterns.get(name) ?? null, exact });
    return test.as === undefined ? made : { op: SEARCH, operand: this.#foreign().converted(test.as, made) };
  }

  /** Like a search it takes the whole value, and is decided once for a subject. */
  #some({ attribute, when }: SomeTest, exact: boolean): Predicate {
    const path = this.path(attribute);
    return this.#intern(`e${exact ? "=" : ""} ${attribute}\n${JSON.stringify(when)}`, () => {
      const compiler = {
        path: (text: string) => this.path(text),
        test: (test: AttributeTest, isExact: boolean) => this.#made(test, isExact),
      };
      return { op: SEARCH, operand: someElement(when, compiler, exact), path };
    });
  }

  /** Like a search it takes the whole value, and is decided once for a subject. */
  #bucket(test: BucketTest): Predicate {
    const path = this.path(test.by);
    return this.#intern(`b${JSON.stringify(test)}`, () => {
      return { op: SEARCH, operand: this.#foreign().bucket(test), path };
    });
  }

  #now({ from, before }: { from?: string | undefined; before?: string | undefined }): Predicate {
    const begun = from === undefined ? [] : [this.#inverse(NOT, this.until(parseInstant(from)))];
    return this.all([...begun, ...(before === undefined ? [] : [this.until(parseInstant(before))])]);
  }

  #foreign(): Dialects {
    if (this.#source === undefined) throw new DialectsMissing();
    this.#dialects ??= this.#source();
    return this.#dialects;
  }

  #constant(operand: Truth): Predicate {
    return this.#intern(`c${operand}`, () => ({ op: CONSTANT, operand }));
  }

  #intern(name: string, make: () => Parts, blockable = false): Predicate {
    const { shared } = this.#pool;
    const met = this.#names.get(name);
    const known = met ?? shared.get(name);
    if (known) {
      known.shared = true;
      if ((met === undefined || met.id < this.#firstId) && !this.borrowed.has(known)) {
        shared.set(name, known);
        this.borrowed.add(known);
        this.predicates.push(known);
      }
      return known;
    }
    const { op, operand, path = null } = make();
    // The one place that makes predicates, so that they all have one hidden class.
    const remembered = op === FLAG || op === SEGMENT || op === SEARCH;
    const id = this.#pool.predicates++;
    const predicate = { id, shared: remembered, memo: 0, blockable, op, path, operand } as Predicate;
    this.#names.set(name, predicate);
    this.predicates.push(predicate);
    return predicate;
  }
}

type Parts = BarePredicate & { path?: AttributePath };
