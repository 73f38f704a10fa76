import { tangled } from "../../shared/evaluation/graph.ts";
import { type Condition, type Dimension, isOpaque, type Project, type Serve, unitOf } from "./project.ts";

type AttributeTest = Extract<Condition, { attribute: string }>;

/** What decides about some flags: all flags that they depend on, and how attributes are tested. */
export interface Involved {
  readonly flags: ReadonlySet<string>;
  /** Flags and segments in a circle of dependencies, to which no reference leads: "flag x", "segment y". */
  readonly tangled: ReadonlySet<string>;
  /** Names of the value classes that satisfy a test. */
  classesOf(test: AttributeTest): readonly string[];
  /** Whether it matters that a user may lack this attribute. */
  mayBeMissing(attribute: string): boolean;
  /** Whatever two flags have in common if the one tells something of the other. */
  readonly tokens: ReadonlySet<string>;
}

/**
 * Walks everything that decides about these flags. Values of an attribute that stand in exactly the same tests form one
 * class: what matters is only which tests a user's value satisfies.
 */
export function involvedIn(project: Project, keys: readonly string[]): Involved {
  const flags = new Set<string>();
  const tests = new Set<AttributeTest>();
  const missing = new Set<string>();
  const tokens = new Set<string>();
  const segments = new Set<string>();
  const edges = new Map<string, string[]>();

  const bucketed = ({ by, seed }: Dimension): void => {
    tokens.add(dimensionName({ by, seed }));
    // Users without a targeting key are not what an app tests.
    if (by !== "targetingKey") {
      missing.add(by);
      tokens.add(`attribute ${by}`);
    }
  };
  const refer = (from: string, to: string) => edges.set(from, [...(edges.get(from) ?? []), to]);
  /** @param from the flag or segment that it decides about */
  const condition = (when: Condition, negated: boolean, from: string): void => {
    if ("all" in when) for (const part of when.all) condition(part, negated, from);
    else if ("any" in when) for (const part of when.any) condition(part, negated, from);
    else if ("not" in when) condition(when.not, !negated, from);
    else if ("unless" in when) condition(when.unless, !negated, from);
    else if (isOpaque(when)) tokens.add(JSON.stringify(when));
    else if ("flag" in when) flag(when.flag, from);
    else if ("segment" in when) segment(when.segment, negated, from);
    else {
      tests.add(when);
      tokens.add(`attribute ${when.attribute}`);
      if (negated || when.negate || when.op === "exists") missing.add(when.attribute);
    }
  };
  const segment = (key: string, negated: boolean, from: string): void => {
    const name = `segment ${key}`;
    tokens.add(name);
    refer(from, name);
    if (segments.has(`${negated} ${key}`)) return;
    segments.add(`${negated} ${key}`);
    const when = project.segments.get(key)?.when;
    if (when) condition(when, negated, name);
  };
  const serve = (served: Serve, seed: string): void => {
    if ("split" in served) bucketed({ by: unitOf(served), seed });
  };
  const flag = (key: string, from?: string): void => {
    const name = `flag ${key}`;
    tokens.add(name);
    if (from !== undefined) refer(from, name);
    const found = project.flags.get(key);
    if (!found || flags.has(key)) return;
    flags.add(key);
    const { state, seed } = found;
    for (const { flag: other } of state.prerequisites) flag(other, name);
    const holdout = state.holdout === undefined ? undefined : project.holdouts.get(state.holdout);
    const layer = state.layer && project.layers.get(state.layer.layer);
    for (const gate of [holdout, layer]) if (gate) bucketed(gate);
    for (const rule of state.rules) {
      condition(rule.when, false, name);
      serve(rule.serve, seed);
    }
    serve(state.fallthrough, seed);
  };
  for (const key of keys) flag(key);
  const classes = classesOf([...tests]);
  return {
    flags,
    tangled: tangled(edges.keys(), (name) => edges.get(name) ?? []),
    classesOf: (test) => classes.get(test) ?? [],
    mayBeMissing: (attribute) => missing.has(attribute),
    tokens,
  };
}

export const dimensionName = ({ by, seed }: Dimension): string => `bucket ${JSON.stringify([by, seed])}`;

function classesOf(tests: readonly AttributeTest[]): Map<AttributeTest, readonly string[]> {
  const subjects = new Map<string, Map<string, string>>();
  const subjectOf = ({ attribute, op, ignoreCase }: AttributeTest) =>
    JSON.stringify([attribute, op, ignoreCase === true]);
  for (const [index, test] of tests.entries()) {
    const members = subjects.get(subjectOf(test)) ?? new Map<string, string>();
    subjects.set(subjectOf(test), members);
    for (const value of new Set((test.values ?? []).map((one) => JSON.stringify(one))))
      members.set(value, `${members.get(value) ?? ""} ${index}`);
  }
  return new Map(
    tests.map((test) => {
      const subject = subjectOf(test);
      const members = subjects.get(subject) ?? new Map<string, string>();
      const names = (test.values ?? []).map((value) => `${subject}${members.get(JSON.stringify(value))}`);
      return [test, [...new Set(names)]];
    }),
  );
}
