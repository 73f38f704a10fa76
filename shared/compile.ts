import { contiguous } from "./allocate.ts";
import type { AttributePath } from "./attribute.ts";
import { seedHash } from "./bucket.ts";
import { ConditionCompiler, type ConditionNode } from "./condition-compiler.ts";
import { flagDependencies, segmentDependencies, tangled } from "./graph.ts";
import { parseInstant } from "./instant.ts";
import type { RegexEngine } from "./match.ts";
import type { Outcome, OutcomeFlag, Reason } from "./outcome.ts";
import type { Serve, Visibility } from "./schema/flag.ts";
import type { Json } from "./schema/primitives.ts";
import type { Kill, Snapshot, SnapshotFlag } from "./schema/snapshot.ts";
import type { SegmentList } from "./segment-list.ts";

export type { RegexEngine, RegexTest } from "./match.ts";

/** An attribute that buckets; its hash is kept per subject. */
export interface Unit {
  readonly path: AttributePath;
  /** Its place among the snapshot's units. */
  readonly slot: number;
}

/** What a rule or the fallthrough serves: one variant, or a split of several. */
export interface CompiledServe {
  readonly ruleId: string | null;
  readonly reason: Reason;
  /** Null: a single variant. */
  readonly unit: Unit | null;
  readonly seed: number;
  /** Exclusive ends of the ranges, ascending; the last is SPLIT_TOTAL. */
  readonly ends: readonly number[];
  /** Which arm owns each range. */
  readonly owners: readonly number[];
  readonly arms: readonly (string | null)[];
  /** One per arm, made when first served: most are never needed by an edge. */
  readonly outcomes: (Outcome | null)[];
}

export interface CompiledRule {
  readonly when: ConditionNode;
  /** Milliseconds since 1970; Infinity: never. */
  readonly expiresAt: number;
  readonly serve: CompiledServe;
}

