import { z } from "@hono/zod-openapi";
import { dependantsOf } from "../../../shared/evaluation/graph.ts";
import {
  archiveBody,
  flagView,
  flagWrite,
  killBody,
  mergePatch,
  restoreBody,
  splitWrite,
  stateView,
  stateWrite,
} from "../../../shared/schema/admin.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import type { BreakGlass } from "../../../shared/schema/pointer.ts";
import { ProblemError } from "../../http/problem.ts";
import { readBreakGlass, removeBreakGlassKills } from "../../kv/break-glass.ts";
import { log } from "../../log.ts";
import { flagStore } from "../../objects/stubs.ts";
import { within } from "../../within.ts";
import { execute, found, written } from "../kernel/execute.ts";
import {
  acknowledging,
  adminRoute,
  body,
  EXPOSURE,
  json,
  optionalBody,
  params,
  writeHeaders,
} from "../kernel/route.ts";
import { router } from "../kernel/router.ts";
import { draftOf } from "../playground/drafts.ts";

type FlagView = z.infer<typeof flagView>;
type StateView = z.infer<typeof stateView>;

/** A browser is answered FLAG_NOT_FOUND, as for a key that nobody has, and cannot be told why. */
const notesOnNew = ({ key, visibility }: FlagView): string[] =>
  visibility === "server-only"
    ? [
        `Client keys (browsers, mobile apps) are answered FLAG_NOT_FOUND for "${key}", since its visibility is "server-only". Set "public" or "targeted" to serve it to them.`,
      ]
    : [];

/** KV is waited for this long (ms). */
const KV_TIMEOUT_MS = 3_000;
const flagQuery = acknowledging.extend({
  reuse: z.enum(["true", "false"]).optional().meta({ description: "Use an archived key again" }),
});
const listQuery = z.object({
  archived: z.enum(["true", "false"]).optional().meta({ description: "List the archived ones instead" }),
});
const dependants = z.object({
  flags: z.array(z.string()),
  direct: z.array(z.string()).meta({ description: "Those that name it themselves" }),
});
const FLAG = "/projects/{project}/flags/{flag}" as const;
const STATE = "/projects/{project}/environments/{environment}/flags/{flag}" as const;
const flagAnswers = { 200: json(flagView, "Changed"), 201: json(flagView, "Made") };
const stateAnswers = { 200: json(stateView, "The state as it now stands"), 201: json(stateView, "Made") };

