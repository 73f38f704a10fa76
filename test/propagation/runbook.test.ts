import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BREAK_GLASS_MS, CHANGE_MS } from "../promises.ts";
import {
  ADMIN_TOKEN,
  BREAK_GLASS_SECRET,
  evaluate,
  type Fleet,
  is,
  makeShop,
  servedInTime,
  startFleet,
  until,
} from "./fleet.ts";

// Follows docs/runbook-break-glass.md to the letter: the commands are read from it.

const runbook = readFileSync(path.resolve(import.meta.dirname, "../../docs/runbook-break-glass.md"), "utf8");
const commands = [...runbook.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text]) => text as string);
let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({
    centres: [
      { colo: "FRA", isolates: 2 },
      { colo: "SYD", isolates: 1, storeMs: 200 },
    ],
  });
});
afterAll(() => fleet?.[Symbol.asyncDispose]());

/** Runs a curl command as a shell would, with the runbook's variables set. */
async function follow(command: string, variables: Record<string, string>) {
  const filled = command.replaceAll("\\\n", " ").replaceAll(/\$(\w+)/g, (_, name) => variables[name] ?? "");
  const words = [...filled.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? "");
  const after = (option: string) => words.flatMap((word, index) => (words[index - 1] === option ? [word] : []));
  const url = words.find((word) => word.startsWith("http"));
  if (words[0] !== "curl" || !url) throw new Error(`not a curl command: ${command}`);
  const response = await fetch(url, {
    method: after("-X")[0] ?? "GET",
    headers: after("-H").map((header) => header.split(/:\s*/, 2) as [string, string]),
    body: after("-d")[0],
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

test("the break-glass runbook kills the flag without the store, and lifts the kill with it", async () => {
  expect(commands).toHaveLength(2);
  const [press, restore] = commands as [string, string];
  const shop = await makeShop(fleet, "shop");
  const flag = { flag: "new-checkout" };
  await shop.putFlag(flag.flag);
  const [edge] = fleet.isolates;
  if (!edge) throw new Error("no isolate");
  for (const one of fleet.isolates) await until(one, shop.server, is(true), flag);

  // The store is out of reach: the ordinary kill says so, as the runbook's first line has it.
  for (const one of fleet.isolates) await one.fault({ store: "throw" });
  const variables = { URL: edge.url.origin, BREAK_GLASS_SECRET, ADMIN: ADMIN_TOKEN };
  const ordinary = `curl -s -X POST $URL/api/v1/projects/shop/environments/production/flags/new-checkout/kill -H "Authorization: Bearer $ADMIN" -H 'Content-Type: application/json' -d '{}'`;
  expect(await follow(ordinary, variables)).toMatchObject({ status: 503, json: { code: "store-unavailable" } });

  // 1. Press; the answer lists the kill.
  const pressIt = async () => {
    const listed = { environments: { production: [{ flag: "new-checkout" }] } };
    expect(await follow(press, variables)).toMatchObject({ status: 200, json: listed });
  };
  // 2. Watch. KV is current here, so what remains of the bound are the edges' own looks.
  const limits = { ...flag, limitMs: BREAK_GLASS_MS };
  await servedInTime(pressIt, fleet.isolates, shop.server, is(false), limits);
  for (const one of fleet.isolates) expect((await one.observed()).fired["store:throw"]).toBeGreaterThan(0);
  // 3. The store is back: the kill stays until somebody restores the flag.
  for (const one of fleet.isolates) await one.fault({});
  await sleep(CHANGE_MS);
  for (const one of fleet.isolates)
    expect(await evaluate(one, shop.server, flag.flag)).toMatchObject({ status: 200, value: false });
  const restoreIt = async () => expect((await follow(restore, variables)).status).toBe(200);
  await servedInTime(restoreIt, fleet.isolates, shop.server, is(true), flag);
});
