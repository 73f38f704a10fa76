import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import http from "node:http";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createStateDir, root, type Server, startServer } from "../process/server.ts";

// A start on one's own machine is reached by every program of that machine, and by every web page that its user opens:
// pages may send requests to loopback, and WebSockets with any Origin. And its files lie beside those of other users.

const LOOPBACK_4 = "0100007F";
const LOOPBACK_6 = "00000000000000000000000001000000";
const stateDir = createStateDir();
let server: Server;

beforeAll(async () => {
  // As an earlier version left it: readable by everybody.
  mkdirSync(path.join(stateDir, "v3", "do", "blastdoor-FlagStore"), { recursive: true });
  writeFileSync(path.join(stateDir, "v3", "do", "blastdoor-FlagStore", "metadata.sqlite-left"), "seal_key");
  writeFileSync(path.join(stateDir, "wrangler.log"), "");
  writeFileSync(path.join(stateDir, "run.env"), "");
  writeFileSync(path.join(stateDir, "notes.txt"), "not ours");
  symlinkSync(path.join(stateDir, "notes.txt"), path.join(stateDir, "v3", "link"));
  for (const folder of [stateDir, path.join(stateDir, "v3")]) chmodSync(folder, 0o755);
  chmodSync(path.join(stateDir, "notes.txt"), 0o644);
  server = await startServer({ stateDir });
});
afterAll(async () => {
  await server?.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

const LINUX = existsSync("/proc/net/tcp");

interface Socket {
  protocol: string;
  address: string;
  port: number;
}

/** Every socket of the start's processes that strangers can send something to. */
function openSockets(): Socket[] {
  const inodes = new Set<string>();
  for (const line of server.processes()) {
    const folder = `/proc/${Number.parseInt(line, 10)}/fd`;
    for (const fd of readdirSync(folder)) {
      try {
        const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1];
        if (inode) inodes.add(inode);
      } catch {
        // Closed meanwhile.
      }
    }
  }
  return ["tcp", "tcp6", "udp", "udp6"].flatMap((protocol) =>
    readFileSync(`/proc/net/${protocol}`, "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .flatMap((line) => {
        const [, local = "", remote = "", state = "", , , , , , inode = ""] = line.trim().split(/\s+/);
        const LISTENS = "0A";
        const isOpen = protocol.startsWith("tcp") ? state === LISTENS : /^0+:0000$/.test(remote);
        if (!isOpen || !inodes.has(inode)) return [];
        const [address = "", port = ""] = local.split(":");
        return [{ protocol, address, port: Number.parseInt(port, 16) }];
      }),
  );
}

/** What a port answers to a request for this path; null when it speaks no HTTP or nothing within a while. */
async function ask(port: number, route: string, headers: Record<string, string> = {}, method = "GET") {
  return new Promise<{ status: number; text: string; upgraded: boolean } | null>((resolve) => {
    const request = http.request({ host: "127.0.0.1", port, path: route, method, headers, timeout: 10_000 });
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text, upgraded: false }));
    });
    request.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, text: "", upgraded: true });
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(null));
    request.end();
  });
}

const UPGRADE = {
  Connection: "Upgrade",
  Upgrade: "websocket",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
  Origin: "https://evil.example",
};

