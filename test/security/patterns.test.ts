import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";

/*
 * An engineer of one project stalls everybody's isolate: 3,980 patterns of 40 characters and 2,700 instructions each, in
 * one flag of 129 KB, took 15 s to compile at each load of the snapshot, and all projects' evaluations waited.
 */

const BOMB = "(?:(?:.?){1,30}){1,30}A0";
const GROUP = 199;
const bomb = (index: number) => `${BOMB}-${index}`;
const attack = {
  enabled: true,
  rules: [
    {
      id: "r",
      when: {
        any: Array.from({ length: 20 }, (_, group) => ({
          attribute: "email",
          op: "matches",
          values: Array.from({ length: GROUP }, (_, index) => bomb(group * GROUP + index)),
        })),
      },
      serve: { variant: "on" },
    },
  ],
  fallthrough: { variant: "off" },
};
const usual = {
  enabled: true,
  rules: [
    { id: "r", when: { attribute: "email", op: "matches", values: ["@shop\\.example$"] }, serve: { variant: "on" } },
  ],
  fallthrough: { variant: "off" },
};
const FLAG = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };

let server: Server;
const keys: Record<string, string> = {};

beforeAll(async () => {
  server = await startServer();
  for (const project of ["attacker", "neighbour"]) {
    await ok("PUT", `/projects/${project}`, {});
    for (const flag of ["stall", "staff"]) await ok("PUT", `/projects/${project}/flags/${flag}`, FLAG);
    await ok("PUT", `/projects/${project}/environments/production/flags/staff`, usual);
    const { key } = await ok("POST", `/projects/${project}/environments/production/keys`, {
      kind: "server",
      name: "a",
    });
    keys[project] = key as string;
  }
});
afterAll(async () => {
  await server?.stop();
});

const send = (method: string, route: string, body?: unknown) =>
  server.admin(route, body === undefined ? { method } : { method, body });
async function ok(method: string, route: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await send(method, route, body);
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}
async function evaluate(
  project: string,
  context: object,
): Promise<{ status: number; values: Record<string, unknown> }> {
  const response = await fetch(`${server.url}/ofrep/v1/evaluate/flags`, {
    method: "POST",
    headers: { Authorization: `Bearer ${keys[project]}`, "Content-Type": "application/json" },
    body: JSON.stringify({ context }),
  });
  const { flags = [] } = (await response.json()) as { flags?: { key: string; value: unknown }[] };
  return { status: response.status, values: Object.fromEntries(flags.map(({ key, value }) => [key, value])) };
}
const STATE = "/projects/attacker/environments/production/flags/stall";

/** The project as an earlier version, which had no limit, may have left it: restoring loads a backup as it is. */
async function storeAsEarlier(state: object): Promise<void> {
  const rows: { row: string; entity?: string; key?: string; body?: string }[] = [];
  for (let next: unknown = ""; next !== null; ) {
    const page = await ok("GET", `/projects/attacker/backup${next === "" ? "" : `?cursor=${next}`}`);
    rows.push(...(page.rows as typeof rows));
    next = page.next;
  }
  for (const row of rows)
    if (row.row === "document" && row.entity === "state" && row.key === "stall")
      row.body = JSON.stringify({ ...JSON.parse(row.body as string), ...state });
  await ok("POST", "/projects/attacker/restore", { part: 0, rows, last: true, replace: true });
}

test("the flag is refused by every route that saves it, with the field, the limit and the fix", async () => {
  const problem = {
    status: 422,
    code: "invalid",
    errors: expect.arrayContaining([
      {
        field: expect.stringContaining("rules.0.when.any.0.values.0"),
        message: expect.stringMatching(
          /would take \d+ instructions, at most 1000 .*\(regexInstructions\): repeat less/,
        ),
      },
    ]),
  };
  const tries: [string, string, unknown][] = [
    ["PUT", STATE, attack],
    ["PATCH", STATE, attack],
    ["POST", `${STATE}/schedules`, { at: new Date(Date.now() + 3_600_000).toISOString(), patch: attack }],
    [
      "POST",
      "/projects/attacker/import?dryRun=true",
      { ...(await ok("GET", "/projects/attacker/export")), states: { production: { stall: attack } } },
    ],
  ];
  for (const [method, route, body] of tries) {
    const response = await send(method, route, body);
    expect([route, await response.json()]).toEqual([route, expect.objectContaining(problem)]);
  }
  const segment = await send("PUT", "/projects/attacker/segments/stall", {
    when: { attribute: "email", op: "matches", values: [BOMB] },
  });
  expect(await segment.json()).toMatchObject({ status: 422, errors: [{ field: "when.values.0" }] });
});

test("stored before there was a limit it loads, is never compiled, is told of, and neighbours are answered meanwhile", async () => {
  await storeAsEarlier(attack);
  const people = Array.from({ length: 20 }, (_, index) => ({ targetingKey: `u${index}`, email: "kim@shop.example" }));
  const [attacked, ...neighbours] = await Promise.all([
    evaluate("attacker", people[0] as object),
    ...people.map((context) => evaluate("neighbour", context)),
  ]);
  expect(attacked).toEqual({ status: 200, values: { stall: false, staff: true } });
  for (const answer of neighbours) expect(answer).toEqual({ status: 200, values: { stall: false, staff: true } });
  const { problems } = (await ok("GET", STATE)) as { problems: { field: string }[] };
  expect(problems).toHaveLength(50);
  expect(problems[0]).toEqual({
    field: "rules.0.when.any.0.values.0",
    message: expect.stringContaining("regexInstructions"),
  });
  const { flags } = await ok("POST", "/projects/attacker/environments/production/evaluate", {
    context: people[0],
    flag: "stall",
  });
  // Every one of them was left out: none was compiled.
  expect(JSON.stringify(flags).match(/"holds":"unknown","found":"string","limited":"pattern too large"/g)).toHaveLength(
    20,
  );

  // Nobody has to mend it before they can switch it off, kill it or change another flag.
  await ok("PATCH", STATE, { enabled: false });
  await ok("POST", `${STATE}/kill`, {});
  await ok("PUT", "/projects/attacker/environments/production/flags/staff", { ...usual, enabled: false });
  expect((await evaluate("attacker", people[0] as object)).values).toEqual({ stall: false, staff: false });
});

test("the longest texts and arrays that a request holds are answered, whatever patterns search them", async () => {
  const large = Array.from({ length: 18 }, (_, index) => `(?:a?b?){240}(?:z|q${index})`);
  const when = { attribute: "email", op: "matches", values: large };
  await ok("PUT", "/projects/neighbour/environments/production/flags/stall", {
    ...attack,
    rules: [{ id: "r", when, serve: { variant: "on" } }],
  });
  for (const email of ["a".repeat(60_000), Array(60).fill("a".repeat(1_000)), Array(16_000).fill("a")])
    expect(await evaluate("neighbour", { email })).toEqual({ status: 200, values: { stall: false, staff: false } });
  expect((await evaluate("neighbour", { email: "abz" })).values).toEqual({ stall: true, staff: false });
});
