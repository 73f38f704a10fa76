import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";

/**
 * Who holds a lock. A process id alone says little after a crash, since ids are used again: with the time the process
 * began it names one process for good. Only processes of this machine can be judged.
 *
 * @typedef {{ pid: number, began: string, port?: number, group?: number }} Holder
 */

/**
 * A lock on a folder or a task: a file that names a living process. A process that finds the holder dead takes it over.
 *
 * @param {string} file
 * @param {{ port?: number }} [about] shown to a process that finds the lock held
 * @returns {{ taken: true, previous: Holder | undefined, note: (more: Partial<Holder>) => void, release: () => void }
 *   | { taken: false, holder: Holder }} `previous` is the dead holder it was taken over from
 */
export function takeLock(file, about = {}) {
  const own = { pid: process.pid, began: processBegan(process.pid) ?? "unknown", ...about };
  /** @type {Holder | undefined} */
  let previous;
  for (let attempt = 0; attempt < 20; attempt++) {
    // Written whole under another name, then linked: nobody ever reads a half-written lock.
    const draft = `${file}.${randomUUID()}`;
    writeFileSync(draft, JSON.stringify(own));
    try {
      linkSync(draft, file);
      return {
        taken: true,
        previous,
        note(more) {
          writeFileSync(draft, JSON.stringify({ ...own, ...more }));
          renameSync(draft, file);
        },
        release() {
          if (read(file)?.pid === own.pid) rmSync(file, { force: true });
        },
      };
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    } finally {
      rmSync(draft, { force: true });
    }
    const text = readText(file);
    if (text === undefined) continue;
    const holder = parse(text);
    if (holder && processBegan(holder.pid) === holder.began) return { taken: false, holder };
    previous = removeIfUnchanged(file, text) ? holder : previous;
  }
  throw new Error(`${file} changes hands too fast to be taken`);
}

/**
 * Two starts may find the same stale lock. Moving it aside is atomic, and what was moved is then compared, so the
 * slower one puts back the fresh lock of the faster one.
 *
 * @param {string} file
 * @param {string} expected
 */
function removeIfUnchanged(file, expected) {
  const aside = `${file}.${randomUUID()}`;
  try {
    renameSync(file, aside);
  } catch {
    return false;
  }
  const unchanged = readText(aside) === expected;
  try {
    if (!unchanged) linkSync(aside, file);
  } catch {
    // A third start was faster still: the lock is held either way.
  }
  rmSync(aside, { force: true });
  return unchanged;
}

/**
 * When a process began, as an opaque text that only equality is asked of; undefined when it is gone (or a zombie, which
 * holds nothing any more).
 *
 * @param {number} pid
 * @returns {string | undefined}
 */
export function processBegan(pid) {
  if (process.platform === "linux") {
    const stat = readText(`/proc/${pid}/stat`);
    // The command name, in brackets, may itself hold spaces and brackets: fields are counted after the last one.
    const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields === undefined || fields[0] === "Z" ? undefined : fields[19];
  }
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

/** @param {string} file */
function read(file) {
  const text = readText(file);
  return text === undefined ? undefined : parse(text);
}

/**
 * @param {string} text
 * @returns {Holder | undefined}
 */
function parse(text) {
  try {
    const holder = JSON.parse(text);
    return Number.isInteger(holder?.pid) && typeof holder.began === "string" ? holder : undefined;
  } catch {
    return undefined;
  }
}
