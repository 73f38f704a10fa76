import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";

let server: Server;
const STATE = "/projects/shop/environments/production/flags/checkout";

beforeAll(async () => {
  server = await startServer();
  await server.admin("/projects/shop", { method: "PUT", body: {} });
  const body = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  await server.admin("/projects/shop/flags/checkout", { method: "PUT", body });
});
afterAll(async () => {
  await server?.stop();
});

interface Row {
  revision: number;
  at: string;
  actor: unknown;
  action: string;
  comment: string;
  changes: unknown;
  previousHash: string;
  hash: string;
}
async function audit(): Promise<Row[]> {
  const rows: Row[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page = (await (await server.admin(`/projects/shop/audit?after=${after}&limit=50`)).json()) as {
      rows: Row[];
      next: number | null;
    };
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}

test("of many editors of one version exactly one wins, and the others are told what to do", async () => {
  const version = (await server.admin(STATE)).headers.get("ETag");
  const before = (await audit()).length;
  const editors = Array.from({ length: 50 }, (_, n) =>
    server.admin(STATE, {
      method: "PATCH",
      headers: { "If-Match": version ?? "" },
      body: { enabled: true, comment: `editor ${n}` },
    }),
  );
  const answers = await Promise.all(editors);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const lost = answers.filter(({ status }) => status === 412);
  expect(lost).toHaveLength(49);
  expect(await lost[0]?.json()).toMatchObject({
    code: "version-conflict",
    detail: expect.stringContaining("Read it again"),
  });
  expect(await audit()).toHaveLength(before + 1);
});

test("parallel writes make revisions without gaps, in an unbroken chain", async () => {
  const before = (await audit()).length;
  const writes = Array.from({ length: 30 }, (_, n) =>
    server.admin(`/projects/shop/segments/s${n}`, { method: "PUT", body: { included: [`u${n}`] } }),
  );
  for (const { status } of await Promise.all(writes)) expect(status).toBe(201);
  const rows = await audit();
  expect(rows.map(({ revision }) => revision)).toEqual(Array.from({ length: before + 30 }, (_, n) => n + 1));
  let previous = "0".repeat(64);
  for (const { revision, at, actor, action, comment, changes, previousHash, hash } of rows) {
    expect(previousHash).toBe(previous);
    const text = JSON.stringify([previous, revision, Date.parse(at), actor, action, comment, changes]);
    expect(createHash("sha256").update(text).digest("hex")).toBe(hash);
    previous = hash;
  }
});

test("a repeated command with one Idempotency-Key counts once, and the key cannot be used for another", async () => {
  const before = (await audit()).length;
  const headers = { "Idempotency-Key": "toggle-1" };
  const body = { enabled: false };
  const [first, second] = [
    await server.admin(STATE, { method: "PATCH", headers, body }),
    await server.admin(STATE, { method: "PATCH", headers, body }),
  ];
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(await second.json()).toEqual(await first.json());
  expect(await audit()).toHaveLength(before + 1);
  const other = await server.admin(STATE, { method: "PATCH", headers, body: { enabled: true } });
  expect(other.status).toBe(422);
  expect(await other.json()).toMatchObject({ code: "idempotency-key-reused" });
});
