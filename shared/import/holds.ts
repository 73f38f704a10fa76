import { compile } from "../evaluation/compile/compile.ts";
import { dialects } from "../evaluation/dialects/dialects.ts";
import { re2 } from "../evaluation/operators/regex/regex.ts";
import { evaluate, prepare } from "../evaluation/run/evaluate.ts";
import type { Condition } from "../schema/condition.ts";
import type { SnapshotFlag } from "../schema/snapshot.ts";

/** Whether a translated condition holds for a context, as it will be evaluated. For conditions on what a file says itself. */
export function holds(condition: Condition, context: object): boolean {
  const flag: SnapshotFlag = {
    variants: { yes: true },
    offVariant: null,
    visibility: "server-only",
    seed: "",
    state: {
      enabled: true,
      prerequisites: [],
      rules: [{ id: "rule", when: condition, serve: { variant: "yes" } }],
      fallthrough: { variant: null },
    },
  };
  const snapshot = {
    minReader: 1,
    project: "import",
    environment: "import",
    epoch: 1,
    revision: 0,
    flags: { flag },
    segments: {},
    layers: {},
    holdouts: {},
    keys: [],
    kills: [],
  };
  const compiled = compile(snapshot, re2, dialects);
  return evaluate(compiled, "flag", prepare(compiled, context, 0))?.variant === "yes";
}
