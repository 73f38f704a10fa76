import { z } from "@hono/zod-openapi";
import { compile } from "../../../shared/evaluation/compile/compile.ts";
import { dialects } from "../../../shared/evaluation/dialects/dialects.ts";
import { Effort, EXPLAIN_EFFORT, TooMuchToExplain } from "../../../shared/evaluation/explain/effort.ts";
import { type Explanation, explainEach } from "../../../shared/evaluation/explain/explain.ts";
import { re2 } from "../../../shared/evaluation/operators/regex/regex.ts";
import { evaluate, prepare } from "../../../shared/evaluation/run/evaluate.ts";
import { ifOn, type Reach, reachInSlices } from "../../../shared/flags/reach.ts";
import type { ReachWorld } from "../../../shared/flags/reach-world.ts";
import { LIMITS } from "../../../shared/limits.ts";
import { ownOf } from "../../../shared/own.ts";
import {
  evaluateBody,
  type ReachView,
  reachBody,
  reachReply,
  sampleBody,
  sampleReply,
} from "../../../shared/schema/admin.ts";
import { json as jsonValue, key } from "../../../shared/schema/primitives.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import { isolateLists, LIST_PATIENCE_MS, listsOf } from "../../evaluation/edge/list-memory.ts";
import { edgeAttributes } from "../../http/edge-attributes.ts";
import { ProblemError } from "../../http/problem.ts";
import { settleState } from "../../objects/flag-store/decide/state-checks.ts";
import { flagStore } from "../../objects/stubs.ts";
import { found } from "../kernel/execute.ts";
import { adminRoute, body, json, params } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";
import { draftOf } from "./drafts.ts";

const explanation = z
  .looseObject({
    key,
    value: jsonValue.optional(),
    variant: key.nullable(),
    reason: z.string(),
    ruleId: key.nullable(),
  })
  .meta({ id: "Explanation", description: "A flag's value for this context and how each condition came out" });
/** Tests, and contexts of a sample, between two moments at which evaluations of others get the thread. */
const TESTS_A_TURN = 20_000;
const CONTEXTS_A_TURN = 10;
const answer = z.object({ revision: z.int(), flags: z.array(explanation) });

