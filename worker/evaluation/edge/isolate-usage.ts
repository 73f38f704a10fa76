import type { Env } from "../../env.ts";
import { flagStore } from "../../objects/stubs.ts";
import { Usage } from "./usage.ts";

let usage: Usage | undefined;

/** What this isolate was asked for, made at the first request: bindings are the same for an isolate's whole life. */
export function isolateUsage(env: Env): Usage {
  usage ??= new Usage({
    name: () => crypto.randomUUID(),
    wait: (ms) => scheduler.wait(ms),
    report: (project, environment, report) => flagStore(env, project).noteUsage(environment, report),
  });
  return usage;
}
