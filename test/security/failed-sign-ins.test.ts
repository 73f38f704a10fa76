import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root, type Server, startServer } from "../process/server.ts";
import { call, isSignedIn, must, newLink, newToken, signIn } from "./administration.ts";

const METRICS_TOKEN = `bdm_${randomBytes(32).toString("base64url")}`;
let server: Server;

beforeAll(async () => {
  server = await startServer({ env: { METRICS_TOKEN } });
});
afterAll(async () => {
  await server?.stop();
});

const hex = () => randomBytes(20).toString("hex");
/** More than a network may fail at once. */
const FLOOD = 150;
let networks = 0;
/** An address of a network that has done nothing yet. */
const newAddress = () => `198.51.${networks++}.7`;

/** How one kind of secret is tried; each try is another made-up one. */
const TRIES: [kind: string, what: string, send: (from: string) => Promise<Response>][] = [
  ["token", "an API token", (from) => tried("/api/v1/projects", { authorization: `Bearer bdt_${hex()}` }, from)],
  ["token", "an API token as X-API-Key", (from) => tried("/api/v1/projects", { "x-api-key": `bdt_${hex()}` }, from)],
  ["token", "an ADMIN_TOKEN", (from) => tried("/api/v1/tokens", { authorization: `Bearer bda_${hex()}` }, from)],
  [
    "token",
    "a token that is far too long",
    (from) => tried("/api/v1/projects", { authorization: `Bearer ${"x".repeat(3_000)}` }, from),
  ],
  ["token", "a token at the sign-in", (from) => tried("/api/v1/session", {}, from, { token: `bdt_${hex()}` })],
  ["sign-in-link", "a sign-in code", (from) => tried("/api/v1/session", {}, from, { code: hex() })],
  ["metrics", "the metrics token", (from) => tried("/metrics", { authorization: `Bearer ${hex()}` }, from)],
  [
    "break-glass",
    "the break-glass secret",
    (from) =>
      tried(
        "/api/v1/break-glass/projects/demo/environments/production/flags/f/kill",
        { authorization: `Bearer ${hex()}` },
        from,
        {},
      ),
  ],
];

