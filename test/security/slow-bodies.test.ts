import { once } from "node:events";
import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";

// A request that is begun and never finished costs its sender nothing. It must cost others nothing either: it holds no
// room that they need, it is ended, and where its sender is unknown nothing of it is waited for at all.

let server: Server;
let client: string;
let trigger: string;

beforeAll(async () => {
  server = await startServer();
  const made = async (method: string, route: string, body: unknown) => {
    const response = await server.admin(route, { method, body });
    expect(response.status, route).toBeLessThan(300);
    return (await response.json()) as { key: string; token: string };
  };
  await made("PUT", "/projects/shop", { environments: ["live"] });
  const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  await made("PUT", "/projects/shop/flags/checkout", definition);
  await made("PUT", "/projects/shop/segments/staff", {});
  client = (await made("POST", "/projects/shop/environments/live/keys", { kind: "client", name: "page" })).key;
  trigger = (await made("POST", "/projects/shop/environments/live/flags/checkout/triggers", { name: "alert" })).token;
});
afterAll(async () => {
  await server?.stop();
});

interface Begun {
  /** The status of the answer; 0 while there is none. */
  status(): number;
  answered: Promise<number>;
  drop(): void;
}

/** Sends a request's head, announces this many bytes, and sends only the first of them. */
function begin(
  route: string,
  { method = "POST", token = "", length = 262_144, sent = "{", type = "application/json" } = {},
) {
  const socket = net.connect(server.port, "127.0.0.1");
  let text = "";
  const status = () => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
  const answered = new Promise<number>((resolve) => {
    // Longer than any deadline of the server: whatever is silent until then waits for ever.
    setTimeout(() => resolve(status()), 30_000).unref();
    socket.on("data", (data) => {
      text += data.toString("latin1");
      if (status() > 0) resolve(status());
    });
    socket.on("close", () => resolve(status()));
  });
  socket.on("error", () => {});
  const authorization = token === "" ? "" : `Authorization: Bearer ${token}\r\n`;
  socket.write(
    `${method} ${route} HTTP/1.1\r\nHost: localhost\r\n${authorization}Content-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n${sent}`,
  );
  return { socket, status, answered, drop: () => socket.destroy() } satisfies Begun & { socket: net.Socket };
}

async function sendEvent(): Promise<number> {
  const event = {
    id: crypto.randomUUID(),
    type: "conversion",
    unit: { targetingKey: "u1" },
    time: Date.now(),
    metric: "orders",
  };
  const response = await fetch(`${server.url}/v1/events`, {
    method: "POST",
    headers: { Authorization: `Bearer ${client}`, "Content-Type": "application/json" },
    body: JSON.stringify({ batchId: crypto.randomUUID(), events: [event] }),
  });
  await response.body?.cancel();
  return response.status;
}

describe("attack", () => {
  test.each([
    ["with a client key", () => client],
    ["with none", () => ""],
  ])("hundreds of batches that never end, %s: a visitor's batch is taken all the same", async (_whose, token) => {
    const begun = Array.from({ length: 300 }, () => begin("/v1/events", { token: token() }));
    try {
      await Promise.all(begun.map(({ socket }) => (socket.connecting ? once(socket, "connect") : null)));
      // Several, since the first may come before all of them have begun.
      for (let nth = 0; nth < 5; nth++) expect(await sendEvent()).toBe(202);
      const stillOpen = begun.filter(({ status }) => status() === 0);
      expect(stillOpen.length + begun.filter(({ status }) => status() === 408).length).toBe(300);
      await begun[0]?.answered;
      expect(begun[0]?.status()).toBe(408);
    } finally {
      for (const { drop } of begun) drop();
    }
  });
});

test("a body that stops coming is given up, on every route that waits for one: 408", async () => {
  const admin = { token: server.adminToken };
  const answers = await Promise.all(
    [
      begin("/api/v1/session", { length: 1_000 }),
      begin("/api/v1/projects/shop", { method: "PUT", ...admin }),
      begin("/api/v1/projects/shop/import", { length: 4_000_000, ...admin }),
      begin("/api/v1/projects/shop/segments/staff/list", {
        method: "PUT",
        type: "text/plain",
        sent: "a\nb\n",
        ...admin,
      }),
      begin(`/v1/triggers/${trigger}`),
      begin("/v1/doors/checkout/open", { token: client, length: 1_000 }),
      begin("/v1/ask/checkout", { token: client, length: 1_000 }),
      begin("/v1/pages", { token: client, length: 1_000 }),
      begin("/v1/events", { token: client }),
    ].map(async ({ answered, drop }) => {
      const status = await answered;
      drop();
      return status;
    }),
  );
  expect(answers).toEqual(answers.map(() => 408));
  // What had come of a list is not kept by half.
  expect((await server.admin("/projects/shop/segments/staff/list")).status).toBe(404);
});

test("a body that comes slowly, but comes, is taken", async () => {
  const text = JSON.stringify({ name: "Shop", environments: ["live"] });
  const { socket, answered, drop } = begin("/api/v1/projects/shop", {
    method: "PUT",
    token: server.adminToken,
    length: text.length,
    sent: "",
  });
  for (const part of [text.slice(0, 10), text.slice(10, 20), text.slice(20)]) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    socket.write(part);
  }
  expect(await answered).toBe(200);
  drop();
});