export const flags = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: "/projects/{project}/flags",
      tags: ["Flags"],
      summary: "List flags, each with a summary per environment.",
      request: { params: params.project, query: listQuery },
      responses: { 200: json(z.object({ flags: z.array(flagView) }), "In key order") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const archived = c.req.valid("query").archived === "true";
      return c.json({ flags: found(c, await flagStore(c.env, project).listFlags(archived), "project", project) }, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: FLAG,
      tags: ["Flags"],
      summary: "Read a flag.",
      request: { params: params.flag },
      responses: { 200: json(flagView, "The flag") },
    }),
    async (c) => {
      const { project, flag } = c.req.valid("param");
      return c.json(found(c, await flagStore(c.env, project).getFlag(flag), "flag", flag), 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "put",
      path: FLAG,
      tags: ["Flags"],
      summary: "Make a flag, or replace its definition. New flags are off everywhere.",
      request: { params: params.flag, query: flagQuery, headers: writeHeaders, body: body(flagWrite) },
      responses: flagAnswers,
    }),
    async (c) => {
      const { project, flag } = c.req.valid("param");
      const { acknowledge: acknowledged, reuse } = c.req.valid("query");
      const { value: definition, comment } = splitWrite(c.req.valid("json"));
      const command = {
        type: "putFlag",
        flag,
        definition,
        reuse: reuse === "true",
        acknowledgeExposure: acknowledged === EXPOSURE,
      } as const;
      const { view, status } = written<FlagView>(c, await execute(c, project, command, { comment }));
      const notes = status === 201 ? notesOnNew(view) : [];
      return c.json(notes.length > 0 ? { ...view, notes } : view, status);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "patch",
      path: FLAG,
      tags: ["Flags"],
      summary: "Change parts of a flag's definition (JSON merge patch).",
      request: { params: params.flag, query: acknowledging, headers: writeHeaders, body: body(mergePatch) },
      responses: flagAnswers,
    }),
    async (c) => {
      const { project, flag } = c.req.valid("param");
      const { patch, comment } = splitPatch(c.req.valid("json"));
      const command = {
        type: "patchFlag",
        flag,
        patch,
        acknowledgeExposure: c.req.valid("query").acknowledge === EXPOSURE,
      } as const;
      const { view, status } = written<FlagView>(c, await execute(c, project, command, { comment }));
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "delete",
      path: FLAG,
      tags: ["Flags"],
      summary: "Archive a flag. Its key is not silently used again.",
      request: { params: params.flag, headers: writeHeaders },
      responses: { 204: { description: "Archived" } },
    }),
    async (c) => {
      const { project, flag } = c.req.valid("param");
      await execute(c, project, { type: "archiveFlag", flag });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: "/projects/{project}/flags/archive",
      tags: ["Flags"],
      summary: "Archive several flags, all or none, as one revision that one revert undoes.",
      request: { params: params.project, headers: writeHeaders, body: body(archiveBody) },
      responses: { 200: json(z.object({ revision: z.int() }), "Archived") },
    }),
    async (c) => {
      const { project } = c.req.valid("param");
      const { flags: keys, comment } = c.req.valid("json");
      const { revision } = await execute(c, project, { type: "archiveFlags", flags: keys }, { comment });
      return c.json({ revision }, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: STATE,
      tags: ["Flags"],
      summary: "Read a flag's state in one environment.",
      request: { params: params.state },
      responses: { 200: json(stateView, "The state") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      return c.json(
        found(c, (await flagStore(c.env, project).getState(environment, flag)) as StateView | null, "flag", flag),
        200,
      );
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "put",
      path: STATE,
      tags: ["Flags"],
      summary: "Replace a flag's state in one environment.",
      request: { params: params.state, query: acknowledging, headers: writeHeaders, body: body(stateWrite) },
      responses: stateAnswers,
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { value: state, comment } = splitWrite(c.req.valid("json"));
      const acknowledgeExposure = c.req.valid("query").acknowledge === EXPOSURE;
      const command = { type: "putState", environment, flag, state, acknowledgeExposure } as const;
      const { view, status } = written<StateView>(c, await execute(c, project, command, { comment }));
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "patch",
      path: STATE,
      tags: ["Flags"],
      summary: 'Change parts of a state (JSON merge patch): {"enabled": true} toggles.',
      request: { params: params.state, query: acknowledging, headers: writeHeaders, body: body(mergePatch) },
      responses: stateAnswers,
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { patch, comment } = splitPatch(c.req.valid("json"));
      const acknowledgeExposure = c.req.valid("query").acknowledge === EXPOSURE;
      const command = { type: "patchState", environment, flag, patch, acknowledgeExposure } as const;
      const { view, status } = written<StateView>(c, await execute(c, project, command, { comment }));
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: `${STATE}/dependants`,
      tags: ["Flags"],
      summary:
        "Flags that depend on this one in an environment, also through others: killing it switches them off too.",
      request: { params: params.state },
      responses: { 200: json(dependants, "In key order") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { flags } = found(c, await draftOf(c.env, project, environment), "environment", environment);
      const directly = dependantsOf(new Map(Object.entries(flags).map(([key, one]) => [key, one.state])));
      const reached = new Set<string>();
      for (const next: string[] = [flag]; next.length > 0; ) {
        for (const key of directly.get(next.pop() as string) ?? []) {
          if (!reached.has(key)) next.push(key);
          reached.add(key);
        }
      }
      return c.json({ flags: [...reached].sort(), direct: [...(directly.get(flag) ?? [])].sort() }, 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${STATE}/kill`,
      tags: ["Stop button"],
      summary: "Stop a flag, or one variant of it, now. Needs no version; repeats harmlessly.",
      request: { params: params.state, headers: writeHeaders, body: optionalBody(killBody) },
      responses: stateAnswers,
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { comment, variant, onsetAt } = c.req.valid("json");
      const command = {
        type: "kill",
        environment,
        flag,
        ...(variant === undefined ? {} : { variant }),
        ...(onsetAt === undefined ? {} : { onsetAt }),
      } as const;
      const { view } = written<StateView>(c, await execute(c, project, command, { comment }));
      return c.json(view, 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${STATE}/restore`,
      tags: ["Stop button"],
      summary: "Lift a flag's kills. Nothing else ever does.",
      request: { params: params.state, headers: writeHeaders, body: optionalBody(restoreBody) },
      responses: stateAnswers,
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { comment, variant } = c.req.valid("json");
      const lane = await emergencies(c.env.SNAPSHOTS, project);
      const breakGlassIds = (lane.environments[environment] ?? [])
        .filter((kill) => kill.flag === flag && (variant === undefined || kill.variant === variant))
        .map((kill) => kill.id);
      const named = variant === undefined ? {} : { variant };
      const command = { type: "restore", environment, flag, breakGlassIds, ...named } as const;
      const reply = await execute(c, project, command, { comment });
      const { view } = written<StateView>(c, reply);
      // A request that is sent again lifts nothing that was pressed after the first one.
      if (reply.replayed) return c.json(view, 200);
      // The tombstones hold already; what cannot be cleaned now, the store cleans before it forgets them.
      const cleaning = removeBreakGlassKills(c.env.SNAPSHOTS, project, breakGlassIds);
      c.executionCtx.waitUntil(
        cleaning.catch((error) => log({ event: "break-glass-not-cleaned", project, error: String(error) })),
      );
      return c.json(view, 200);
    },
  );

/** Administration fails closed: a restore that cannot see the break-glass kills could not lift them. */
async function emergencies(namespace: KVNamespace, project: Slug): Promise<BreakGlass> {
  const whole = readBreakGlass(namespace, project).then((lane) => {
    if (!lane.whole) throw new Error("KV did not list the kills");
    return lane;
  });
  return within(KV_TIMEOUT_MS, whole).catch((error: unknown) => {
    log({ event: "break-glass-unreadable", project, error: String(error) });
    const detail = "The break-glass kills cannot be read, so they could not be lifted. Nothing was changed; try again.";
    throw new ProblemError(503, "kv-unavailable", "KV did not answer", { detail }, { "Retry-After": "5" });
  });
}

/** A patch may carry the change's comment beside the fields it changes. */
function splitPatch(body: z.infer<typeof mergePatch>) {
  const { comment, ...patch } = body;
  return { patch, comment: typeof comment === "string" ? comment : "" };
}
