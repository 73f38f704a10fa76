import { once } from "node:events";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../scripts/free-port.mjs";
import { createStateDir, gone, root, runStart, type Server, startServer } from "./server.ts";

const project = { name: "Kept" };

/** A client's connections that nobody closes: idle after an answer, in the middle of a request, silent. */
async function openConnections(server: Server) {
  const starts = [
    "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
    "POST /v1/events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
    "",
  ];
  const sockets = await Promise.all(
    starts.map(async (text) => {
      const socket = net.connect(server.port, "127.0.0.1");
      socket.on("error", () => {});
      await once(socket, "connect");
      if (text.startsWith("GET")) {
        socket.write(text);
        await once(socket, "data");
      } else if (text) {
        socket.write(text);
      }
      return socket;
    }),
  );
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

/** A state folder for more than one start. */
function keptStateDir() {
  const stateDir = createStateDir();
  onTestFinished(() => rmSync(stateDir, { recursive: true, force: true }));
  return stateDir;
}

/** The lines of a failed start, without npm's own around them. */
function sentences(output: string) {
  return output.split("\n").filter((line) => line !== "" && !line.startsWith("> ") && !line.startsWith("npm "));
}

async function failToStart(env: Record<string, string>) {
  const run = runStart(env);
  const code = await run.exited;
  return { code, sentences: sentences(run.output()), output: run.output() };
}

test("a start prints that it is ready, and a sign-in link", async () => {
  await using server = await startServer();
  expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
  expect(server.signInUrl).toMatch(new RegExp(`^${server.url}/#/sign-in\\?code=[\\w-]+$`));
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test.for(["SIGTERM", "SIGINT"] as const)("%s to npm ends every process, with connections open", async (signal) => {
  const server = await startServer();
  const closeConnections = await openConnections(server);
  expect(server.processes().join("\n")).toMatch(/workerd/);
  expect(await server.stop(signal)).toBe(0);
  expect(server.processes()).toEqual([]);
  closeConnections();
});

test("SIGKILL of npm ends every process, with connections open", async () => {
  const server = await startServer();
  const closeConnections = await openConnections(server);
  await server.kill();
  expect(server.processes()).toEqual([]);
  closeConnections();
});

test("SIGKILL of the start script ends every process", async () => {
  const server = await startServer();
  const script = server.processes().find((line) => line.endsWith("scripts/start.mjs"));
  process.kill(Number.parseInt(script ?? "", 10), "SIGKILL");
  await gone(server.stateDir);
  await server.stop();
});

test("a stop while it is still starting ends every process", async () => {
  const stateDir = keptStateDir();
  const run = runStart({ PORT: String(await freePort()), STATE_DIR: stateDir, ADMIN_TOKEN: "a-token-for-one-test" });
  while (!existsSync(path.join(stateDir, "run.env"))) await new Promise((resolve) => setTimeout(resolve, 20));
  run.child.kill("SIGTERM");
  expect(await run.exited).toBe(0);
  await gone(stateDir);
});

test("a runtime that dies by itself ends the start with its last words", async () => {
  const server = await startServer();
  const keeper = server.processes().find((line) => line.includes("scripts/start/keeper.mjs"));
  const runtime = server.processes().find((line) => /scripts\/start\/worker\.mjs/.test(line) && line !== keeper);
  expect(keeper).toBeDefined();
  process.kill(Number.parseInt(runtime ?? "", 10), "SIGKILL");
  await gone(server.stateDir);
  expect(await server.stop()).toBe(1);
  expect(server.output()).toMatch(/stopped by itself/);
});

test("the state survives a stop, and a SIGKILL", async () => {
  const stateDir = keptStateDir();
  const first = await startServer({ stateDir });
  const put = await first.admin("/projects/kept", { method: "PUT", body: project });
  expect(put.status, await put.text()).toBeLessThan(300);
  await first.stop();

  const second = await startServer({ stateDir });
  expect((await second.admin("/projects/kept")).status).toBe(200);
  const also = await second.admin("/projects/also", { method: "PUT", body: project });
  expect(also.status).toBeLessThan(300);
  await second.kill();

  await using third = await startServer({ stateDir });
  expect((await third.admin("/projects/kept")).status).toBe(200);
  expect((await third.admin("/projects/also")).status).toBe(200);
});

test("a start right after a SIGKILL, on the same port and state, waits for the leftovers", async () => {
  const stateDir = keptStateDir();
  const first = await startServer({ stateDir });
  const script = first.processes().find((line) => line.endsWith("scripts/start.mjs"));
  // Both at once: nobody but the keeper is left to end wrangler, and nobody waits for it.
  process.kill(first.pid, "SIGKILL");
  process.kill(Number.parseInt(script ?? "", 10), "SIGKILL");
  const second = await startServer({ stateDir, port: first.port });
  await second.stop();
});

test("two servers run side by side", async () => {
  await using one = await startServer();
  await using two = await startServer();
  expect((await one.admin("/projects/mine", { method: "PUT", body: project })).status).toBeLessThan(300);
  expect((await two.admin("/projects/mine")).status).toBe(404);
});

test("the home folder need not be writable", async () => {
  await using server = await startServer({ env: { HOME: "/dev/null/home" } });
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test("ADMIN_TOKEN is the token of the run, and is written to no lasting file", async () => {
  const adminToken = "token with $HOME and 'quotes'".replaceAll(" ", "-");
  const stateDir = keptStateDir();
  const server = await startServer({ stateDir, env: { ADMIN_TOKEN: adminToken } });
  expect((await server.admin("/projects")).status).toBe(200);
  const wrong = await server.admin("/projects", { headers: { authorization: `Bearer ${adminToken}x` } });
  expect(wrong.status).toBe(401);
  expect(server.output()).not.toContain(adminToken);
  expect(server.processes().join("\n")).not.toContain(adminToken);
  await server.stop();
  const devVars = path.join(root, ".dev.vars");
  if (existsSync(devVars)) expect(readFileSync(devVars, "utf8")).not.toContain(adminToken);
  expect(existsSync(path.join(stateDir, "run.env"))).toBe(false);
});

test("a second start on the same state is refused in one sentence, and leaves the first alone", async () => {
  await using first = await startServer();
  const second = await failToStart({ PORT: String(await freePort()), STATE_DIR: first.stateDir });
  expect(second.code).toBe(1);
  expect(second.sentences).toEqual([
    expect.stringMatching(`The state folder .* is in use by another start \\(process \\d+, port ${first.port}\\)`),
  ]);
  expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
});

test("a lock whose holder is dead is taken over", async () => {
  const stateDir = keptStateDir();
  // This process lives, but did not begin at that time: its id was used again.
  writeFileSync(path.join(stateDir, "start.lock"), JSON.stringify({ pid: process.pid, began: "1", port: 1 }));
  await using server = await startServer({ stateDir });
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
});

test("a taken port is refused in one sentence", async () => {
  const stateDir = keptStateDir();
  const taken = net.createServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  onTestFinished(() => {
    taken.close();
  });
  const { port } = taken.address() as net.AddressInfo;
  const start = await failToStart({ PORT: String(port), STATE_DIR: stateDir });
  expect(start.code).toBe(1);
  expect(start.sentences).toEqual([expect.stringMatching(`Port ${port} is already in use`)]);
});

test.for(["https://flags.example", "/flags?x", "/a//b", "/"])(
  "BASE_PATH=%s is refused in one sentence",
  async (base) => {
    const start = await failToStart({ PORT: String(await freePort()), STATE_DIR: keptStateDir(), BASE_PATH: base });
    expect(start.sentences).toEqual([expect.stringMatching(/^BASE_PATH must be a path such as \/flags/)]);
  },
);

test.for(["eighty", "0", "65536", "80.5", "-1"])("PORT=%s is refused in one sentence", async (port) => {
  const start = await failToStart({ PORT: port, STATE_DIR: keptStateDir() });
  expect(start.code).toBe(1);
  expect(start.sentences).toEqual([expect.stringMatching(/^PORT must be a whole number from 1 to 65535/)]);
});

test("a state folder that cannot be written to is refused in one sentence", async () => {
  const folder = keptStateDir();
  // Below a plain file, since file modes do not bind root.
  writeFileSync(path.join(folder, "file"), "");
  const start = await failToStart({ PORT: String(await freePort()), STATE_DIR: path.join(folder, "file", "state") });
  expect(start.code).toBe(1);
  expect(start.sentences).toEqual([expect.stringMatching(/^The state folder .* cannot be written to \(ENOTDIR\)/)]);
});

test("a failed start leaves the state folder free", async () => {
  const stateDir = keptStateDir();
  const start = await failToStart({ PORT: String(await freePort()), STATE_DIR: stateDir, ADMIN_TOKEN: "two words" });
  expect(start.sentences).toEqual([expect.stringMatching(/^ADMIN_TOKEN must be/)]);
  await using server = await startServer({ stateDir });
  expect(server.stateDir).toBe(stateDir);
});
