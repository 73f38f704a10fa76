import { planProblem, readPlan } from "../shared/plan.ts";
import type { Env } from "./env.ts";
import { log } from "./log.ts";

let warned = false;

/**
 * Whether this installation is made for Workers Free. A setting that names no plan counts as the paid one, for else
 * guards would end without a word; deploying refuses it, and the log says so once in an isolate.
 */
export function isFree({ PLAN }: Pick<Env, "PLAN">): boolean {
  const problem = planProblem(PLAN);
  if (problem !== null && !warned) {
    warned = true;
    log({ event: "plan-unknown", problem });
  }
  return readPlan(PLAN) === "free";
}
