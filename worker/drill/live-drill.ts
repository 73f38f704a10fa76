import { evaluate, prepare } from "../../shared/evaluation/run/evaluate.ts";
import type { Actor } from "../../shared/schema/admin.ts";
import { CANARY_FLAG, DRILL_ACTOR, type DrillRun } from "../../shared/schema/drill.ts";
import { type Slug, storedSlug } from "../../shared/schema/names.ts";
import type { Env } from "../env.ts";
import { isolateColo, isolateEdge } from "../evaluation/edge/isolate.ts";
import { log } from "../log.ts";
import type { Command } from "../objects/flag-store/commands.ts";
import { directory, flagStore } from "../objects/stubs.ts";
import { runDrill } from "./drill.ts";

const ACTOR: Actor = { type: "system", id: DRILL_ACTOR, name: "The kill drill", role: "engineer" };
const CANARY = {
  type: "boolean",
  purpose: "ops",
  variants: { on: true, off: false },
  offVariant: "off",
  visibility: "server-only",
  seed: CANARY_FLAG,
  description: "Killed and restored by the kill drill, to know that the stop button works. No code asks for it.",
  owner: "",
  tags: [],
} as const;

/**
 * Exercises the stop button of one environment through this isolate's own edge, which learns of the kill as every other
 * does: by its pointer. The run is recorded in the store, where a failed one is an event.
 */
export async function liveDrill(
  env: Env,
  project: Slug,
  environment: Slug,
  waitUntil: (work: Promise<unknown>) => void,
  request?: Request,
): Promise<DrillRun> {
  const edge = isolateEdge(env, request);
  const send = async (command: Command, comment = "kill drill") => {
    const result = await flagStore(env, project).execute({
      id: `drill/${crypto.randomUUID()}`,
      project,
      actor: ACTOR,
      comment,
      command,
    });
    if (!result.ok) throw new Error(`${command.type} was refused: ${result.rejection.code}`);
  };
  const at = { environment, flag: CANARY_FLAG };
  const run = await runDrill({
    now: () => Date.now(),
    wait: (ms) => scheduler.wait(ms),
    async prepare() {
      await send({
        type: "putFlag",
        flag: CANARY_FLAG,
        definition: { ...CANARY, variants: { ...CANARY.variants }, tags: [] },
        reuse: true,
      });
      await send({ type: "patchState", ...at, patch: { enabled: true, fallthrough: { variant: "on" } } });
      // One that a broken drill has left.
      await send({ type: "restore", ...at });
    },
    kill: () => send({ type: "kill", ...at }),
    restore: () => send({ type: "restore", ...at }),
    async servedKilled() {
      const known = await edge.current(project, environment, waitUntil, { vouched: true });
      if (typeof known === "string") return null;
      const outcome = evaluate(
        known.compiled,
        CANARY_FLAG,
        prepare(known.compiled, { targetingKey: "drill" }, Date.now()),
      );
      return outcome ? outcome.variant !== "on" : null;
    },
    colo: () => isolateColo() ?? "unknown",
  });
  log({
    event: "drill",
    project,
    environment,
    outcome: run.outcome,
    killMs: run.killMs ?? undefined,
    problem: run.problem,
  });
  await send({ type: "recordDrill", environment, run }, run.problem ?? "");
  return run;
}

/** Projects whose drill a cron looks after at a time; others follow at the next. */
const MAX_DRILLS = 20;

/** All drills that are due, one after the other: they measure, so they should not disturb each other. */
export async function dueDrills(env: Env, waitUntil: (work: Promise<unknown>) => void): Promise<void> {
  let drills = 0;
  for (const { key } of await directory(env).listProjects()) {
    const project = storedSlug(key);
    try {
      for (const environment of (await flagStore(env, project).drillsDue()) ?? []) {
        if (++drills > MAX_DRILLS) return;
        await liveDrill(env, project, storedSlug(environment), waitUntil);
      }
    } catch (error) {
      log({ event: "drill-unrecorded", project, error: String(error) });
    }
  }
}
