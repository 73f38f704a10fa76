import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { canaryPlan, USUAL_GUARDS } from "../../shared/release/presets.ts";
import { eventOf } from "../../shared/schema/series.ts";
import { DEFAULT_GOAL_EVENT, DEFAULT_OUTCOME_EVENT } from "../../shared/telemetry/default-events.ts";

// What people copy from an example has to reach the guards that a preset or a form sets up.

const EXAMPLES = [
  "README.md",
  "docs/telemetry.md",
  "docs/guide-engineers.md",
  "client/telemetry/openfeature-telemetry.ts",
  "demo/checkout/shop.ts",
];

/** Names in calls and in JSON under which outcomes are reported. */
function outcomesIn(text: string): string[] {
  const calls = [...text.matchAll(/\.outcome\(\s*("[^"]*"|DEFAULT_OUTCOME_EVENT)/g)].map(([, name]) => name ?? "");
  const events = [...text.matchAll(/"type": "outcome".*?"metric": ("[^"]*")/g)].map(([, name]) => name ?? "");
  return [...calls, ...events].map((name) => (name === "DEFAULT_OUTCOME_EVENT" ? name : JSON.parse(name)));
}

test.each(EXAMPLES)("%s reports outcomes under the name that guards listen for", async (file) => {
  const names = outcomesIn(await readFile(file, "utf8"));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(["DEFAULT_OUTCOME_EVENT", DEFAULT_OUTCOME_EVENT]).toContain(name);
});

test("presets listen for the default event, which an event without a name has", () => {
  expect(new Set(USUAL_GUARDS.map(eventOf))).toEqual(new Set([DEFAULT_OUTCOME_EVENT]));
  for (const { guards } of canaryPlan({ variant: "on", baseline: "off" }).stages)
    for (const guard of guards) expect(eventOf(guard)).toBe(DEFAULT_OUTCOME_EVENT);
  expect([DEFAULT_OUTCOME_EVENT, DEFAULT_GOAL_EVENT]).toEqual(["outcome", "conversion"]);
});