/** A share of a unit's buckets: [from, to). */
export interface CompiledShare {
  readonly unit: Unit;
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

export interface CompiledFlag extends OutcomeFlag {
  readonly key: string;
  readonly variants: Readonly<Record<string, Json>>;
  readonly offVariant: string | null;
  readonly visibility: Visibility;
  readonly enabled: boolean;
  /** Something stands before the rules: disabled, prerequisites, holdout or layer. */
  readonly gated: boolean;
  readonly prerequisites: ConditionNode | null;
  readonly holdout: CompiledShare | null;
  /** "outside": it names a layer that does not exist, so nobody is in. */
  readonly layer: CompiledShare | "outside" | null;
  readonly rules: readonly CompiledRule[];
  /** The memo's place of each rule's condition, side by side: in bulk most are known, and need no look at the rule. */
  readonly places: readonly number[];
  /** Some rule expires. */
  readonly expiring: boolean;
  readonly fallthrough: CompiledServe;
  /** Nothing about a subject can change what it serves. */
  readonly constant: boolean;
  /** What everybody gets, once known; reset when kills change. */
  fixed: Outcome | null;
  /** The kill of the whole flag. */
  kill: Kill | null;
  /** Kills of single variants. */
  variantKills: Map<string, Kill> | null;
  /** Outcomes of the off variant and of kills, made when first served; which kill does not matter. */
  spare: Map<string, Outcome> | null;
}

/**
 * A snapshot ready to evaluate. Plain memory without references to any request; treat everything beyond the
 * counts as the evaluator's own.
 */
export interface CompiledSnapshot {
  readonly project: string;
  readonly environment: string;
  readonly epoch: number;
  readonly revision: number;
  /** Number of flags. */
  readonly size: number;
  readonly flags: ReadonlyMap<string, CompiledFlag>;
  /** In the order of their keys' code units, which is the order of bulk answers. */
  readonly ordered: readonly CompiledFlag[];
  /** Long lists that any flag depends on: to be looked up before a bulk evaluation. */
  readonly lists: readonly SegmentList[];
  /** The same by flag, flags that it depends on included; flags without any are not in it. */
  readonly listsByFlag: ReadonlyMap<string, readonly SegmentList[]>;
  /** Whether anything asks for an attribute of `edge`; if not, it need not be worked out. */
  readonly readsEdge: boolean;
  /** Flags with `onStale: killVariant`: when each gives up, in seconds of age, ascending. */
  readonly stale: readonly { readonly afterSeconds: number; readonly kill: Kill }[];
  /** Per condition node: stamp of the subject it was decided for, times four, plus the truth. */
  readonly memo: Int32Array;
  /** Per unit: stamp of the subject, times two, plus whether it has the attribute; and the hash beside it. */
  readonly unitMemo: Int32Array;
  readonly unitHashes: Int32Array;
  /** The stamp last given to a subject. */
  stamp: number;
  /** Flags that the kills in force touch. */
  killed: CompiledFlag[];
}

/**
 * Compiles a snapshot that passed the schema. Never throws: what is missing (variants, segments, flags, layers)
 * or runs in circles evaluates to off. The snapshot must not be changed afterwards; its own kills are in force.
 */
export function compile(snapshot: Snapshot, regex: RegexEngine): CompiledSnapshot {
  const flags = new Map<string, CompiledFlag>();
  const keys = Object.keys(snapshot.flags).sort();
  const segments = snapshot.segments;
  const conditions = new ConditionCompiler({
    regex,
    segments,
    tangledSegments: tangled(Object.keys(segments), (key) => {
      const when = Object.hasOwn(segments, key) ? segments[key]?.when : undefined;
      return when ? segmentDependencies(when) : [];
    }),
    flags,
    tangledFlags: tangled(keys, (key) => {
      const flag = snapshot.flags[key];
      return flag ? flagDependencies(flag.state) : [];
    }),
  });
  const parts: Parts = { snapshot, conditions, units: new Map() };
  // Flags refer to each other, so a shell of each must exist before any condition is compiled.
  for (const key of keys) flags.set(key, shell(key, snapshot.flags[key] as SnapshotFlag));
  for (const flag of flags.values()) Object.assign(flag, compileState(parts, snapshot.flags[flag.key] as SnapshotFlag));
  const compiled: CompiledSnapshot = {
    project: snapshot.project,
    environment: snapshot.environment,
    epoch: snapshot.epoch,
    revision: snapshot.revision,
    size: flags.size,
    flags,
    ordered: [...flags.values()],
    ...collectLists(snapshot, flags),
    readsEdge: conditions.reads("edge"),
    stale: collectStale(snapshot),
    memo: new Int32Array(conditions.ids),
    unitMemo: new Int32Array(parts.units.size),
    unitHashes: new Int32Array(parts.units.size),
    stamp: 0,
    killed: [],
  };
  applyKills(compiled, snapshot.kills);
  return compiled;
}

interface Parts {
  readonly snapshot: Snapshot;
  readonly conditions: ConditionCompiler;
  readonly units: Map<string, Unit>;
}

const NO_SERVE: CompiledServe = {
  ruleId: null,
  reason: "DEFAULT",
  unit: null,
  seed: 0,
  ends: [],
  owners: [],
  arms: [null],
  outcomes: [null],
};

const NO_RULES: readonly CompiledRule[] = [];
const NO_PLACES: readonly number[] = [];

function shell(key: string, flag: SnapshotFlag): CompiledFlag {
  return {
    key,
    variants: flag.variants,
    offVariant: flag.offVariant,
    visibility: flag.visibility,
    enabled: flag.state.enabled,
    gated: true,
    prerequisites: null,
    holdout: null,
    layer: null,
    rules: NO_RULES,
    places: NO_PLACES,
    expiring: false,
    fallthrough: NO_SERVE,
    constant: false,
    fixed: null,
    kill: null,
    variantKills: null,
    spare: null,
  };
}

function compileState(parts: Parts, flag: SnapshotFlag): Partial<CompiledFlag> {
  const { state } = flag;
  if (!state.enabled) return { constant: true };
  const { conditions, snapshot } = parts;
  const seed = seedHash(flag.seed);
  const rules: CompiledRule[] = [];
  for (const rule of state.rules) {
    if (rule.paused) continue;
    rules.push({
      when: conditions.compile(rule.when),
      expiresAt: rule.expiresAt === undefined ? Number.POSITIVE_INFINITY : parseInstant(rule.expiresAt),
      serve: compileServe(parts, rule.serve, seed, rule.id, "TARGETING_MATCH"),
    });
  }
  const holdout = state.holdout === undefined ? undefined : own(snapshot.holdouts, state.holdout);
  const layer = state.layer && own(snapshot.layers, state.layer.layer);
  const gated = state.prerequisites.length > 0 || holdout !== undefined || state.layer !== undefined;
  const plain = !gated && rules.length === 0;
  return {
    prerequisites:
      state.prerequisites.length === 0
        ? null
        : conditions.all(state.prerequisites.map((one) => conditions.flag(one.flag, one.variants))),
    holdout: holdout
      ? { unit: unit(parts, holdout.by), seed: seedHash(holdout.seed), from: 0, to: holdout.share }
      : null,
    layer: !state.layer
      ? null
      : layer
        ? { unit: unit(parts, layer.by), seed: seedHash(layer.seed), from: state.layer.from, to: state.layer.to }
        : "outside",
    gated,
    rules: rules.length === 0 ? NO_RULES : rules,
    places: rules.length === 0 ? NO_PLACES : rules.map((rule) => rule.when.id),
    expiring: rules.some((rule) => rule.expiresAt !== Number.POSITIVE_INFINITY),
    fallthrough: compileServe(parts, state.fallthrough, seed, null, plain ? "STATIC" : "DEFAULT"),
    constant: plain && !("split" in state.fallthrough),
  };
}

function compileServe(parts: Parts, serve: Serve, seed: number, ruleId: string | null, reason: Reason): CompiledServe {
  if (!("split" in serve)) return { ...NO_SERVE, ruleId, reason, arms: [serve.variant], outcomes: [null] };
  const ranges = serve.ranges ?? contiguous(serve.split);
  const arms: string[] = [];
  const owners: number[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    let arm = arms.indexOf(range.variant);
    if (arm < 0) arm = arms.push(range.variant) - 1;
    owners.push(arm);
  }
  return {
    ruleId,
    reason: "SPLIT",
    unit: unit(parts, serve.by),
    seed,
    ends: ranges.map((range) => range.to).sort((a, b) => a - b),
    owners,
    arms,
    outcomes: arms.map(() => null),
  };
}

function unit(parts: Parts, by: string): Unit {
  let found = parts.units.get(by);
  if (!found) {
    found = { path: parts.conditions.path(by), slot: parts.units.size };
    parts.units.set(by, found);
  }
  return found;
}

function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function collectLists(
  snapshot: Snapshot,
  flags: ReadonlyMap<string, CompiledFlag>,
): Pick<CompiledSnapshot, "lists" | "listsByFlag"> {
  const listsByFlag = new Map<string, readonly SegmentList[]>();
  if (!Object.values(snapshot.segments).some((segment) => segment.list)) return { lists: [], listsByFlag };
  const all = new Set<SegmentList>();
  const nodes = new Map<ConditionNode, ReadonlySet<SegmentList>>();
  const known = new Map<CompiledFlag, ReadonlySet<SegmentList>>();
  // What runs in circles was compiled to constants, so this ends.
  const ofNode = (node: ConditionNode): ReadonlySet<SegmentList> => {
    let found = nodes.get(node);
    if (!found) {
      const own = new Set<SegmentList>(node.segment?.list ? [node.segment.list] : []);
      const below = [...node.children, ...(node.segment?.when ? [node.segment.when] : [])].map(ofNode);
      for (const part of node.flag ? [...below, ofFlag(node.flag)] : below) for (const list of part) own.add(list);
      found = own;
      nodes.set(node, found);
    }
    return found;
  };
  const ofFlag = (flag: CompiledFlag): ReadonlySet<SegmentList> => {
    let found = known.get(flag);
    if (!found) {
      const conditions = flag.rules.map((rule) => rule.when);
      if (flag.prerequisites) conditions.push(flag.prerequisites);
      found = new Set(conditions.flatMap((condition) => [...ofNode(condition)]));
      known.set(flag, found);
    }
    return found;
  };
  for (const flag of flags.values()) {
    const its = ofFlag(flag);
    if (its.size === 0) continue;
    listsByFlag.set(flag.key, [...its]);
    for (const list of its) all.add(list);
  }
  return { lists: [...all], listsByFlag };
}

function collectStale(snapshot: Snapshot): { afterSeconds: number; kill: Kill }[] {
  const stale: { afterSeconds: number; kill: Kill }[] = [];
  for (const [key, { state, offVariant }] of Object.entries(snapshot.flags)) {
    if (state.onStale?.action !== "killVariant") continue;
    const serve = state.killVariant === undefined ? offVariant : state.killVariant;
    const kill = { id: `stale:${key}`, flag: key, serve, revision: snapshot.revision };
    stale.push({ afterSeconds: state.onStale.afterSeconds, kill });
  }
  return stale.sort((a, b) => a.afterSeconds - b.afterSeconds);
}

/**
 * Kills that follow from the age of what is known, to be added to those in force: of flags whose `onStale` says
 * so.
 *
 * @param ageSeconds age of the newest pointer this edge has seen
 */
export function staleKills(compiled: CompiledSnapshot, ageSeconds: number): Kill[] {
  const kills: Kill[] = [];
  for (const { afterSeconds, kill } of compiled.stale) {
    if (ageSeconds < afterSeconds) break;
    kills.push(kill);
  }
  return kills;
}

/**
 * Replaces the kills in force; the caller unites snapshot's and pointer's. Of several kills of one target the one
 * of the highest revision counts, the later in the list among equals. Kills of flags that do not exist are
 * ignored. Costs as much as there are kills, and compiles nothing.
 */
export function applyKills(compiled: CompiledSnapshot, kills: readonly Kill[]): void {
  for (const flag of compiled.killed) {
    flag.kill = null;
    flag.variantKills = null;
    flag.fixed = null;
  }
  compiled.killed = [];
  for (const kill of kills) {
    const flag = compiled.flags.get(kill.flag);
    if (!flag) continue;
    compiled.killed.push(flag);
    flag.fixed = null;
    if (kill.variant === undefined) {
      if (!flag.kill || flag.kill.revision <= kill.revision) flag.kill = kill;
    } else {
      flag.variantKills ??= new Map();
      const known = flag.variantKills.get(kill.variant);
      if (!known || known.revision <= kill.revision) flag.variantKills.set(kill.variant, kill);
    }
  }
  // Subjects prepared before must not remember what flags served before.
  compiled.memo.fill(0);
}
