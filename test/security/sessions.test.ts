import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createStateDir, type Server, startServer } from "../process/server.ts";
import { call, isSignedIn, must, newLink, newToken, signIn } from "./administration.ts";

let server: Server;
let stateDir: string;

beforeAll(async () => {
  stateDir = createStateDir();
  server = await startServer({ stateDir });
});
afterAll(async () => {
  await server?.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

const cookieOf = async (proof: { token: string } | { code: string }): Promise<string> => {
  const cookie = await signIn(server, proof);
  if (cookie === null) throw new Error("not signed in");
  return cookie;
};
/** A session, a link that it made, the session which that one opened, and so on. */
async function chain(first: string, length: number): Promise<string[]> {
  const cookies = [first];
  for (let at = 1; at < length; at++) {
    const code = await newLink(server, { cookie: cookies.at(-1) as string });
    cookies.push(await cookieOf({ code }));
  }
  return cookies;
}
const alive = (cookies: (string | null)[]) => Promise.all(cookies.map((cookie) => isSignedIn(server, cookie)));

describe("a token that is revoked", () => {
  test("opens nothing by links that were made before, whether used before or after", async () => {
    const { id, token } = await newToken(server, "admin");
    const unused = await newLink(server, { token });
    const direct = await cookieOf({ token });
    const fromLink = await cookieOf({ code: await newLink(server, { token }) });
    const unusedOfSession = await newLink(server, { cookie: fromLink });
    const descendants = await chain(fromLink, 4);
    expect(await alive([direct, ...descendants])).toEqual(Array(5).fill(true));

    await must(server, "DELETE", `/tokens/${id}`);
    expect(await alive([direct, ...descendants])).toEqual(Array(5).fill(false));
    expect(await signIn(server, { code: unused })).toBeNull();
    expect(await signIn(server, { code: unusedOfSession })).toBeNull();
    for (const cookie of descendants)
      expect((await call(server, "POST", "/session/links", { cookie })).status).toBe(401);
  });

  test("makes nothing when it is revoked while links and sessions are made with it", async () => {
    const { id, token } = await newToken(server, "admin");
    const codes = await Promise.all(Array.from({ length: 8 }, () => newLink(server, { token })));
    const [opened, made, [revoked]] = await Promise.all([
      Promise.all([...codes.map((code) => signIn(server, { code })), ...codes.map(() => signIn(server, { token }))]),
      Promise.all(codes.map(() => call(server, "POST", "/session/links", { token }))),
      Promise.all([call(server, "DELETE", `/tokens/${id}`, { token: server.adminToken })]),
    ]);
    expect(revoked?.status).toBe(204);
    expect(await alive(opened)).toEqual(opened.map(() => false));
    const late = made.filter(({ status }) => status === 201).map(({ json }) => json.code as string);
    for (const code of [...codes, ...late]) expect(await signIn(server, { code })).toBeNull();
  });
});

describe("a session that ends", () => {
  test.each([
    ["by signing out", (cookie: string) => call(server, "DELETE", "/session", { cookie })],
    [
      "in the list",
      async (cookie: string) => {
        const { sessions } = (await call(server, "GET", "/sessions", { cookie })).json;
        const own = sessions.find(({ current }: { current: boolean }) => current);
        return call(server, "DELETE", `/sessions/${own.id}`, { token: server.adminToken });
      },
    ],
  ])("%s takes along what was made from it, and nothing else", async (_how, end) => {
    const { token } = await newToken(server, "admin");
    const other = await cookieOf({ token });
    const [first, second, third] = (await chain(await cookieOf({ token }), 3)) as [string, string, string];
    const unused = await newLink(server, { cookie: second });
    expect((await end(second)).status).toBe(204);
    expect(await alive([other, first, second, third])).toEqual([true, true, false, false]);
    expect(await signIn(server, { code: unused })).toBeNull();
  });

  test.each([
    ["DELETE /session?everywhere=true", "/session?everywhere=true"],
    ["DELETE /sessions", "/sessions"],
  ])("everywhere (%s) takes sign-in links along", async (_name, path) => {
    const { token } = await newToken(server, "admin");
    const [here, there] = [await cookieOf({ token }), await cookieOf({ token })];
    const somebody = await cookieOf({ token: server.adminToken });
    const unused = [await newLink(server, { token }), await newLink(server, { cookie: there })];
    expect((await call(server, "DELETE", path, { cookie: here })).status).toBe(204);
    expect(await alive([here, there, somebody])).toEqual([false, false, true]);
    for (const code of unused) expect(await signIn(server, { code })).toBeNull();
  });

  test("everywhere but here keeps the one that asks", async () => {
    const { token } = await newToken(server, "viewer");
    const [here, there] = [await cookieOf({ token }), await cookieOf({ token })];
    expect((await call(server, "DELETE", "/sessions?keepCurrent=true", { cookie: here })).status).toBe(204);
    expect(await alive([here, there])).toEqual([true, false]);
  });
});

describe("a chain of links", () => {
  test("never lasts longer than the session it began with", async () => {
    const { token } = await newToken(server, "admin");
    const [first] = (await chain(await cookieOf({ token }), 3)) as [string];
    const { sessions } = (await call(server, "GET", "/sessions?all=false", { cookie: first })).json;
    const ends = sessions.map(({ expiresAt }: { expiresAt: string }) => Date.parse(expiresAt));
    const firstEnds =
      Date.parse(sessions.find(({ current }: { current: boolean }) => current).createdAt) + 7 * 86_400_000;
    expect(sessions).toHaveLength(3);
    for (const end of ends) expect(end).toBeLessThanOrEqual(firstEnds);
  });

  test("is bounded in length", async () => {
    const { token } = await newToken(server, "admin");
    const cookies = await chain(await cookieOf({ token }), 11);
    const refused = await call(server, "POST", "/session/links", { cookie: cookies.at(-1) });
    expect([refused.status, refused.json.code]).toEqual([422, "limit-exceeded"]);
  });
});

describe("the list of sessions", () => {
  test("shows whose they are and how they were opened, and no secret or hash", async () => {
    const { id, token } = await newToken(server, "admin");
    const cookie = await cookieOf({ token });
    const code = await newLink(server, { cookie });
    const child = await cookieOf({ code: await newLink(server, { cookie }) });
    const { json } = await call(server, "GET", "/sessions", { token: server.adminToken });
    const own = json.sessions.filter(({ who }: { who: { id: string } }) => who.id === id);
    expect(own).toHaveLength(2);
    const opener = own.find(({ openedWith }: { openedWith: string }) => openedWith === "token");
    expect(opener).toMatchObject({ who: { id, name: "a admin" }, role: "admin", current: false });
    expect(own.find(({ openedWith }: { openedWith: string }) => openedWith === "link").openedFrom).toBe(opener.id);
    expect(json.links.filter(({ madeIn }: { madeIn?: string }) => madeIn === opener.id)).toHaveLength(1);
    const text = JSON.stringify(json);
    for (const secret of [token, code, cookie.split("=")[1] as string, child.split("=")[1] as string])
      expect(text).not.toContain(secret.slice(4));
    expect(text).not.toMatch(/[0-9a-f]{40}/);
  });

  test("shows and ends one's own only, but for who administers everything", async () => {
    await must(server, "PUT", "/projects/sessions", {});
    const victim = await newToken(server, "engineer");
    const cookie = await cookieOf({ token: victim.token });
    const [{ id }] = (await call(server, "GET", "/sessions", { cookie })).json.sessions;
    for (const [role, project] of [["viewer"], ["engineer"], ["admin", "sessions"]] as const) {
      const { token } = await newToken(server, role, project);
      expect((await call(server, "GET", "/sessions", { token })).json).toEqual({ sessions: [], links: [] });
      expect((await call(server, "GET", "/sessions?all=true", { token })).json.code).toBe("forbidden");
      expect((await call(server, "DELETE", `/sessions/${id}`, { token })).json.code).toBe("session-not-found");
    }
    expect(await isSignedIn(server, cookie)).toBe(true);
    const anAdmin = await newToken(server, "admin");
    expect((await call(server, "DELETE", `/sessions/${id}`, { token: anAdmin.token })).status).toBe(204);
    expect(await isSignedIn(server, cookie)).toBe(false);
  });

  test("cannot be used across sites, nor without a session", async () => {
    const cookie = await cookieOf({ token: server.adminToken });
    const [{ id }] = (await call(server, "GET", "/sessions", { cookie })).json.sessions;
    for (const path of ["/sessions", `/sessions/${id}`]) {
      const response = await fetch(`${server.url}/api/v1${path}`, {
        method: "DELETE",
        headers: { cookie, origin: "https://evil.example" },
      });
      expect([path, response.status]).toEqual([path, 403]);
      expect((await call(server, "DELETE", path)).status).toBe(401);
    }
    expect(await isSignedIn(server, cookie)).toBe(true);
  });

  test("ends a link before it is used", async () => {
    const { token } = await newToken(server, "admin");
    const code = await newLink(server, { token });
    const [{ id }] = (await call(server, "GET", "/sessions?all=false", { token })).json.links;
    expect((await call(server, "DELETE", `/sessions/${id}`, { token })).status).toBe(204);
    expect(await signIn(server, { code })).toBeNull();
  });
});

test("a request that waits for news when its session ends is told nothing of what came meanwhile", async () => {
  await must(server, "PUT", "/projects/desk", { environments: ["production"] });
  const { id, token } = await newToken(server, "marketer");
  const cookie = await cookieOf({ token });
  const desk = "/projects/desk/environments/production/desk";
  const { sequence } = (await call(server, "GET", desk, { cookie })).json;
  const waiting = call(server, "GET", `${desk}?after=${sequence}&wait=4`, { cookie });
  // Let in before the token goes; otherwise it would be refused at the door.
  await sleep(1_000);
  await must(server, "DELETE", `/tokens/${id}`);
  expect((await waiting).status).toBe(401);
});

// Last: the server starts again with another ADMIN_TOKEN over the same state, and then with the first one.
test("rotating ADMIN_TOKEN ends its sessions and links at any depth, and others stay", async () => {
  const before = server.adminToken;
  const { token } = await newToken(server, "engineer");
  const ofToken = await cookieOf({ token });
  const ofAdmin = await chain(await cookieOf({ token: before }), 3);
  const unused = [await newLink(server, { token: before }), await newLink(server, { cookie: ofAdmin[1] as string })];
  const after = `bda_${"0123456789abcdef".repeat(3)}`;
  const restart = async (adminToken: string) => {
    await server.stop();
    server = await startServer({ stateDir, env: { ADMIN_TOKEN: adminToken } });
  };

  await restart(after);
  expect(await alive(ofAdmin)).toEqual([false, false, false]);
  for (const code of unused) expect(await signIn(server, { code })).toBeNull();
  for (const cookie of ofAdmin) {
    const body = { name: "mine", role: "admin" };
    expect((await call(server, "POST", "/tokens", { cookie, body })).status).toBe(401);
  }
  expect(await isSignedIn(server, ofToken)).toBe(true);
  const { sessions } = (await call(server, "GET", "/sessions", { token: after })).json;
  expect(sessions.filter(({ who }: { who: { id: string } }) => who.id === "admin")).toEqual([]);

  // Signing in with the new token leaves nothing for the old one to come back to.
  expect(await isSignedIn(server, await signIn(server, { token: after }))).toBe(true);
  await restart(before);
  expect(await alive(ofAdmin)).toEqual([false, false, false]);
});
