import { createWriteStream, readFileSync, renameSync } from "node:fs";
import util from "node:util";

/** Where a log stops growing: the file before it is kept once, so at most twice this lies on the disk. */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Takes what wrangler writes: everything to a file, errors also to the console.
 *
 * @param {string} file
 * @param {(line: string) => void} show
 */
export function openWranglerLog(file, show) {
  let stream = createWriteStream(file, { flags: "w" });
  let written = 0;
  // A full disk must not stop the Worker.
  const ignore = () => {};
  stream.on("error", ignore);

  /** @param {string} text */
  const keep = (text) => {
    if (written > MAX_BYTES) {
      stream.end();
      renameSync(file, `${file}.1`);
      stream = createWriteStream(file, { flags: "w" });
      stream.on("error", ignore);
      written = 0;
    }
    stream.write(text);
    written += text.length;
  };

  return {
    /** @param {import("node:stream").Readable} source */
    read(source) {
      const isError = createErrorFilter();
      let rest = "";
      source.setEncoding("utf8");
      source.on("data", (/** @type {string} */ chunk) => {
        const lines = (rest + util.stripVTControlCharacters(chunk)).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          keep(`${line}\n`);
          if (isError(line)) show(line);
        }
      });
    },
    /** @param {number} lines */
    tail(lines) {
      try {
        return readFileSync(file, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
      } catch {
        return "";
      }
    },
  };
}

/**
 * wrangler writes an entry's first line with a mark and indents what follows. Its warnings are about its own set-up (a
 * placeholder for `request.cf`, dates), which the reader can do nothing about; they stay in the file.
 *
 * @returns {(line: string) => boolean}
 */
export function createErrorFilter() {
  let inError = false;
  return (line) => {
    if (line.trim() === "") return false;
    if (/\[ERROR\]|\[wrangler:error\]/.test(line)) inError = true;
    else if (!/^\s/.test(line)) inError = false;
    return inError;
  };
}
