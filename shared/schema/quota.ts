import { z } from "zod";
import { comment, slug } from "./primitives.ts";

/** How often a key may ask. Counted in each isolate's memory: approximate by design, see worker/evaluation/edge/rate-limit.ts. */
export const keyLimit = z
  .strictObject({
    perSecond: z.number().min(0.1).max(100_000),
    /** Requests that may come at once; ten seconds' worth unless set. */
    burst: z.int().min(1).max(1_000_000),
  })
  .meta({ id: "KeyLimit" });
export type KeyLimit = z.infer<typeof keyLimit>;
export const keyLimitBody = z
  .strictObject({ ...keyLimit.shape, burst: keyLimit.shape.burst.optional(), comment: comment.default("") })
  .meta({ id: "KeyLimitWrite" });
/** Requests that may come at once, unless said: what ten seconds allow. */
export const usualBurst = (perSecond: number): number => Math.max(1, Math.round(perSecond * 10));

/** What a month may hold, and from which share of it on to warn. A budget warns; it refuses nothing. */
export const budgetFields = {
  evaluationsPerMonth: z.int().min(1).max(1e15),
  warnAt: z.number().min(0.01).max(1).default(0.8),
};
export const budgetBody = z.strictObject({ ...budgetFields, comment: comment.default("") }).meta({ id: "BudgetWrite" });

export const budgetView = z
  .object({
    /** The running month (UTC), such as 2026-11. */
    month: z.string(),
    /** Evaluation requests answered in it, as far as isolates have told: a minute or two behind. */
    used: z.int(),
    environments: z.record(slug, z.int()),
    evaluationsPerMonth: z.int().nullable(),
    warnAt: z.number().nullable(),
    /** `none`: no budget is set. */
    state: z.enum(["none", "within", "warning", "over"]),
  })
  .meta({ id: "Budget" });
export type BudgetView = z.infer<typeof budgetView>;

export function budgetState(used: number, budget: { evaluationsPerMonth: number; warnAt: number } | null) {
  if (!budget) return "none";
  if (used >= budget.evaluationsPerMonth) return "over";
  return used >= budget.warnAt * budget.evaluationsPerMonth ? "warning" : "within";
}
