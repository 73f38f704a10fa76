import { ALL } from "../model/predicate.ts";
import type { Clause, Step } from "../model/program.ts";

type Unlinked = Pick<Step, "condition" | "served">;

/** Conjunctions that stand here only are written as steps: cheaper than a predicate, and there is nothing to share. */
function conjuncts({ condition, served }: Unlinked): Unlinked[] {
  if (condition === null || condition.op !== ALL || condition.shared || condition.blockable)
    return [{ condition, served }];
  const last = condition.operand.length - 1;
  return condition.operand.flatMap((child, index) =>
    conjuncts({ condition: child, served: index === last ? served : null }),
  );
}

/** Clauses as steps, made from the last to the first, since each knows those after it. */
export function linked(clauses: readonly Clause[]): Step {
  const link = (next: Step | null, { condition, served }: Unlinked): Step => {
    return { condition, served, next, otherwise: served === null && next !== null ? next.otherwise : next };
  };
  return clauses.flatMap(conjuncts).reduceRight<Step | null>(link, null) as Step;
}