/** Evaluated on what is committed, published or not: a look, that counts nowhere. */
export const playground = router()
  .openapi(
    adminRoute("viewer", {
      method: "post",
      path: "/projects/{project}/environments/{environment}/evaluate",
      tags: ["Playground"],
      summary: "Evaluate every flag for a context and say why.",
      description: "Without `edge` in the context, the request's own edge attributes are used.",
      request: { params: params.environment, body: body(evaluateBody) },
      responses: { 200: json(answer, "In key order") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const { context, flag } = c.req.valid("json");
      requireEvaluable("context", context);
      const snapshot = found(c, await draftOf(c.env, project, environment), "environment", environment);
      const full = "edge" in context ? context : { ...context, edge: edgeAttributes(c.req.raw) };
      const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
      const lists = isolateLists(c.env);
      const memberships = await lists.memberships(project, listsOf(snapshot), full, waitUntil, LIST_PATIENCE_MS);
      const effort = new Effort(EXPLAIN_EFFORT);
      const each = explainEach(snapshot, snapshot.kills, full, Date.now(), re2, memberships, { only: flag, effort });
      const flags = (await inTurns(each, effort)) as unknown as z.infer<typeof explanation>[];
      return c.json({ revision: snapshot.revision, flags }, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "post",
      path: "/projects/{project}/environments/{environment}/flags/{flag}/sample",
      tags: ["Playground"],
      summary: "Who would get what: one flag for many contexts, as it is and as it would be.",
      description: "A state that is sent along is settled as saving it would do, so that nobody moves who need not.",
      request: { params: params.state, body: body(sampleBody) },
      responses: { 200: json(sampleReply, "In the order of the contexts") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { contexts, state } = c.req.valid("json");
      for (const [index, context] of contexts.entries()) requireEvaluable(`contexts.${index}`, context);
      const snapshot = found(c, await draftOf(c.env, project, environment), "environment", environment);
      const definition = found(c, await flagStore(c.env, project).getFlag(flag), "flag", flag);
      c.header("ETag", undefined);
      const current = snapshot.flags[flag];
      if (!current) throw new ProblemError(404, "flag-not-found", `There is no flag "${flag}" here`);
      const waitUntil = (work: Promise<unknown>) => c.executionCtx.waitUntil(work);
      const listed = (context: object) =>
        isolateLists(c.env).memberships(project, listsOf(snapshot), context, waitUntil, LIST_PATIENCE_MS);
      const edge = edgeAttributes(c.req.raw);
      const all = contexts.map((context) => ("edge" in context ? context : { ...context, edge }));
      const look = async (flags: typeof snapshot.flags) => {
        const compiled = compile({ ...snapshot, flags }, re2, dialects);
        const got: z.infer<typeof sampleReply>["before"] = [];
        for (const [index, context] of all.entries()) {
          if (index % CONTEXTS_A_TURN === 0) await scheduler.wait(0);
          const outcome = evaluate(compiled, flag, prepare(compiled, context, Date.now(), await listed(context)));
          got.push({
            variant: outcome?.variant ?? null,
            cause: outcome?.cause ?? "fallthrough",
            ruleId: outcome?.ruleId ?? null,
          });
        }
        return got;
      };
      const before = await look(snapshot.flags);
      const settled = state && settleState(state, definition, current.state);
      const after = settled ? await look({ ...snapshot.flags, [flag]: { ...current, state: settled } }) : null;
      return c.json({ revision: snapshot.revision, before, after }, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "post",
      path: "/projects/{project}/environments/{environment}/flags/{flag}/reach",
      tags: ["Playground"],
      summary: "Whom a flag reaches, as it is and as it would be, and how that was reckoned.",
      description:
        "Prerequisites, holdout, layer, rules in order and splits, exactly. Rules by attributes or segments are groups by name: how many users they pick is not known.",
      request: { params: params.state, body: body(reachBody) },
      responses: { 200: json(reachReply, "Shares from 0 to 1 of the users whom no rule singles out") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { state, ifOn: asIfOn } = c.req.valid("json");
      const snapshot = found(c, await draftOf(c.env, project, environment), "environment", environment);
      const definition = found(c, await flagStore(c.env, project).getFlag(flag), "flag", flag);
      c.header("ETag", undefined);
      const current = ownOf(snapshot.flags, flag);
      if (!current) throw new ProblemError(404, "flag-not-found", `There is no flag "${flag}" here`);
      const now = Date.now();
      const settled = state && settleState(state, definition, current.state);
      const draft = settled && { ...snapshot, flags: { ...snapshot.flags, [flag]: { ...current, state: settled } } };
      const reckoned = async (of: Snapshot): Promise<ReachView | null> => {
        const world = reachWorldOf(of);
        const reach = await inSlices(reachInSlices(asIfOn ? ifOn(world, flag) : world, flag, now));
        return reach && (structuredClone(reach) as ReachView);
      };
      const before = await reckoned(snapshot);
      const after = draft ? await reckoned(draft) : null;
      return c.json({ revision: snapshot.revision, before, after }, 200);
    },
  );

/** The environment as reach is reckoned from it. */
function reachWorldOf({ flags, segments, layers, holdouts, kills }: Snapshot): ReachWorld {
  const killsOf = Map.groupBy(kills, ({ flag }) => flag);
  return {
    flag: (key) => {
      const flag = ownOf(flags, key);
      return flag && { ...flag, variants: Object.keys(flag.variants) };
    },
    segment: (key) => {
      const segment = ownOf(segments, key);
      return segment && { when: segment.when, included: segment.included, listed: segment.list?.count ?? 0 };
    },
    layer: (key) => ownOf(layers, key),
    holdout: (key) => ownOf(holdouts, key),
    kills: (key) => killsOf.get(key) ?? [],
  };
}

const invalid = (field: string, message: string) =>
  new ProblemError(422, "invalid", "Some fields are not valid", { errors: [{ field, message }] });

/** Evaluation takes no larger context either, so nothing would be learned of one. */
function requireEvaluable(field: string, context: object): void {
  const most = LIMITS.evaluationBodyBytes;
  const bytes = new TextEncoder().encode(JSON.stringify(context)).byteLength;
  if (bytes > most) throw invalid(field, `is ${bytes} bytes of JSON; evaluation takes at most ${most}`);
}

/** Evaluations of others have the thread before each slice. */
async function inSlices(slices: Generator<undefined, Reach | null>): Promise<Reach | null> {
  for (;;) {
    await scheduler.wait(0);
    const { done, value } = slices.next();
    if (done) return value;
  }
}

/** Explains flag by flag, and lets evaluations of others have the thread in between. */
async function inTurns(each: Iterable<Explanation>, effort: Effort): Promise<Explanation[]> {
  const explained: Explanation[] = [];
  let pausedAt = 0;
  try {
    for (const one of each) {
      explained.push(one);
      if (effort.done - pausedAt < TESTS_A_TURN) continue;
      pausedAt = effort.done;
      await scheduler.wait(0);
    }
    return explained;
  } catch (error) {
    if (!(error instanceof TooMuchToExplain)) throw error;
    throw invalid(
      "context",
      "its arrays and texts meet too many conditions to explain them all; shorten them, or name one flag in `flag`",
    );
  }
}
