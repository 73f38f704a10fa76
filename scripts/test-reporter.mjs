import { writeFileSync } from "node:fs";
import { inspect } from "node:util";

/** @typedef {import("vitest/node").Reporter} Reporter */

/** How much of an error's message a failure carries, in characters: what was expected and what came. */
const MESSAGE_LENGTH = 600;

/**
 * Counts what really ran and keeps what failed, for the last lines of `npm test`. Whatever kept tests from running
 * counts as a failure: a file that did not load, a hook that threw, an error outside of every test.
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
    const counts = { passed: 0, failed: 0, skipped: 0 };
    /** @type {{ file?: string, text: string }[]} */
    const failures = [];
    /**
     * @param {string | undefined} file
     * @param {string} what
     * @param {ReadonlyArray<unknown>} [errors]
     * @param {unknown} [pages] what a browser showed
     */
    const fail = (file, what, errors = [], pages) => {
      counts.failed++;
      const shown = typeof pages === "string" ? [`The pages showed:\n${pages.replace(/^/gm, "  ")}`] : [];
      failures.push({ file, text: [what, ...errors.slice(0, 1).map(message), ...shown].join("\n") });
    };
    for (const error of unhandledErrors) fail(undefined, "an error outside of every test", [error]);
    for (const module of modules) {
      const file = module.relativeModuleId;
      if (module.errors().length > 0) fail(file, file, module.errors());
      for (const suite of module.children.allSuites()) {
        if (suite.errors().length > 0) fail(file, `${file} > ${suite.fullName}`, suite.errors());
      }
      for (const test of module.children.allTests()) {
        const { state, errors } = test.result();
        /** @type {Record<string, unknown>} */
        const { pages } = { ...test.meta() };
        if (state === "failed") fail(file, `${file} > ${test.fullName}`, errors, pages);
        // It was never given its chance.
        else if (state === "pending") {
          fail(file, `${file} > ${test.fullName}`, [new Error("still pending at the end")]);
        } else counts[state]++;
      }
    }
    if (reason !== "passed" && counts.failed === 0) fail(undefined, `the run was ${reason}`);
    const results = process.env.BLASTDOOR_TEST_RESULTS;
    if (results) writeFileSync(results, JSON.stringify({ counts, failures, kept: keptOf(modules, failures) }));
  }
}

/**
 * What passed or was skipped in the files that failed: a file that runs once more counts by that run alone.
 *
 * @param {ReadonlyArray<import("vitest/node").TestModule>} modules
 * @param {{ file?: string }[]} failures
 */
function keptOf(modules, failures) {
  const failed = new Set(failures.map(({ file }) => file));
  const kept = { passed: 0, skipped: 0 };
  for (const module of modules) {
    if (!failed.has(module.relativeModuleId)) continue;
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      if (state === "passed" || state === "skipped") kept[state]++;
    }
  }
  return kept;
}

/** @param {unknown} error */
function message(error) {
  const said = typeof error === "object" && error !== null && "message" in error ? error.message : error;
  const text = typeof said === "string" ? said : inspect(said);
  return text.length > MESSAGE_LENGTH ? `${text.slice(0, MESSAGE_LENGTH)}…` : text;
}