const tried = (path: string, headers: Record<string, string>, from: string, body?: object) =>
  fetch(server.url + path, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...headers,
      "cf-connecting-ip": from,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

const failuresOf = async (network: string): Promise<{ kind: string; count: number }[]> => {
  const { failures } = await must(server, "GET", "/sign-in-failures");
  return failures.filter((one: { network: string }) => one.network === network);
};

describe.each(TRIES)("guessing (%s): %s", (kind, _what, send) => {
  test("is answered 429 after a while, with Retry-After, and counted", async () => {
    const from = newAddress();
    const answers: Response[] = [];
    for (let at = 0; at < FLOOD; at += 10)
      answers.push(...(await Promise.all(Array.from({ length: 10 }, () => send(from)))));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.slice(0, 20)).toEqual(Array(20).fill(401));
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    for (const answer of answers) {
      if (answer.status === 429) expect(answer.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
      expect(((await answer.json()) as { code: string }).code).toMatch(
        /^(unauthenticated|sign-in-code-invalid|too-many-failures)$/,
      );
    }
    const [counted, ...others] = await failuresOf(from.replace(/\d+$/, "0/24"));
    expect(others).toEqual([]);
    // What was refused while the list of real secrets was being read may have been one.
    expect([counted?.kind, (counted?.count ?? 0) > FLOOD / 2]).toEqual([kind, true]);
    // A neighbour in another network does not notice.
    expect((await send(newAddress())).status).toBe(401);
  });
});

test("what is right passes from the very network that floods, whether it was used here before or not", async () => {
  const from = newAddress();
  const [token, cookie, code] = [
    (await newToken(server, "viewer")).token,
    (await signIn(server, { token: server.adminToken })) as string,
    await newLink(server, { token: server.adminToken }),
  ];
  const flood = () =>
    Promise.all(
      Array.from({ length: 30 }, () => tried("/api/v1/projects", { authorization: `Bearer bdt_${hex()}` }, from)),
    );
  for (let round = 0; round < 4; round++) await flood();
  expect((await tried("/api/v1/projects", { authorization: `Bearer bdt_${hex()}` }, from)).status).toBe(429);

  const [, ...rights] = await Promise.all([
    flood(),
    call(server, "GET", "/projects", { token: server.adminToken, from }),
    call(server, "GET", "/projects", { token, from }),
    call(server, "GET", "/projects", { cookie, from }),
    call(server, "POST", "/session", { body: { token: server.adminToken }, from }),
    call(server, "POST", "/session", { body: { token }, from }),
    call(server, "POST", "/session", { body: { code }, from }),
  ]);
  expect(rights.map(({ status }) => status)).toEqual(Array(6).fill(200));
  const metrics = await tried("/metrics", { authorization: `Bearer ${METRICS_TOKEN}` }, from);
  expect(metrics.status).toBe(200);
});

test("a browser whose session has ended is told so, and never to wait", async () => {
  const from = newAddress();
  const cookie = (await signIn(server, { token: server.adminToken })) as string;
  await call(server, "DELETE", "/session", { cookie });
  for (let at = 0; at < FLOOD; at++)
    expect((await call(server, "GET", "/projects", { cookie, from })).status).toBe(401);
  const made = await Promise.all(
    Array.from({ length: 20 }, () => call(server, "GET", "/projects", { cookie: `blastdoor=bdx_${hex()}`, from })),
  );
  expect(made.filter(({ status }) => status === 200)).toEqual([]);
  expect(await isSignedIn(server, cookie)).toBe(false);
});

test("records neither secrets nor whole addresses, in the list and in the log", async () => {
  const from = "203.0.113.77";
  const secrets = [`bdt_${hex()}`, `wrong-${hex()}`];
  for (const secret of secrets) await tried("/api/v1/projects", { authorization: `Bearer ${secret}` }, from);
  const text = JSON.stringify(await must(server, "GET", "/sign-in-failures"));
  expect(text).toContain("203.0.113.0/24");
  for (const secret of [...secrets, from]) {
    expect(text).not.toContain(secret);
    expect(server.output()).not.toContain(secret);
  }
});

test("only administrators see it", async () => {
  await must(server, "PUT", "/projects/failing", {});
  for (const [role, project] of [["engineer"], ["admin", "failing"]] as const) {
    const { token } = await newToken(server, role, project);
    expect((await call(server, "GET", "/sign-in-failures", { token })).json.code).toBe("forbidden");
  }
});

describe("npm run deploy", () => {
  const deploy = (env: Record<string, string>, ...args: string[]) =>
    promisify(execFile)(process.execPath, ["scripts/deploy.mjs", "--dry-run", ...args], {
      cwd: root,
      env: { ...process.env, ...env },
    }).then(
      ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
      (error) => ({ code: error.code as number, output: `${error.stdout}${error.stderr}` }),
    );
  const strong = `bda_${randomBytes(32).toString("base64url")}`;

  test.each([
    ["one character", { ADMIN_TOKEN: "x" }, "ADMIN_TOKEN"],
    ["31 characters", { ADMIN_TOKEN: `bda_${hex().slice(0, 27)}` }, "ADMIN_TOKEN"],
    ["a repetition", { ADMIN_TOKEN: "abcdefgh".repeat(8) }, "ADMIN_TOKEN"],
    ["a placeholder", { ADMIN_TOKEN: "change-me-change-me-change-me-please" }, "ADMIN_TOKEN"],
    ["a space", { ADMIN_TOKEN: `${hex()} ${hex()}` }, "ADMIN_TOKEN"],
    ["a short break-glass secret", { BREAK_GLASS_SECRET: "stop" }, "BREAK_GLASS_SECRET"],
    ["a short metrics token", { METRICS_TOKEN: "prometheus" }, "METRICS_TOKEN"],
    ["one secret for two uses", { ADMIN_TOKEN: strong, METRICS_TOKEN: strong }, "METRICS_TOKEN"],
  ])("refuses %s before anything is sent", async (_what, env, named) => {
    const { code, output } = await deploy(env as unknown as Record<string, string>);
    expect([code, output]).toEqual([1, expect.stringContaining(named)]);
    for (const secret of Object.values(env)) if (secret.length > 10) expect(output).not.toContain(secret);
  });

  test("refuses one that is passed as a variable or in a file, too", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-secrets-"));
    const file = path.join(folder, "secrets.json");
    writeFileSync(file, JSON.stringify({ METRICS_TOKEN: "short" }));
    try {
      for (const [args, named] of [
        [["--var", "ADMIN_TOKEN:short"], "ADMIN_TOKEN"],
        [["--secrets-file", file], "METRICS_TOKEN"],
      ] as const) {
        const { code, output } = await deploy({}, ...args);
        expect([code, output]).toEqual([1, expect.stringContaining(named)]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("takes good ones", async () => {
    const { code, output } = await deploy({ ADMIN_TOKEN: strong, BREAK_GLASS_SECRET: hex() });
    expect([code, output]).toEqual([0, expect.not.stringContaining("too weak")]);
  });
});
