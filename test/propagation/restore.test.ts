import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN, type Fleet, is, makeShop, startFleet, until } from "./fleet.ts";

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
  for (const flag of ["banner", "search"]) await shop.putFlag(flag);
  await shop.kill("banner");
  const everywhere = (flag: string, value: boolean) =>
    Promise.all(fleet.isolates.map((one) => until(one, shop.server, is(value), { flag })));
  await everywhere("banner", false);
  await everywhere("search", true);
  expect(await run("backup", "shop", file)).toMatch(/rows of "shop" at revision \d+/);

  for (const variant of ["off", "on", "off"]) await shop.serve("search", variant);
  await shop.kill("checkout");
  await everywhere("search", false);
  await everywhere("checkout", false);

  expect(await run("restore", file, "--replace")).toContain("epoch 2");
  await everywhere("search", true);
  // Killed in the backup, and killed since: only restoring a flag lifts its kill.
  await everywhere("banner", false);
  await everywhere("checkout", false);
  await shop.restore("checkout");
  await everywhere("checkout", true);
  await everywhere("banner", false);
});
