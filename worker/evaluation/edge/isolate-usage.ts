import type { Env } from "../../env.ts";
import { flagStore } from "../../objects/stubs.ts";
import { isFree } from "../../plan.ts";
import { Usage } from "./usage.ts";

let usage: Usage | undefined;

/** What this isolate was asked for, made at the first request: bindings are the same for an isolate's whole life. */
export function isolateUsage(env: Env): Usage {
  usage ??= usageIn(env);
  return usage;
}

/** @internal Tests make one for other bindings than the isolate's. */
export const usageIn = (env: Env): Usage =>
  new Usage({
    name: () => crypto.randomUUID(),
    wait: (ms) => scheduler.wait(ms),
    // On Free each report would take rows that kills may need.
    report: (project, environment, report) =>
      isFree(env) ? Promise.resolve(null) : flagStore(env, project).noteUsage(environment, report),
  });
