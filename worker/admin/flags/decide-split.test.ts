import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SPLIT_TOTAL } from "../../../shared/limits.ts";
import type { Range, Serve } from "../../../shared/schema/flag.ts";
import { aFlag, aSplit, everybody, FakeProject } from "../../testing/fake-project.ts";

const at = { environment: "production", flag: "checkout" };
const VARIANTS = ["on", "off", "blue"] as const;

function shop(): FakeProject {
  const project = FakeProject.with("staging", "production");
  project.must({ type: "putFlag", flag: "checkout", definition: aFlag() });
  return project;
}
const rangesOf = (serve: Serve | undefined): Range[] => (serve && "split" in serve && serve.ranges) || [];
const ruleRanges = (project: FakeProject, rule = 0, environment = "production") =>
  rangesOf(project.get("state", environment, "checkout")?.body.rules[rule]?.serve);
const share = (project: FakeProject, id: string, ...weights: [string, number][]) =>
  project.must({
    type: "patchState",
    ...at,
    patch: { rules: [{ id, when: everybody, serve: aSplit(...weights) }] as never },
  });

/** Which variant owns a part. */
const owner = (ranges: Range[], part: number) => ranges.find(({ from, to }) => from <= part && part < to)?.variant;
const owned = (ranges: Range[], variant: string) =>
  ranges.filter((range) => range.variant === variant).reduce((sum, { from, to }) => sum + to - from, 0);

/** Parts that changed hands, by (from, to). */
function moves(before: Range[], after: Range[]): { from: string; to: string; parts: number }[] {
  const edges = [...new Set([...before, ...after].flatMap(({ from, to }) => [from, to]))].sort((a, b) => a - b);
  const moved: { from: string; to: string; parts: number }[] = [];
  for (const [index, edge] of edges.slice(0, -1).entries()) {
    const [from, to] = [owner(before, edge) ?? "", owner(after, edge) ?? ""];
    if (from !== to) moved.push({ from, to, parts: (edges[index + 1] ?? 0) - edge });
  }
  return moved;
}
const weights = fc
  .tuple(fc.integer({ min: 0, max: SPLIT_TOTAL }), fc.integer({ min: 0, max: SPLIT_TOTAL }))
  .map(([a, b]) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    return [low, high - low, SPLIT_TOTAL - high] as const;
  });

test("a weight edit moves exactly the sum of the increases, and only from shrinking to growing variants", () => {
  fc.assert(
    fc.property(fc.array(weights, { minLength: 2, maxLength: 5 }), (edits) => {
      const project = shop();
      let before: Range[] = [];
      let old: readonly number[] = [];
      for (const edit of edits) {
        share(project, "canary", ...VARIANTS.map((variant, index): [string, number] => [variant, edit[index] ?? 0]));
        const after = ruleRanges(project);
        for (const [index, variant] of VARIANTS.entries()) expect(owned(after, variant)).toBe(edit[index]);
        if (before.length > 0) {
          const grew = (variant: string) => {
            const index = VARIANTS.indexOf(variant as "on");
            return (edit[index] ?? 0) - (old[index] ?? 0);
          };
          const increases = VARIANTS.map(grew).filter((by) => by > 0);
          const moved = moves(before, after);
          expect(moved.reduce((sum, { parts }) => sum + parts, 0)).toBe(increases.reduce((sum, by) => sum + by, 0));
          for (const { from, to } of moved) expect([grew(from) < 0, grew(to) > 0]).toEqual([true, true]);
        }
        before = after;
        old = edit;
      }
    }),
    { numRuns: 60 },
  );
});

describe("a user in a rollout stays in it", () => {
  test("while its share rises, whatever else of the state changes in between", () => {
    const project = shop();
    share(project, "canary", ["on", 1_000], ["off", 99_000]);
    let before = ruleRanges(project);
    for (const weight of [5_000, 20_000, 70_000, 100_000]) {
      project.must({ type: "patchState", ...at, patch: { enabled: weight % 3 === 0, killVariant: "blue" } });
      share(project, "canary", ["on", weight], ["off", 100_000 - weight]);
      const after = ruleRanges(project);
      for (const { variant, from, to } of before) {
        if (variant === "on") expect([owner(after, from), owner(after, to - 1)]).toEqual(["on", "on"]);
      }
      before = after;
    }
  });

  test("when the split moves to another rule of equal weights", () => {
    const project = shop();
    share(project, "canary", ["on", 10_000], ["off", 90_000]);
    share(project, "canary", ["on", 30_000], ["off", 70_000]);
    share(project, "canary", ["off", 60_000], ["on", 40_000]);
    const before = ruleRanges(project);
    share(project, "everyone", ["off", 60_000], ["on", 40_000]);
    expect(ruleRanges(project)).toEqual(before);
  });

  test("when the split moves from a rule to the fallthrough", () => {
    const project = shop();
    share(project, "canary", ["on", 10_000], ["off", 90_000]);
    share(project, "canary", ["on", 30_000], ["blue", 10_000], ["off", 60_000]);
    const before = ruleRanges(project);
    const fallthrough = aSplit(["on", 30_000], ["blue", 10_000], ["off", 60_000]);
    project.must({ type: "putState", ...at, state: { rules: [], fallthrough } });
    expect(rangesOf(project.get("state", "production", "checkout")?.body.fallthrough)).toEqual(before);
  });
});

test("ranges that are sent with fitting weights are kept as sent: buckets travel between environments", () => {
  const project = shop();
  share(project, "canary", ["on", 20_000], ["off", 80_000]);
  share(project, "canary", ["on", 10_000], ["off", 90_000]);
  share(project, "canary", ["on", 50_000], ["off", 50_000]);
  const state = project.get("state", "production", "checkout")?.body;
  project.must({ type: "putState", environment: "staging", flag: "checkout", state: state as never });
  expect(ruleRanges(project, 0, "staging")).toEqual(ruleRanges(project));
});

test("ranges of any order are kept as sent, over those that stood there", () => {
  const project = shop();
  share(project, "canary", ["on", 25_000], ["off", 75_000]);
  const ranges = [
    { variant: "off", from: 0, to: 40_000 },
    { variant: "on", from: 40_000, to: 65_000 },
    { variant: "off", from: 65_000, to: SPLIT_TOTAL },
  ];
  const serve = { ...aSplit(["on", 25_000], ["off", 75_000]), ranges };
  project.must({ type: "putState", ...at, state: { rules: [{ id: "canary", when: everybody, serve }] } });
  expect(ruleRanges(project)).toEqual(ranges);
});

test("ranges that do not fit the weights give way to them", () => {
  const project = shop();
  const ranges = [{ variant: "on", from: 0, to: SPLIT_TOTAL }];
  const serve = { ...aSplit(["on", 25_000], ["off", 75_000]), ranges };
  project.must({ type: "putState", ...at, state: { rules: [{ id: "r", when: everybody, serve }] } });
  expect(owned(ruleRanges(project), "on")).toBe(25_000);
  expect(owned(ruleRanges(project), "off")).toBe(75_000);
});

test("a patch turns what everybody gets from a variant into a split and back", () => {
  const project = shop();
  const fallthrough = () => project.get("state", "production", "checkout")?.body.fallthrough;
  const patch = (serve: unknown) => project.must({ type: "patchState", ...at, patch: { fallthrough: serve as never } });
  patch(aSplit(["on", 10_000], ["off", 90_000]));
  expect(rangesOf(fallthrough())).toHaveLength(2);
  patch({ variant: "blue" });
  expect(fallthrough()).toEqual({ variant: "blue" });
});
