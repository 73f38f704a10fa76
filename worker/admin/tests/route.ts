import { z } from "@hono/zod-openapi";
import {
  type TestView,
  testActionWrite,
  testStageWrite,
  testView,
  testWrite,
} from "../../../shared/schema/test-admin.ts";
import { testResults } from "../../../shared/schema/test-results.ts";
import { SYNTHETIC_HEADER } from "../../crypto/synthetic.ts";
import { flagStore } from "../../objects/stubs.ts";
import { execute, found, written } from "../kernel/execute.ts";
import { acknowledging, adminRoute, body, EXPOSURE, json, params, writeHeaders } from "../kernel/route.ts";
import { router } from "../kernel/router.ts";
import { resultsCsv, resultsOf } from "./results.ts";

const ENVIRONMENT = "/projects/{project}/environments/{environment}" as const;
const FLAG = `${ENVIRONMENT}/flags/{flag}` as const;
const TEST = `${FLAG}/test` as const;

/** Fake doors, dark launches and Wizards of Oz: their settings, their life and what they show. */
export const tests = router()
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: `${ENVIRONMENT}/tests`,
      tags: ["Tests"],
      summary: "The tests of an environment.",
      request: { params: params.environment },
      responses: { 200: json(z.object({ tests: z.array(testView) }), "In the order of their flags") },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const all = await flagStore(c.env, project).listTests(environment);
      return c.json({ tests: found(c, all, "environment", environment) }, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: TEST,
      tags: ["Tests"],
      summary: "A flag's test in one environment.",
      request: { params: params.state },
      responses: { 200: json(testView, "The test") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      return c.json(found(c, await flagStore(c.env, project).getTest(environment, flag), "test", flag), 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "put",
      path: TEST,
      tags: ["Tests"],
      summary: "Make a test, with its flag when there is none, or change one that is not running.",
      description:
        "The flag is of the test's purpose, boolean, and seen by those only who are in the test. A dark launch may be changed at any stage.",
      request: { params: params.state, query: acknowledging, headers: writeHeaders, body: body(testWrite) },
      responses: { 200: json(testView, "Changed"), 201: json(testView, "Made") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { settings, description, comment } = c.req.valid("json");
      const acknowledgeExposure = c.req.valid("query").acknowledge === EXPOSURE;
      const command = { type: "putTest", environment, flag, settings, description, acknowledgeExposure } as const;
      const { view, status } = written<TestView>(c, await execute(c, project, command, { comment }));
      return c.json(view, status);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "delete",
      path: TEST,
      tags: ["Tests"],
      summary: "Delete a test that is not running, with everything it counted. Its flag stays, off.",
      request: { params: params.state, headers: writeHeaders },
      responses: { 204: { description: "Deleted" } },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      await execute(c, project, { type: "deleteTest", environment, flag });
      return c.body(null, 204);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${TEST}/start`,
      tags: ["Tests"],
      summary: "Start a fake door or a Wizard of Oz. Each start counts anew.",
      request: { params: params.state, query: acknowledging, headers: writeHeaders, body: body(testActionWrite) },
      responses: { 200: json(testView, "Running") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { comment } = c.req.valid("json");
      const acknowledgeExposure = c.req.valid("query").acknowledge === EXPOSURE;
      const command = { type: "startTest", environment, flag, acknowledgeExposure } as const;
      const reply = await execute(c, project, command, { comment });
      return c.json(written<TestView>(c, reply).view, 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${TEST}/stop`,
      tags: ["Tests"],
      summary: "Stop a test: nobody is shown it any more. What it counted stays.",
      request: { params: params.state, headers: writeHeaders, body: body(testActionWrite) },
      responses: { 200: json(testView, "Stopped") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { comment } = c.req.valid("json");
      const command = { type: "stopTest", environment, flag, reason: "person" } as const;
      return c.json(written<TestView>(c, await execute(c, project, command, { comment })).view, 200);
    },
  )
  .openapi(
    adminRoute("marketer", {
      method: "post",
      path: `${TEST}/stage`,
      tags: ["Tests"],
      summary: "Take a dark launch to a stage: off, synthetic, segment, staff, percent. Each includes those before it.",
      request: { params: params.state, query: acknowledging, headers: writeHeaders, body: body(testStageWrite) },
      responses: { 200: json(testView, "At that stage") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const { stage, comment } = c.req.valid("json");
      const acknowledgeExposure = c.req.valid("query").acknowledge === EXPOSURE;
      const command = { type: "stageTest", environment, flag, stage, acknowledgeExposure } as const;
      return c.json(written<TestView>(c, await execute(c, project, command, { comment })).view, 200);
    },
  )
  .openapi(
    adminRoute("viewer", {
      method: "get",
      path: `${FLAG}/results`,
      tags: ["Tests"],
      summary: "What a test has shown so far; as CSV with ?format=csv.",
      description:
        "Distinct browsers, which are not quite people: somebody with two counts twice unless a server key has joined them. The interval may be looked at at any time.",
      request: { params: params.state, query: z.object({ format: z.enum(["json", "csv"]).default("json") }) },
      responses: { 200: json(testResults, "Figures, and the decision in one sentence") },
    }),
    async (c) => {
      const { project, environment, flag } = c.req.valid("param");
      const test = found(c, await flagStore(c.env, project).getTest(environment, flag), "test", flag);
      c.header("ETag", undefined);
      const results = await resultsOf(c.env, project, test, Date.now());
      if (c.req.valid("query").format === "json") return c.json(results, 200);
      return c.body(resultsCsv(results), 200, {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": `attachment; filename="${flag}-${environment}.csv"`,
      }) as never;
    },
  )
  .openapi(
    adminRoute("engineer", {
      method: "get",
      path: `${ENVIRONMENT}/synthetic-key`,
      tags: ["Tests"],
      summary: "The secret that signs synthetic traffic of an environment.",
      request: { params: params.environment },
      responses: {
        200: json(
          z.object({ header: z.string(), key: z.string() }),
          "`t={ms},v1={HMAC-SHA-256 of ms, hex}` goes into the header",
        ),
      },
    }),
    async (c) => {
      const { project, environment } = c.req.valid("param");
      const key = found(c, await flagStore(c.env, project).syntheticKey(environment), "environment", environment);
      return c.json({ header: SYNTHETIC_HEADER, key: key.key }, 200, { "Cache-Control": "no-store" });
    },
  );
