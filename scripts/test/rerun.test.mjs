import { expect, test, vi } from "vitest";
import { RERUN_FILES, rerunFailedFiles } from "./rerun.mjs";

const passed = { counts: { passed: 7, failed: 0, skipped: 1 }, failures: [], kept: { passed: 0, skipped: 0 } };
const failed = {
  counts: { passed: 5, failed: 1, skipped: 0 },
  failures: [{ file: "test/a.test.ts", text: "test/a.test.ts > waits" }],
  kept: { passed: 2, skipped: 0 },
};
/** @param {import("./rerun.mjs").Results[]} parts */
const passedOf = (parts) => parts.reduce((sum, { counts }) => sum + counts.passed, 0);
/** @param {import("./rerun.mjs").Results[]} parts */
const failedOf = (parts) => parts.reduce((sum, { counts }) => sum + counts.failed, 0);

test("a file that failed beside others and passes alone counts by that run, and its failure is named", async () => {
  const run = vi.fn(async () => ({ ...passed, counts: { passed: 3, failed: 0, skipped: 0 } }));
  const { parts, unsteady } = await rerunFailedFiles([passed, failed], run);
  expect(run).toHaveBeenCalledExactlyOnceWith(["test/a.test.ts"]);
  expect([passedOf(parts), failedOf(parts)]).toEqual([7 + 3 + 3, 0]);
  expect(unsteady).toEqual(["test/a.test.ts > waits"]);
});

test("a file that fails again has failed", async () => {
  const { parts, unsteady } = await rerunFailedFiles([passed, failed], async () => failed);
  expect(failedOf(parts)).toBe(1);
  expect(unsteady).toEqual([]);
});

test("a failure outside of any file, or in many of them, is not tried again", async () => {
  const run = vi.fn(async () => passed);
  const outside = { ...failed, failures: [{ text: "an error outside of every test" }] };
  const files = Array.from({ length: RERUN_FILES + 1 }, (_, n) => ({ file: `test/${n}.test.ts`, text: "fails" }));
  for (const part of [outside, { ...failed, failures: files }, passed]) {
    expect(await rerunFailedFiles([part], run)).toEqual({ parts: [part], unsteady: [] });
  }
  expect(run).not.toHaveBeenCalled();
});
