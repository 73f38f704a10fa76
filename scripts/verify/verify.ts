import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { Problem } from "../problem.mjs";
import { type Check, type Finding, missed } from "./check.ts";
import { type Row, table } from "./report.ts";
import { type Outside, Site } from "./site.ts";

/** In this order; a check that is not named here comes after them. */
const ORDER = ["host", "regions", "versions", "cache", "store", "kv", "kills", "streams", "sizes", "guard", "bill"];
/** A check that takes longer (ms) is a miss: a deployment that hangs must not keep the command. */
const CHECK_MS = 120_000;

export const USAGE = `npm run verify:deployment -- URL [--quick] [--only check,check] [--json]

Holds a running deployment to what is promised, with a throw-away project, for about five minutes.
ADMIN_TOKEN is taken from the environment. Exit status: 0 no miss, 1 a miss, 2 bad usage.
  --quick   a minute; the answer says what is left out
  --only    these checks alone
  --json    the answer as JSON`;

/** What cannot be run as it was asked for. */
class BadUsage extends Error {}

/** Every file in `checks/` is one. */
export async function allChecks(): Promise<Check[]> {
  const folder = new URL("./checks/", import.meta.url);
  const files = readdirSync(folder).filter((name) => /^[a-z-]+\.ts$/.test(name));
  const modules = await Promise.all(files.map((name) => import(new URL(name, folder).href)));
  const place = ({ name }: Check) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
  return modules.map(({ check }) => check as Check).sort((a, b) => place(a) - place(b));
}

interface Asked {
  readonly url: string;
  readonly token: string;
  readonly quick: boolean;
  readonly json: boolean;
  readonly checks: readonly Check[];
}

function read(args: readonly string[], env: Outside["env"], checks: readonly Check[]): Asked {
  const options = { quick: { type: "boolean" }, json: { type: "boolean" }, only: { type: "string" } } as const;
  const { values, positionals } = parsed(() => parseArgs({ args: [...args], allowPositionals: true, options }));
  const [url = "", ...more] = positionals;
  const address = URL.canParse(url) ? new URL(url) : null;
  if (address === null || !/^https?:$/.test(address.protocol))
    throw new BadUsage(`Say where it runs, such as https://flags.example; "${url}" is no such address.`);
  if (more.length > 0) throw new BadUsage(`One address at a time, not also "${more[0]}".`);
  if (address.username || address.search || address.hash)
    throw new BadUsage("The address holds neither a name nor a query: arguments can be listed by others.");
  const only = values.only?.split(",").map((name) => name.trim());
  const unknown = only?.find((name) => !checks.some((one) => one.name === name));
  if (unknown !== undefined)
    throw new BadUsage(`There is no check "${unknown}". There are: ${checks.map(({ name }) => name).join(", ")}.`);
  if (!env.ADMIN_TOKEN) throw new BadUsage("Set ADMIN_TOKEN in the environment to the deployment's.");
  return {
    url: address.href,
    token: env.ADMIN_TOKEN,
    quick: values.quick ?? false,
    json: values.json ?? false,
    checks: checks.filter(({ name }) => only === undefined || only.includes(name)),
  };
}

function parsed<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new BadUsage(error instanceof Error ? error.message : String(error));
  }
}

/** Runs the command. Returns its exit status. */
export async function verify(args: readonly string[], outside: Outside): Promise<number> {
  let asked: Asked;
  try {
    asked = read(args, outside.env, await allChecks());
  } catch (error) {
    if (!(error instanceof BadUsage)) throw error;
    outside.note(`${error.message}\n\n${USAGE}`);
    return 2;
  }
  const site = new Site(asked.url, asked.token, asked.quick, outside);
  let rows: Row[] = [];
  try {
    await opened(site);
    rows = await runAll(site, asked.checks);
  } finally {
    const left = await site.throwAways.remove();
    for (const project of left)
      outside.note(`The project ${project} could not be deleted: delete it by DELETE /api/v1/projects/${project}`);
    if (left.length > 0)
      rows.push({ name: "clean-up", promised: "nothing stays", ...missed(`left: ${left.join(", ")}`) });
  }
  if (outside.signal.aborted) throw outside.signal.reason;
  const leftOut = asked.quick
    ? asked.checks.flatMap(({ name, shortened }) => (shortened ? [{ name, shortened }] : []))
    : [];
  if (asked.json) outside.print(JSON.stringify({ url: asked.url, quick: asked.quick, rows, leftOut }, null, 2));
  else {
    outside.print(table(rows));
    for (const { name, shortened } of leftOut) outside.print(`--quick: ${name} with ${shortened}`);
  }
  return rows.some(({ verdict }) => verdict === "MISSED") ? 1 : 0;
}

/** Says in words what every check would stumble over. */
async function opened(site: Site): Promise<void> {
  let status: number;
  try {
    ({ status } = await site.adminAnswer("GET", "/session"));
  } catch (error) {
    if (site.outside.signal.aborted) throw error;
    throw new Problem(`Nothing answers at ${site.url}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (status === 401 || status === 403)
    throw new Problem(`ADMIN_TOKEN does not open the administration of ${site.url}.`);
}

async function runAll(site: Site, checks: readonly Check[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const check of checks) {
    const { name, promised } = check;
    site.outside.note(`${name} …`);
    rows.push({ name, promised, ...(await runOne(site, check)) });
  }
  return rows;
}

async function runOne(site: Site, check: Check): Promise<Finding> {
  const { signal } = site.outside;
  const ends = new AbortController();
  const late = new Promise<Finding>((resolve) => {
    const timer = setTimeout(() => resolve(missed(`no verdict after ${CHECK_MS / 1_000} s`)), CHECK_MS);
    ends.signal.addEventListener("abort", () => clearTimeout(timer));
  });
  const stopped = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: ends.signal });
  });
  try {
    return await Promise.race([check.run(site), late, stopped]);
  } catch (error) {
    if (signal.aborted) throw error;
    return missed(`could not be looked at: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    ends.abort();
  }
}
