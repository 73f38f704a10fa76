import { writeFileSync } from "node:fs";

/** @typedef {import("vitest/node").Reporter} Reporter */

/**
 * Counts what really ran, for the last line of `npm test`. Whatever kept tests from running counts as a failure: a file
 * that did not load, a hook that threw, an error outside of every test.
 *
 * @implements {Reporter}
 */
export default class CountReporter {
  /**
   * @param {ReadonlyArray<import("vitest/node").TestModule>} modules
   * @param {ReadonlyArray<unknown>} unhandledErrors
   * @param {"passed" | "interrupted" | "failed"} reason
   */
  onTestRunEnd(modules, unhandledErrors, reason) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      if (module.errors().length > 0) counts.failed++;
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0) counts.failed++;
      }
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // Still pending at the end of the run: it was never given its chance.
        counts[state === "pending" ? "failed" : state]++;
      }
    }
    if (reason !== "passed" && counts.failed === 0) counts.failed = 1;
    const file = process.env.BLASTDOOR_TEST_COUNTS;
    if (file) writeFileSync(file, JSON.stringify(counts));
  }
}
