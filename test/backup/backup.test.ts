import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root, type Server, startServer } from "../process/server.ts";

const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-backup-"));
const file = path.join(folder, "shop.backup.jsonl");
let server: Server;
let key: string;

beforeAll(async () => {
  server = await startServer();
  await put("/projects/shop", {});
  for (const flag of ["checkout", "search"]) {
    await put(`/projects/shop/flags/${flag}`, {
      type: "boolean",
      variants: { on: true, off: false },
      offVariant: "off",
    });
  }
  const split = [
    { variant: "on", weight: 20_000 },
    { variant: "off", weight: 80_000 },
  ];
  await put("/projects/shop/environments/production/flags/checkout", { enabled: true, fallthrough: { split } });
  await put("/projects/shop/environments/production/flags/search", { enabled: true });
  split[0]!.weight = 30_000;
  split[1]!.weight = 70_000;
  await put("/projects/shop/environments/production/flags/checkout", { enabled: true, fallthrough: { split } });
  await ok(server.admin("/projects/shop/environments/production/flags/search/kill", { method: "POST", body: {} }));
  const made = await ok(
    server.admin("/projects/shop/environments/production/keys", {
      method: "POST",
      body: { kind: "server", name: "app" },
    }),
  );
  key = ((await made.json()) as { key: string }).key;
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function ok(answer: Promise<Response>): Promise<Response> {
  const response = await answer;
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
  return response;
}
const put = (route: string, body: unknown) => ok(server.admin(route, { method: "PUT", body }));
const read = async (route: string) => (await ok(server.admin(route))).json() as Promise<Record<string, unknown>>;

async function run(script: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, BLASTDOOR_URL: server.url, ADMIN_TOKEN: server.adminToken };
  const { stdout } = await promisify(execFile)("npm", ["run", "--silent", script, "--", ...args], { cwd: root, env });
  return stdout;
}

/** What an app sees, for so many people that a moved bucket would show. */
async function served(): Promise<string[]> {
  const people = Array.from({ length: 40 }, (_, n) => `u${n}`);
  const answers: string[] = [];
  for (const targetingKey of people) {
    const response = await fetch(`${server.url}/ofrep/v1/evaluate/flags`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ context: { targetingKey } }),
    });
    answers.push(`${response.status} ${await response.text()}`);
  }
  return answers;
}

test("a project comes back whole, and edges follow although its revision fell", async () => {
  const before = await served();
  const audit = await read("/projects/shop/audit");
  const state = await read("/projects/shop/environments/production/flags/checkout");
  expect(await run("backup", "shop", file)).toMatch(/rows of "shop" at revision \d+/);

  // Everything after the backup is undone by the restore: later revisions, and the project's deletion.
  for (let n = 0; n < 5; n++)
    await put("/projects/shop/environments/production/flags/checkout", { enabled: n % 2 === 1 });
  expect(await served()).not.toEqual(before);
  await ok(server.admin("/projects/shop", { method: "DELETE" }));
  expect(new Set((await served()).map((answer) => answer.slice(0, 3)))).toEqual(new Set(["401"]));

  expect(await run("restore", file)).toContain("epoch 2");
  expect(await served()).toEqual(before);
  expect(await read("/projects/shop/environments/production/flags/checkout")).toEqual(state);
  const rows = (await read("/projects/shop/audit")).rows as { action: string }[];
  expect(rows.slice(0, -1)).toEqual(audit.rows);
  expect(rows.at(-1)?.action).toBe("restoreBackup");

  // Life goes on from there: the next change is the next revision, and reaches the edge.
  await ok(server.admin("/projects/shop/environments/production/flags/search/restore", { method: "POST", body: {} }));
  expect(await served()).not.toEqual(before);
});

test("a backup that was cut off or altered changes nothing", async () => {
  const before = await served();
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const damaged = path.join(folder, "damaged.jsonl");
  const attempt = async (text: string) => {
    writeFileSync(damaged, `${text}\n`);
    return run("restore", damaged, "--replace").catch((error: { stderr: string }) => error.stderr);
  };
  expect(await attempt(lines.slice(0, -1).join("\n"))).toContain("cut off");
  expect(await attempt(lines.map((line) => line.replaceAll("Administrator", "Somebody")).join("\n"))).toContain(
    "audit chain breaks",
  );
  // What is no JSON within a row, or names an entity that every object inherits, is the file's fault and not the store's.
  const altered = (pattern: RegExp, by: string) => lines.map((line) => line.replace(pattern, by)).join("\n");
  expect(await attempt(altered(/"body":"\{/, '"body":"'))).toContain("cannot be read");
  expect(await attempt(altered(/"entity":"kill"/, '"entity":"constructor"'))).toContain("cannot be read");
  expect(await attempt(altered(/"actor":"\{/, '"actor":"'))).toContain("cannot be read");
  expect(await attempt(altered(/"changes":"\[/, '"changes":"'))).toContain("cannot be read");
  const lost = lines.filter((line) => !(line.includes('"entity":"kill"') && line.includes('"row":"document"')));
  expect(await attempt(lost.join("\n"))).toContain("arrived");
  expect(await served()).toEqual(before);
});

test("a project that is there is replaced only when asked to", async () => {
  const refused = await run("restore", file).catch((error: { stderr: string }) => error.stderr);
  expect(refused).toContain("exists already");
  expect(await run("restore", file, "--replace")).toContain("epoch 3");
});