describe.runIf(LINUX)("what listens", () => {
  test("listens on loopback and nowhere else", () => {
    const sockets = openSockets();
    expect(sockets.map(({ port }) => port)).toContain(server.port);
    expect(sockets.filter(({ address }) => address !== LOOPBACK_4 && address !== LOOPBACK_6)).toEqual([]);
  });

  test("is no debugger: none lists targets, and none takes a WebSocket, whatever its Origin", async () => {
    const found: string[] = [];
    const listed = async (port: number, route: string) => {
      const text = (await ask(port, route))?.text ?? "";
      if (/webSocketDebuggerUrl|Protocol-Version/.test(text)) found.push(`${port}${route}: ${text.slice(0, 200)}`);
    };
    const upgraded = async (port: number, route: string) => {
      if ((await ask(port, route, UPGRADE))?.upgraded) found.push(`${port}${route}: a WebSocket was opened`);
    };
    await Promise.all(
      openSockets().flatMap(({ port }) => [
        ...["/json", "/json/list", "/json/version"].map((route) => listed(port, route)),
        ...["/", "/ws", "/blastdoor", "/core:user:blastdoor", "/user:blastdoor", "/0"].map((route) =>
          upgraded(port, route),
        ),
      ]),
    );
    expect(found).toEqual([]);
  });

  test("is the Worker itself, which asks for a token as ever, or answers nobody without a secret of its own", async () => {
    const { nonce } = (await (await fetch(`${server.url}/healthz`)).json()) as { nonce: string };
    for (const { port } of openSockets()) {
      const health = await ask(port, "/healthz");
      const isWorker = health?.text.includes(nonce) ?? false;
      if (port === server.port) expect(isWorker).toBe(true);
      if (isWorker) {
        expect((await ask(port, "/api/v1/projects"))?.status).toBe(401);
        // The bindings' own door of the local runtime.
        expect((await ask(port, "/cdn-cgi/local/platform-proxy", {}, "POST"))?.status).toBe(400);
        expect((await ask(port, "/cdn-cgi/local/explorer/api"))?.text).not.toContain("FLAG_STORE");
      } else expect([null, 403]).toContain(health === null ? null : health.status);
    }
  });
});

test("a name that was made to point here opens nothing: the session's cookie belongs to another host", async () => {
  const Host = "evil.example";
  const signedIn = await fetch(`${server.url}/api/v1/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token: server.adminToken }),
  });
  const cookie = signedIn.headers.get("Set-Cookie") ?? "";
  expect(cookie).toMatch(/HttpOnly/i);
  // Without Domain a browser sends it to the very host that set it.
  expect(cookie).not.toMatch(/Domain=/i);
  expect((await ask(server.port, "/api/v1/projects", { Host }))?.status).toBe(401);
  expect((await ask(server.port, "/metrics", { Host }))?.status).toBe(401);
});

describe.runIf(process.platform !== "win32")("files", () => {
  const tree = (file: string): string[] => {
    const stat = lstatSync(file, { throwIfNoEntry: false });
    if (!stat) return [];
    return stat.isDirectory() ? [file, ...readdirSync(file).flatMap((name) => tree(path.join(file, name)))] : [file];
  };
  const open = (files: string[]) =>
    files.filter((file) => {
      const stat = lstatSync(file, { throwIfNoEntry: false });
      return stat && !stat.isSymbolicLink() && (stat.mode & 0o077) !== 0;
    });

  test("of the state are their owner's alone, those of an earlier version included", async () => {
    expect((await server.admin("/projects/shop", { method: "PUT", body: {} })).status).toBeLessThan(300);
    const all = tree(stateDir);
    expect(all.some((file) => file.endsWith(".sqlite"))).toBe(true);
    // What is none of a start's files stays as it was, and a link is not followed to it.
    const notes = path.join(stateDir, "notes.txt");
    expect(open(all)).toEqual([notes]);
    expect(lstatSync(notes).mode & 0o777).toBe(0o644);
  });

  test("with the lasting secrets and backups are too, and git is told to leave them out", async () => {
    const devVars = path.join(root, ".dev.vars");
    if (existsSync(devVars)) expect(lstatSync(devVars).mode & 0o077).toBe(0);
    const file = path.join(stateDir, "shop.backup.jsonl");
    // Left by a run that was cut off, or put there by somebody who waits for the content.
    writeFileSync(`${file}.part`, "", { mode: 0o644 });
    const env = { ...process.env, BLASTDOOR_URL: server.url, ADMIN_TOKEN: server.adminToken };
    await promisify(execFile)(process.execPath, [path.join(root, "scripts", "backup.mjs"), "shop", file], { env });
    expect(lstatSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(path.join(root, ".gitignore"), "utf8").split("\n")).toEqual(
      expect.arrayContaining(["*.backup.jsonl", "*.backup.jsonl.part", ".dev.vars"]),
    );
  });
});
