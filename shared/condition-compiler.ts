import { type AttributePath, parsePath } from "./attribute.ts";
import type { CompiledFlag } from "./compile.ts";
import { compileTest, type RegexEngine, type ValueTest } from "./match.ts";
import type { AttributeTest, Condition, ConditionValue } from "./schema/condition.ts";
import type { SnapshotSegment } from "./schema/segment.ts";
import type { SegmentList } from "./segment-list.ts";
import { BLOCKED, FALSE, TRUE, type Truth, UNKNOWN } from "./truth.ts";

export const CONSTANT = 0;
export const TEST = 1;
export const ALL = 2;
export const ANY = 3;
export const NOT = 4;
export const SEGMENT = 5;
export const FLAG = 6;
export type NodeKind =
  | typeof CONSTANT
  | typeof TEST
  | typeof ALL
  | typeof ANY
  | typeof NOT
  | typeof SEGMENT
  | typeof FLAG;

export interface CompiledSegment {
  readonly key: string;
  readonly by: AttributePath;
  readonly included: ReadonlySet<string>;
  readonly excluded: ReadonlySet<string>;
  /** Its long list, looked up before evaluation. */
  readonly list: SegmentList | null;
  readonly when: ConditionNode | null;
}

/**
 * One condition. Equal conditions of a snapshot are one node, whichever flags they stand in, so that each is
 * decided once per subject. All nodes have one shape: the evaluator's property reads stay monomorphic.
 */
export interface ConditionNode {
  /** Its place in the snapshot's memo. */
  readonly id: number;
  readonly kind: NodeKind;
  /**
   * Worth remembering: it stands in several places. Tests of flags and segments always are, or diamonds of
   * dependencies would be walked once per path.
   */
  shared: boolean;
  readonly constant: Truth;
  readonly negate: boolean;
  readonly path: AttributePath | null;
  readonly test: ValueTest | null;
  /** The one string that it compares with, or all of them: short cuts past `test`. */
  readonly text: string | null;
  readonly texts: ReadonlySet<string> | null;
  /** The test asks whether the attribute is there, so an array is not looked into. */
  readonly existence: boolean;
  readonly children: readonly ConditionNode[];
  readonly segment: CompiledSegment | null;
  readonly flag: CompiledFlag | null;
  readonly variants: readonly string[];
}

const NO_NODES: readonly ConditionNode[] = [];
const NO_VARIANTS: readonly string[] = [];

/** The one place that makes nodes, so that they all have one hidden class. */
function makeNode(id: number, kind: NodeKind, parts: Partial<ConditionNode>): ConditionNode {
  return {
    id,
    kind,
    shared: kind === FLAG || kind === SEGMENT,
    constant: parts.constant ?? FALSE,
    negate: parts.negate ?? false,
    path: parts.path ?? null,
    test: parts.test ?? null,
    text: parts.text ?? null,
    texts: parts.texts ?? null,
    existence: parts.existence ?? false,
    children: parts.children ?? NO_NODES,
    segment: parts.segment ?? null,
    flag: parts.flag ?? null,
    variants: parts.variants ?? NO_VARIANTS,
  };
}

function compareStrings(values: readonly ConditionValue[]): Partial<ConditionNode> {
  const strings = values.filter((value) => typeof value === "string");
  if (strings.length < values.length || strings[0] === undefined) return {};
  return strings.length === 1 ? { text: strings[0] } : { texts: new Set(strings) };
}

export interface ConditionSources {
  readonly regex: RegexEngine;
  readonly segments: Readonly<Record<string, SnapshotSegment>>;
  /** Segments that no reference may enter: see graph.tangled. */
  readonly tangledSegments: ReadonlySet<string>;
  readonly flags: ReadonlyMap<string, CompiledFlag>;
  readonly tangledFlags: ReadonlySet<string>;
}

/** Compiles conditions of one snapshot into shared nodes. */
export class ConditionCompiler {
  /** Number of ids given out, so far. */
  ids = 0;
  readonly #sources: ConditionSources;
  readonly #nodes = new Map<string, ConditionNode>();
  readonly #paths = new Map<string, AttributePath>();

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

  /** Whether any path compiled so far begins with this name. */
  reads(name: string): boolean {
    return [...this.#paths.values()].some((path) => path.name === name);
  }

  compile(condition: Condition): ConditionNode {
    if ("all" in condition) return this.all(condition.all.map((child) => this.compile(child)));
    if ("any" in condition) {
      const children = condition.any.map((child) => this.compile(child));
      return children.length === 1 && children[0] ? children[0] : this.#list(ANY, children);
    }
    if ("not" in condition) return this.#list(NOT, [this.compile(condition.not)]);
    if ("segment" in condition) return this.#segment(condition.segment);
    if ("flag" in condition) return this.flag(condition.flag, condition.variants);
    return this.#test(condition);
  }

  all(children: readonly ConditionNode[]): ConditionNode {
    return children.length === 1 && children[0] ? children[0] : this.#list(ALL, children);
  }

  flag(key: string, variants: readonly string[]): ConditionNode {
    const flag = this.#sources.flags.get(key);
    if (!flag || this.#sources.tangledFlags.has(key)) return this.#constant(BLOCKED);
    return this.#intern(`f${key}\n${variants.join("\n")}`, FLAG, () => ({ flag, variants }));
  }

  #list(kind: typeof ALL | typeof ANY | typeof NOT, children: readonly ConditionNode[]): ConditionNode {
    if (children.length === 0) return this.#constant(kind === ALL ? TRUE : FALSE);
    let name = `l${kind}`;
    for (const child of children) name += `,${child.id}`;
    return this.#intern(name, kind, () => ({ children }));
  }

  #segment(key: string): ConditionNode {
    const { segments, tangledSegments } = this.#sources;
    if (!Object.hasOwn(segments, key) || tangledSegments.has(key)) return this.#constant(UNKNOWN);
    const source = segments[key] as SnapshotSegment;
    const by = this.path(source.by);
    return this.#intern(`s${key}`, SEGMENT, () => ({
      segment: {
        key,
        by,
        list: source.list ? { segment: key, by, source: source.list } : null,
        included: new Set(source.included),
        excluded: new Set(source.excluded),
        when: source.when ? this.compile(source.when) : null,
      },
    }));
  }

  #test(test: AttributeTest): ConditionNode {
    const flags = (test.negate ? 1 : 0) + (test.ignoreCase ? 2 : 0);
    const { op, values = [] } = test;
    return this.#intern(`t${op}${flags}${test.attribute}\n${JSON.stringify(values)}`, TEST, () => ({
      ...((op === "equals" || op === "in") && !test.ignoreCase && compareStrings(values)),
      path: this.path(test.attribute),
      test: compileTest(test, this.#sources.regex),
      existence: op === "exists",
      negate: test.negate === true,
    }));
  }

  #constant(constant: Truth): ConditionNode {
    return this.#intern(`c${constant}`, CONSTANT, () => ({ constant }));
  }

  #intern(name: string, kind: NodeKind, make: () => Partial<ConditionNode>): ConditionNode {
    const known = this.#nodes.get(name);
    if (known) {
      known.shared = true;
      return known;
    }
    const parts = make();
    const node = makeNode(this.ids++, kind, parts);
    this.#nodes.set(name, node);
    return node;
  }
}
