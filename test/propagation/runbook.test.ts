import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ADMIN_TOKEN, BREAK_GLASS_SECRET, type Fleet, is, makeShop, startFleet, until } from "./fleet.ts";

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

test("whoever follows the break-glass runbook kills the flag without the store, and lifts the kill with it", async () => {
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
  const pressed = await follow(press, variables);
  expect(pressed).toMatchObject({ status: 200, json: { environments: { production: [{ flag: "new-checkout" }] } } });
  // 2. Watch. KV is current here, so what remains of the bound are the edges' own looks.
  await Promise.all(fleet.isolates.map((one) => until(one, shop.server, is(false), { ...flag, limitMs: 20_000 })));
  for (const one of fleet.isolates) expect((await one.observed()).fired["store:throw"]).toBeGreaterThan(0);
  // 3. The store is back: the kill stays until somebody restores the flag.
  for (const one of fleet.isolates) await one.fault({});
  await sleep(2_000);
  for (const one of fleet.isolates) await until(one, shop.server, is(false), flag);
  expect((await follow(restore, variables)).status).toBe(200);
  await Promise.all(fleet.isolates.map((one) => until(one, shop.server, is(true), { ...flag, limitMs: 20_000 })));
});
