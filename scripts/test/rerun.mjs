/**
 * What one run of vitest came to.
 *
 * @typedef {object} Results
 * @property {{ passed: number, failed: number, skipped: number }} counts
 * @property {{ file?: string, text: string }[]} failures without a file where none is to blame
 * @property {{ passed: number, skipped: number }} kept of `counts`, what stands in files that failed
 */

/** More than so many files that failed are no accident of a busy machine. */
export const RERUN_FILES = 4;

/**
 * Runs files of whole processes once more, alone, when they failed beside others: a browser that waited too long on a
 * busy machine is told from a fault, which fails again.
 *
 * @param {Results[]} parts
 * @param {(files: string[]) => Promise<Results>} run
 * @returns {Promise<{ parts: Results[], unsteady: string[] }>} the results to count, and the failures that did not recur
 */
export async function rerunFailedFiles(parts, run) {
  const failures = parts.flatMap((part) => part.failures);
  const files = [...new Set(failures.map(({ file }) => file))];
  const known = files.filter((file) => file !== undefined);
  if (known.length === 0 || known.length < files.length || known.length > RERUN_FILES) return { parts, unsteady: [] };
  const again = await run(known);
  const failedAgain = new Set(again.failures.map(({ file }) => file));
  const unsteady = failures.filter(({ file }) => !failedAgain.has(file)).map(({ text }) => text);
  return { parts: [...parts.map(withoutFailedFiles), again], unsteady };
}

/**
 * @param {Results} part
 * @returns {Results}
 */
function withoutFailedFiles({ counts, kept }) {
  return {
    counts: { passed: counts.passed - kept.passed, failed: 0, skipped: counts.skipped - kept.skipped },
    failures: [],
    kept: { passed: 0, skipped: 0 },
  };
}
