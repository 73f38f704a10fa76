import { randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { runChild } from "./child.mjs";
import { domainWarning, planLines, secretsToMake, WITHOUT } from "./deploy/plan.mjs";
import { reexecute, requireNode20 } from "./pinned-node.mjs";
import { Problem, runMain } from "./problem.mjs";
import { root } from "./root.mjs";
import { setup } from "./setup.mjs";

// `npm run deploy`: builds, deploys to the Cloudflare account you are signed in to, and on the first time makes the
// secrets. Arguments go on to `wrangler deploy`: `npm run deploy -- --dry-run` only builds, and says what it would make.

const wrangler = path.join(root, "node_modules", "wrangler", "bin", "wrangler.js");
const env = { ...process.env, WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false" };
/** Secrets the Worker needs, each with the prefix that tells it apart. */
const SECRETS = /** @type {const} */ ({
  ADMIN_TOKEN: "bda_",
  BREAK_GLASS_SECRET: "bdg_",
  METRICS_TOKEN: "bdm_",
  KEY_CHECKSUM_SECRET: "bdh_",
});
/** Nobody ever has to type these: they are made, and never shown. */
const UNSHOWN = new Set(["KEY_CHECKSUM_SECRET"]);
/** Workers Builds and other CI keep what is printed, where more people can read it than may administer. */
const isLogged = Boolean(process.env.CI || process.env.WORKERS_CI);

await runMain(async () => {
  requireNode20();
  await setup();
  const code = await reexecute(fileURLToPath(import.meta.url));
  if (code !== undefined) return code;
  const args = process.argv.slice(2);
  await refuseWeakSecrets(args);
  const isDryRun = args.includes("--dry-run");
  const given = Object.keys(SECRETS).filter((name) => process.env[name]);
  const missing = isDryRun ? Object.keys(SECRETS) : await missingSecrets();
  const { make, leave } = secretsToMake(missing, { isLogged, unshown: new Set([...UNSHOWN, ...given]) });
  await sayWhatIsMade(make, isDryRun);
  // A dry run does not ask what is set.
  for (const name of isDryRun ? [] : leave) {
    const without = WITHOUT[/** @type {keyof typeof WITHOUT} */ (name)];
    console.log(`${name} is not set, and this log may be read by others: ${without} until you set it, for example`);
    console.log(`with: openssl rand -hex 32 | npx wrangler secret put ${name}`);
  }
  const made = isDryRun ? {} : Object.fromEntries(make.map((name) => [name, secretFor(name)]));
  const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-deploy-"));
  try {
    const secretsFile = path.join(folder, "secrets.json");
    if (Object.keys(made).length > 0) {
      // A file for its owner's eyes only: arguments can be listed by others. wrangler adds these to the secrets there are.
      writeFileSync(secretsFile, JSON.stringify(made), { mode: 0o600 });
      args.push("--secrets-file", secretsFile);
    }
    const deployed = await runChild(process.execPath, [wrangler, "deploy", ...args], {
      cwd: root,
      stdio: "inherit",
      env,
    });
    if (deployed.code !== 0) return deployed.code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  // Nothing can read a Worker's secret back, so this is the only time that the person who deploys can note it down.
  for (const [name, value] of Object.entries(made)) {
    if (!UNSHOWN.has(name) && !isLogged) console.log(`${name} ${value} (shown this once: keep it safe)`);
  }
  return 0;
});

/**
 * @param {readonly string[]} secrets
 * @param {boolean} isDryRun
 */
async function sayWhatIsMade(secrets, isDryRun) {
  const { unstable_readConfig: readConfig } = await import("wrangler");
  const config = /** @type {import("./deploy/plan.mjs").Configuration} */ (
    readConfig({ config: path.join(root, "wrangler.toml") })
  );
  // TypeScript: only the pinned Node is known to read it.
  const { planProblem } = await import("../shared/plan.ts");
  const problem = planProblem(config.vars?.PLAN === undefined ? undefined : String(config.vars.PLAN));
  if (problem !== null) throw new Problem(problem);
  console.log(isDryRun ? "This would deploy:" : "This deploys:");
  for (const line of planLines(config, secrets)) console.log(line);
  const warning = domainWarning(config);
  if (warning) console.log(warning);
}

/**
 * Refuses secrets that are easy to guess: anybody who reaches the deployed Worker can try as many as they like.
 *
 * @param {string[]} args for wrangler, which takes variables and files of secrets
 */
async function refuseWeakSecrets(args) {
  // TypeScript: only the pinned Node is known to read it.
  const { secretWeakness } = await import("../shared/weak-secret.ts");
  /** @type {Map<string, string>} */
  const seen = new Map();
  for (const [name, value] of givenSecrets(args)) {
    const weakness = secretWeakness(value);
    const twin = seen.get(value);
    const reason = weakness ?? (twin !== undefined && twin !== name ? `it is the same as ${twin}` : null);
    if (reason !== null) {
      throw new Problem(
        `${name} is too weak to be deployed: ${reason}. Unset it, and a good one is made; or set the output of: openssl rand -hex 32`,
      );
    }
    seen.set(value, name);
  }
}

/**
 * @param {string[]} args
 * @returns {[name: string, value: string][]}
 */
function givenSecrets(args) {
  const names = Object.keys(SECRETS);
  /** @type {[string, string][]} */
  const given = names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : []));
  for (const [at, arg] of args.entries()) {
    const [option = "", inline] = arg.split(/=(.*)/s);
    const value = inline ?? args[at + 1] ?? "";
    if (option === "--var") {
      const [name = "", text = ""] = value.split(/:(.*)/s);
      if (names.includes(name)) given.push([name, text]);
    }
    if (option === "--secrets-file" && existsSync(value)) {
      const text = readFileSync(value, "utf8");
      const values = text.trimStart().startsWith("{") ? JSON.parse(text) : parseEnv(text);
      for (const name of names) if (typeof values[name] === "string") given.push([name, values[name]]);
    }
  }
  return given;
}

/**
 * Names of the secrets that the deployed Worker does not have yet.
 *
 * @returns {Promise<string[]>}
 */
async function missingSecrets() {
  const listed = await runChild(process.execPath, [wrangler, "secret", "list", "--format", "json"], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...env, WRANGLER_HIDE_BANNER: "true", CI: "true" },
  });
  const all = Object.keys(SECRETS);
  if (listed.code !== 0) {
    if (/does not exist|not found|10007/i.test(listed.output)) return all;
    if (/authenticat|CLOUDFLARE_API_TOKEN|login/i.test(listed.output)) {
      throw new Problem("Sign in to Cloudflare first: run `npx wrangler login`, or set CLOUDFLARE_API_TOKEN.");
    }
    throw new Problem(
      `${listed.output}\nThe deployed Worker's secrets could not be listed; wrangler's own words are above.`,
    );
  }
  const json = listed.output.slice(listed.output.indexOf("["), listed.output.lastIndexOf("]") + 1);
  const known = new Set(/** @type {{ name: string }[]} */ (JSON.parse(json)).map(({ name }) => name));
  return all.filter((name) => !known.has(name));
}

/**
 * As given in the environment, else a new one.
 *
 * @param {string} name
 */
function secretFor(name) {
  const given = process.env[name] || undefined;
  const prefix = SECRETS[/** @type {keyof typeof SECRETS} */ (name)];
  return given ?? `${prefix}${randomBytes(32).toString("base64url")}`;
}
