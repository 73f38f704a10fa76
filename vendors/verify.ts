import { existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { setupVendors } from "../scripts/setup.mjs";
import { formatOf, VENDORS, type Vendor } from "../shared/import/formats.ts";
import { translateFile } from "../shared/import/read.ts";
import { answersOf } from "../shared/import/verify.ts";
import { parseYaml } from "../shared/import/yaml.ts";
import { type Attributes, contextMaker } from "./contexts.ts";

/*
 * Proof before switching: the vendor's own SDK, offline, and our evaluator side by side.
 *
 *   npm run import:verify -- --from VENDOR FILE [--contexts contexts.jsonl] [--users N]
 *
 * Exit status 0: nobody moves, but for what the report of the import names beforehand. 1: somebody does.
 */

const USAGE = "npm run import:verify -- --from VENDOR FILE [--contexts contexts.jsonl] [--users N] [--environment ENV]";
const USERS = 10_000;
const SHOWN = 10;
/** An answer that is asked for so often and never the same is drawn at random. */
const ASKED_AGAIN = 40;

/** A vendor's SDK, offline. */
interface Adapter {
  readonly attributes?: Attributes;
  flagsOf(document: unknown): readonly { key: string }[];
  open(document: unknown): Promise<{ answer(flag: string, context: object): unknown; close(): void }>;
}

interface Difference {
  readonly flag: string;
  readonly context: object;
  readonly theirs: unknown;
  readonly ours: unknown;
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: "string" },
    contexts: { type: "string" },
    users: { type: "string", default: String(USERS) },
    environment: { type: "string", default: "production" },
  },
});
const [file] = positionals;
const vendor = VENDORS.find((one) => one === values.from);
if (!vendor || !file) fail(`Say: ${USAGE}\nVENDOR is one of ${VENDORS.join(", ")}.`);
if (!existsSync(file)) fail(`There is no file ${file}.`);
const users = Number(values.users);
if (!Number.isInteger(users) || users < 0) fail("--users takes a whole number.");

await setupVendors();
const adapter = await adapterOf(vendor);
const text = readFileSync(file, "utf8");
const document: unknown = /\.ya?ml$/i.test(file) ? await parseYaml(text) : JSON.parse(text);
const read = await translateFile(vendor, document, { environment: values.environment });
if (!read.ok) fail(read.issues.map(({ path, message }) => `${path}: ${message}`).join("\n"));
const { flags, segments } = read.translation;
const { name } = await formatOf(vendor);
const count = (status: string) => flags.filter((one) => one.status === status).length;
console.log(
  `${name}: ${flags.length} flags, ${count("exact")} exact, ${count("approximate")} approximate, ${count("refused")} refused; ${segments.length} segments`,
);

const given = values.contexts === undefined ? [] : contextsIn(values.contexts);
const makes = contextMaker(document, adapter.attributes ?? {});
const sdk = await adapter.open(document);
const ours = answersOf(read.translation);
const status = new Map(flags.map((one) => [one.key, one.status]));
const keys = adapter.flagsOf(document).flatMap(({ key }) => (status.get(key) === "refused" ? [] : [key]));
const totals = { asked: 0, same: 0, random: 0, failed: 0, told: 0 };
const moved = new Set<number>();
const differences: Difference[] = [];
for (let user = 0; user < given.length + users; user++) {
  const context = given[user] ?? makes(user);
  for (const flag of keys) await compare(flag, context, user);
}
sdk.close();

const checked = totals.asked - totals.random - totals.failed;
const share = checked === 0 ? 100 : (100 * totals.same) / checked;
console.log(`${checked} answers compared, ${share.toFixed(4)} % identical`);
console.log(`${moved.size} of ${given.length + users} users moved by flags that are said to be exact`);
if (totals.told > 0) console.log(`${totals.told} differences of flags that the report calls approximate`);
if (totals.random > 0) console.log(`${totals.random} answers left out, since the SDK draws them at random`);
if (totals.failed > 0) console.log(`${totals.failed} answers left out, since the SDK threw`);
for (const { flag, context, theirs, ours: own } of differences.slice(0, SHOWN))
  console.log(`  ${flag}: ${shown(theirs)} there, ${shown(own)} here, for ${JSON.stringify(context)}`);
process.exit(moved.size === 0 ? 0 : 1);

async function compare(flag: string, context: object, user: number): Promise<void> {
  totals.asked++;
  let theirs: unknown;
  try {
    theirs = await sdk.answer(flag, context);
  } catch {
    totals.failed++;
    return;
  }
  const own = ours(flag, context, Date.now());
  if (isSame(theirs, own)) totals.same++;
  else if (await isRandom(flag, context, theirs)) totals.random++;
  else {
    differences.push({ flag, context, theirs, ours: own });
    if (status.get(flag) === "exact") moved.add(user);
    else totals.told++;
  }
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

async function isRandom(flag: string, context: object, first: unknown): Promise<boolean> {
  const again = await Promise.all(Array.from({ length: ASKED_AGAIN }, async () => sdk.answer(flag, context)));
  return again.some((next) => !isSame(first, next));
}

function shown(value: unknown): string {
  return value === undefined ? "the caller's default" : JSON.stringify(value);
}

function contextsIn(place: string): object[] {
  const lines = readFileSync(place, "utf8").split("\n");
  return lines.flatMap((line, index) => {
    if (line.trim() === "") return [];
    try {
      return [JSON.parse(line) as object];
    } catch {
      return fail(`${place}, line ${index + 1}: a line is one context as JSON.`);
    }
  });
}

async function adapterOf(from: Vendor): Promise<Adapter> {
  const place = new URL(`./${from === "flagd-1" ? "flagd" : from}.mjs`, import.meta.url);
  if (!existsSync(place)) fail(`There is no SDK for ${from} that runs offline, so nothing can be compared.`);
  return (await import(place.href)) as Adapter;
}
