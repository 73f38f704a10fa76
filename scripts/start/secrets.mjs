import { randomBytes } from "node:crypto";
import { appendFileSync, chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import util from "node:util";
import { Problem } from "../problem.mjs";
import { root } from "../root.mjs";

/** wrangler's own file for local secrets; not in git. */
const devVars = path.join(root, ".dev.vars");

/** Shorter tokens may be fine on one's own machine, and are remarked on; `npm run deploy` refuses them. */
const SAFE_TOKEN_CHARS = 32;

/**
 * The Worker's secrets for this run. `.dev.vars` keeps what lasts: a missing admin token, or secret for the checksums of
 * keys, is made once and added to it.
 * ADMIN_TOKEN from the environment is for this run only and is never written there: a token tried once in a shell, or
 * set by a test, must not quietly become the one that the next plain `npm start` accepts.
 *
 * @param {string | undefined} given the token from the environment
 * @returns {{ secrets: Record<string, string>, adminToken: string, made: boolean }}
 */
export function readSecrets(given) {
  if (given !== undefined && !/^[\x21-\x7e]{1,256}$/.test(given)) {
    throw new Problem("ADMIN_TOKEN must be 1 to 256 visible ASCII characters without spaces.");
  }
  if (given !== undefined && given.length < SAFE_TOKEN_CHARS) {
    console.error(
      `ADMIN_TOKEN is short enough to be guessed: use ${SAFE_TOKEN_CHARS} characters or more anywhere but here.`,
    );
  }
  if (existsSync(devVars)) chmodSync(devVars, 0o600);
  const text = existsSync(devVars) ? readFileSync(devVars, "utf8") : "";
  const kept = /** @type {Record<string, string>} */ (util.parseEnv(text));
  /** @type {Record<string, string>} */
  const made = {};
  if (!given && !kept.ADMIN_TOKEN) made.ADMIN_TOKEN = secret("bda_");
  // Of its own and not derived from the admin token: with a public key anybody could then try out guesses of that.
  if (!kept.KEY_CHECKSUM_SECRET) made.KEY_CHECKSUM_SECRET = secret("bdh_");
  if (Object.keys(made).length > 0) {
    const separator = text === "" || text.endsWith("\n") ? "" : "\n";
    const lines = Object.entries(made).map(([name, value]) => `${name}=${value}\n`);
    appendFileSync(devVars, separator + lines.join(""), { mode: 0o600 });
  }
  const adminToken = given || kept.ADMIN_TOKEN || /** @type {string} */ (made.ADMIN_TOKEN);
  return {
    secrets: { ...kept, ...made, ADMIN_TOKEN: adminToken },
    adminToken,
    made: made.ADMIN_TOKEN !== undefined,
  };
}

/** @param {string} prefix tells what it is */
const secret = (prefix) => `${prefix}${randomBytes(32).toString("base64url")}`;

/**
 * Writes the environment file that wrangler reads this run's secrets from: a file for its owner's eyes only, where
 * arguments and environments of processes can be listed by others.
 *
 * @param {string} file
 * @param {Record<string, string>} values
 */
export function writeEnvFile(file, values) {
  const lines = Object.entries(values).map(([name, value]) => `${name}=${quote(name, value)}\n`);
  // A file that is there keeps its mode, so it is made anew.
  rmSync(file, { force: true });
  writeFileSync(file, lines.join(""), { mode: 0o600, flag: "wx" });
}

/**
 * wrangler expands `$` in environment files (not in `.dev.vars`, which is why we cannot hand it that file itself).
 *
 * @param {string} name
 * @param {string} value
 */
function quote(name, value) {
  const mark = ["'", "`", '"'].find((candidate) => !value.includes(candidate));
  if (mark === undefined) throw new Problem(`${name} in .dev.vars may not hold all three kinds of quotation marks.`);
  return mark + value.replaceAll("$", "\\$") + mark;
}
