import { expect, test } from "vitest";
import { planProblem, readPlan } from "./plan.ts";

test.each([
  [undefined, "paid"],
  ["", "paid"],
  ["free", "free"],
  [" Free ", "free"],
  ["PAID", "paid"],
])("PLAN = %j is %s", (setting, plan) => {
  expect([readPlan(setting), planProblem(setting)]).toEqual([plan, null]);
});

test.each(["fre", "true", "bundled"])("PLAN = %j is none, and the words say what to write", (setting) => {
  expect(readPlan(setting)).toBeNull();
  expect(planProblem(setting)).toContain('PLAN = "free"');
});
