import { expect, test } from "vitest";
import { planDefinition } from "../schema/plan.ts";
import { blueGreenPlan, canaryPlan } from "./presets.ts";

const preset = { variant: "on", baseline: "off" };

test.each([
  ["canary", canaryPlan({ ...preset, staff: "staff" })],
  ["canary without staff", canaryPlan(preset)],
  ["canary without guards", canaryPlan({ ...preset, guards: [] })],
  ["blue-green", blueGreenPlan(preset)],
  ["blue-green with a holdback", blueGreenPlan(preset, 5_000)],
])("the preset %s is a valid plan with every default spelt out", (_name, plan) => {
  expect(planDefinition.parse(plan)).toEqual(plan);
});

test("canary goes staff → 1 → 10 → 50 → 100 %, blue-green to everybody at once", () => {
  const audiences = (plan: { stages: { audience: object }[] }) => plan.stages.map(({ audience }) => audience);
  expect(audiences(canaryPlan({ ...preset, staff: "crew" }))).toEqual([
    { segment: "crew" },
    { share: 1_000 },
    { share: 10_000 },
    { share: 50_000 },
    { share: 100_000 },
  ]);
  expect(audiences(blueGreenPlan(preset))).toEqual([{ share: 100_000 }]);
});
