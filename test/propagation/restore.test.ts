import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN, evaluate, type Fleet, is, makeShop, servedInTime, startFleet } from "./fleet.ts";

// A backup put in place beneath isolates that know later revisions: the drill of `npm run backup` and `restore`.

const root = path.resolve(import.meta.dirname, "..", "..");
const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-drill-"));
const file = path.join(folder, "shop.backup.jsonl");
let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({
    centres: [
      { colo: "FRA", isolates: 2 },
      { colo: "SYD", isolates: 1, storeMs: 150 },
    ],
  });
});
afterAll(async () => {
  await fleet?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

async function run(script: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, BLASTDOOR_URL: fleet.store.url.origin, ADMIN_TOKEN };
  const { stdout } = await promisify(execFile)("npm", ["run", "--silent", script, "--", ...args], { cwd: root, env });
  return stdout;
}

test("isolates everywhere follow a restored backup, although its revision is lower, and no kill is lost by it", async () => {
  const shop = await makeShop(fleet);
  const inTime = (flag: string, value: boolean, change: () => Promise<unknown>) =>
    servedInTime(change, fleet.isolates, shop.server, is(value), { flag });
  const now = async (flag: string) => {
    const answers = await Promise.all(fleet.isolates.map((one) => evaluate(one, shop.server, flag)));
    return answers.map(({ value }) => value);
  };
  for (const flag of ["banner", "search"]) await shop.putFlag(flag);
  await inTime("banner", false, () => shop.kill("banner"));
  await inTime("search", true, () => Promise.resolve());
  expect(await run("backup", "shop", file)).toMatch(/rows of "shop" at revision \d+/);

  for (const variant of ["off", "on"]) await shop.serve("search", variant);
  await inTime("search", false, () => shop.serve("search", "off"));
  await inTime("checkout", false, () => shop.kill("checkout"));

  const restored = await run("restore", file, "--replace");
  expect(restored).toContain("epoch 2");
  // Counted from the command's end: how long npm takes to start is no part of the promise.
  await inTime("search", true, () => Promise.resolve());
  // Killed in the backup, and killed since: only restoring a flag lifts its kill.
  expect([await now("banner"), await now("checkout")]).toEqual([
    fleet.isolates.map(() => false),
    fleet.isolates.map(() => false),
  ]);
  await inTime("checkout", true, () => shop.restore("checkout"));
  expect(await now("banner")).toEqual(fleet.isolates.map(() => false));
});
