import { z } from "@hono/zod-openapi";
import { type ScheduleView, scheduleBody, scheduleView } from "../../../shared/schema/schedule.ts";
import { flagStore } from "../../objects/stubs.ts";
import { execute, found, written } from "../kernel/execute.ts";
import { acknowledging, adminRoute, body, EXPOSURE, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";

const ENVIRONMENT = "/projects/{project}/environments/{environment}" as const;
const SCHEDULES = `${ENVIRONMENT}/flags/{flag}/schedules` as const;
const scheduleParams = params.state.extend({ id: z.string().max(100) });
const list = json(z.object({ schedules: z.array(scheduleView) }), "By their time; those that are over for 90 days");

/** Changes of a flag's state that wait for their time. */
export const schedules = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: `${ENVIRONMENT}/schedules`,
      tags: ["Schedules"],
      summary: "What is, and was, scheduled in an environment.",
      request: { params: params.environment },
      responses: { 200: list },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const all = await flagStore(c.env, project).listSchedules(environment);
      return c.json({ schedules: found(c, all, "environment", environment) }, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: SCHEDULES,
      tags: ["Schedules"],
      summary: "What is, and was, scheduled for a flag in one environment.",
      request: { params: params.state },
      responses: { 200: list },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const store = flagStore(c.env, project);
      found(c, await store.getFlag(flag), "flag", flag);
      c.header("ETag", undefined);
      const all = await store.listSchedules(environment, flag);
      return c.json({ schedules: found(c, all, "environment", environment) }, 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: SCHEDULES,
      tags: ["Schedules"],
      summary: "Schedule a change of a flag's state.",
      description:
        "The patch must be valid today and is checked again when its time comes: what no longer fits then is marked failed, with the reason, and changes nothing. So is one that would undo what somebody changed of the patched fields after it was made, unless it says `applyAnyway`; what earlier schedules changed is no such thing. A schedule works beneath a kill and never lifts one. A wall-clock time that clocks skip is moved on by as much as they are; of one that they show twice, the first is meant. What it does needs the right of its maker, now and at its time.",
      request: { params: params.state, query: acknowledging, headers: writeHeaders, body: body(scheduleBody) },
      responses: { 201: json(scheduleView, "Waits for its time") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { at, patch, comment, applyAnyway } = c.req.valid("json");
      const acknowledgeExposure = c.req.valid("query").acknowledge === EXPOSURE;
      const asked = { at, patch, acknowledgeExposure, applyAnyway };
      const command = { type: "createSchedule", environment, flag, ...asked } as const;
      const { view } = written<ScheduleView>(c, await execute(c, project, command, { comment }));
      return c.json(view, 201);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "delete",
      path: `${SCHEDULES}/{id}`,
      tags: ["Schedules"],
      summary: "Cancel a schedule. It stays in the list as cancelled; 409 once it has happened.",
      request: { params: scheduleParams, headers: writeHeaders },
      responses: { 204: { description: "Cancelled" } },
    }),
    async (c) => {
      const { project, environment, flag, id } = c.req.valid("param");
      await execute(c, project, { type: "cancelSchedule", environment, flag, id });
      return c.body(null, 204);
    },
  );
