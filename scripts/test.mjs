import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import path from "node:path";
import { runChild } from "./child.mjs";
import { findNode } from "./pinned-node.mjs";
import { runMain } from "./problem.mjs";
import { root } from "./root.mjs";
import { setup } from "./setup.mjs";
import { rerunFailedFiles } from "./test/rerun.mjs";

/** @typedef {import("./test/rerun.mjs").Results} Results */

// `npm test`: sets up, then runs vitest under the pinned Node with the arguments given, such as `shared`.
// Vitest 5 runs groups of projects one after another and a shard alone; here they run side by side, counted as one.

/** Tests of whole processes and browsers wait most of their time; within a part they run one file at a time. */
const PROCESS_PARTS = 10;

/** Those wait for timers and for each other half of their time: one more runs than there are processors. */
const LANES = availableParallelism() + 1;

/** Without arguments everything runs, so many of these side by side. */
const EVERYTHING = [
  ["--project", "pure", "--project", "worker"],
  ...Array.from({ length: PROCESS_PARTS }, (_, part) => [
    "--project",
    "process",
    `--shard=${part + 1}/${PROCESS_PARTS}`,
  ]),
];

await runMain(async () => {
  await setup();
  const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-test-"));
  const asked = process.argv.slice(2);
  try {
    const jobs = asked.length > 0 ? [asked] : EVERYTHING;
    const results = await sideBySide(jobs, (args, n) => vitest(args, folder, n));
    if (asked.length === 0) {
      const run = (/** @type {string[]} */ files) => vitest(["--project", "process", ...files], folder, jobs.length);
      const { parts, unsteady } = await rerunFailedFiles(results.slice(1), run);
      for (const text of unsteady) console.log(`UNSTEADY, failed beside others and passed alone: ${text}\n`);
      results.splice(1, results.length, ...parts);
    }
    const total = { passed: 0, failed: 0, skipped: 0 };
    for (const { counts, failures } of results) {
      for (const { text } of failures) console.log(`FAILED ${text}\n`);
      total.passed += counts.passed;
      total.failed += counts.failed;
      total.skipped += counts.skipped;
    }
    const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : "";
    console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
    return total.failed === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/**
 * @template T, R
 * @param {T[]} jobs
 * @param {(job: T, n: number) => Promise<R>} run
 * @returns {Promise<R[]>} in the order of the jobs
 */
async function sideBySide(jobs, run) {
  /** @type {R[]} */
  const results = [];
  const left = jobs.entries();
  const lane = async () => {
    for (const [n, job] of left) results[n] = await run(job, n);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}

/**
 * One run of vitest. Only the first writes as it goes; another's words come when it has ended, unmixed.
 *
 * @param {string[]} args
 * @param {string} folder
 * @param {number} n
 * @returns {Promise<Results>}
 */
async function vitest(args, folder, n) {
  const resultsFile = path.join(folder, `results-${n}.json`);
  const { code, output } = await runChild(
    findNode(),
    [path.join(root, "node_modules", "vitest", "vitest.mjs"), "run", ...args],
    {
      cwd: root,
      stdio: n === 0 ? "inherit" : ["ignore", "pipe", "pipe"],
      env: { ...process.env, BLASTDOOR_TEST_RESULTS: resultsFile, BLASTDOOR_TEST_FOLDER: folder },
    },
  );
  process.stdout.write(output);
  const results = readResults(resultsFile, args);
  const { counts, failures } = results;
  if (counts.passed + counts.failed === 0) {
    console.error("No test ran.");
    counts.failed = 1;
    failures.push({ text: `vitest ${args.join(" ")}: no test ran` });
  }
  // A runner that fails with nothing to show for it (it crashed while closing) has failed all the same.
  if (code !== 0 && counts.failed === 0) {
    counts.failed = 1;
    failures.push({ text: `vitest ${args.join(" ")}: it ended with code ${code} although nothing failed` });
  }
  return results;
}

/**
 * @param {string} file
 * @param {string[]} args what vitest was asked to run
 * @returns {Results}
 */
function readResults(file, args) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // The runner did not get as far as its end.
    return {
      counts: { passed: 0, failed: 1, skipped: 0 },
      failures: [{ text: `vitest ${args.join(" ")}: it did not get as far as its end` }],
      kept: { passed: 0, skipped: 0 },
    };
  }
}
