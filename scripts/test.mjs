import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { runChild } from "./child.mjs";
import { findNode } from "./pinned-node.mjs";
import { runMain } from "./problem.mjs";
import { root } from "./root.mjs";
import { setup } from "./setup.mjs";

// `npm test`: sets up, then runs every test under the pinned Node. Arguments go to vitest: `npm test -- shared`.

await runMain(async () => {
  await setup();
  const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-test-"));
  const countsFile = path.join(folder, "counts.json");
  try {
    const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
    const { code } = await runChild(findNode(), [vitest, "run", ...process.argv.slice(2)], {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, BLASTDOOR_TEST_COUNTS: countsFile },
    });
    const counts = readCounts(countsFile);
    const ran = counts.passed + counts.failed > 0;
    if (!ran) console.error("No test ran.");
    // A runner that fails with nothing to show for it (it crashed while closing) has failed all the same.
    if (code !== 0 && counts.failed === 0 && ran) counts.failed = 1;
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
    return code === 0 && counts.failed === 0 && ran ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/**
 * @param {string} file
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    // The runner did not get as far as its end.
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
