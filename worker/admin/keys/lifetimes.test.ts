import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { env } from "../../testing/bindings.ts";
import { api, done, evaluate, fetched, newShop, newToken } from "../../testing/http.ts";

const inFuture = (ms: number): string => new Date(Date.now() + ms).toISOString();
const untilAfter = async (instant: string) => {
  while (Date.now() <= Date.parse(instant)) await scheduler.wait(50);
};
const store = (project: string) => env.FLAG_STORE.get(env.FLAG_STORE.idFromName(project));
const directory = () => env.DIRECTORY.get(env.DIRECTORY.idFromName("directory"));
const status = async (key: string) => (await evaluate(key)).status;
const keysAt = (at: string) => `${at}/environments/production/keys`;
const keyOf = async (at: string, kind: string) =>
  (await done("GET", keysAt(at))).keys.find((one: { kind: string }) => one.kind === kind);

describe("a key with an end", () => {
  test("is refused from that instant on by the snapshot that was published before", async () => {
    const shop = await newShop();
    const expiresAt = inFuture(2_500);
    const { id, key } = await done("POST", keysAt(shop.at), { kind: "server", name: "CI", expiresAt });
    expect(await status(key)).toBe(200);
    const [listed] = (await done("GET", keysAt(shop.at))).keys.filter((one: { id: string }) => one.id === id);
    expect(listed).toMatchObject({ expiresAt });
    await untilAfter(expiresAt);
    expect([await status(key), await status(shop.server)]).toEqual([401, 200]);
  });

  test("leaves the list when its time has come, and the audit says so", async () => {
    const shop = await newShop();
    const expiresAt = inFuture(1_000);
    const { id } = await done("POST", keysAt(shop.at), { kind: "server", name: "CI", expiresAt });
    await untilAfter(expiresAt);
    await runDurableObjectAlarm(store(shop.project));
    const { keys } = await done("GET", keysAt(shop.at));
    expect(keys.map((one: { id: string }) => one.id)).not.toContain(id);
    const { rows } = await done("GET", `${shop.at}/audit/search?limit=1`);
    expect(rows[0]).toMatchObject({ action: "expireKey", actor: { type: "system" }, changes: [{ key: id }] });
  });

  test("cannot end in the past, and 422 names the field", async () => {
    const shop = await newShop();
    const { id } = await keyOf(shop.at, "server");
    const past = inFuture(-1_000);
    for (const answer of [
      await api("POST", keysAt(shop.at), { kind: "server", name: "CI", expiresAt: past }),
      await api("PUT", `${keysAt(shop.at)}/${id}/expiry`, { expiresAt: past }),
      await api("POST", `${keysAt(shop.at)}/${id}/rotate`, { expiresAt: past }),
      await api("PUT", `${keysAt(shop.at)}/${id}/expiry`, { expiresAt: "tomorrow" }),
    ])
      expect([answer.status, answer.json.errors[0].field]).toEqual([422, "expiresAt"]);
    expect(await status(shop.server)).toBe(200);
  });

  test("is given one and loses it again", async () => {
    const shop = await newShop();
    const { id } = await keyOf(shop.at, "server");
    const expiresAt = inFuture(3_600_000);
    await done("PUT", `${keysAt(shop.at)}/${id}/expiry`, { expiresAt });
    expect(await keyOf(shop.at, "server")).toMatchObject({ expiresAt });
    await done("PUT", `${keysAt(shop.at)}/${id}/expiry`, { expiresAt: null });
    expect(await keyOf(shop.at, "server")).not.toHaveProperty("expiresAt");
  });
});

describe("a rotated key", () => {
  test("works on for its grace beside the new one, which has its kind, origins and limit", async () => {
    const shop = await newShop();
    const { id } = await keyOf(shop.at, "client");
    await done("PUT", `${keysAt(shop.at)}/${id}/limit`, { perSecond: 50 });
    const engineer = await newToken("engineer", shop.project);
    const made = await api(
      "POST",
      `${keysAt(shop.at)}/${id}/rotate`,
      { graceSeconds: 3_600 },
      { token: engineer.token },
    );
    expect(made.status).toBe(201);
    expect([await status(shop.client), await status(made.json.key)]).toEqual([200, 200]);
    const { keys } = await done("GET", keysAt(shop.at));
    const of = (wanted: string) => keys.find((one: { id: string }) => one.id === wanted);
    expect(of(id)).toMatchObject({ replacedBy: made.json.id, expiresAt: expect.any(String) });
    expect(of(made.json.id)).toMatchObject({ kind: "client", name: "client", limit: { perSecond: 50 } });
    expect(of(made.json.id)).not.toHaveProperty("expiresAt");
    const again = await api("POST", `${keysAt(shop.at)}/${id}/rotate`, { graceSeconds: 60 });
    expect([again.status, again.json.code]).toEqual([409, "already-done"]);
  });

  test("ends at once without a grace", async () => {
    const shop = await newShop();
    const { id } = await keyOf(shop.at, "server");
    const { key } = await done("POST", `${keysAt(shop.at)}/${id}/rotate`, {});
    expect([await status(shop.server), await status(key)]).toEqual([401, 200]);
  });

  test("is shown once: a repeated request makes no second key and tells no secret", async () => {
    const shop = await newShop();
    const { id } = await keyOf(shop.at, "server");
    const rotate = () =>
      api("POST", `${keysAt(shop.at)}/${id}/rotate`, { graceSeconds: 60 }, { headers: { "Idempotency-Key": "r1" } });
    expect((await rotate()).status).toBe(201);
    const again = await rotate();
    expect([again.status, again.json.code]).toEqual([409, "shown-once"]);
    expect((await done("GET", keysAt(shop.at))).keys).toHaveLength(3);
  });

  test.each([
    ["graceSeconds", { graceSeconds: -1 }],
    ["graceSeconds", { graceSeconds: 31 * 86_400 }],
    ["graceSeconds", { graceSeconds: 1.5 }],
    ["expiresAt", { expiresAt: 12 }],
  ])("is refused naming %s: %j", async (field, body) => {
    const shop = await newShop();
    const { id } = await keyOf(shop.at, "server");
    const answer = await api("POST", `${keysAt(shop.at)}/${id}/rotate`, body);
    expect([answer.status, answer.json.errors[0].field]).toEqual([422, field]);
  });
});

describe("a token with an end", () => {
  const inDirectory = (sql: string, ...values: unknown[]) =>
    runInDurableObject(directory(), (_object: DurableObject, state) => {
      state.storage.sql.exec(sql, ...(values as string[]));
    });
  const whoAmI = async (token: string) => (await api("GET", "/session", undefined, { token })).status;
  const signedIn = async (token: string) => {
    const answer = await fetched("/api/v1/session", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token }),
    });
    return answer.headers.get("Set-Cookie") ?? "";
  };
  const sessionStatus = async (cookie: string) =>
    (await fetched("/api/v1/session", { headers: { Cookie: cookie.split(";")[0] as string } })).status;

  test("opens nothing from that instant on, neither do its sessions, and its cookie lasts no longer", async () => {
    const expiresAt = inFuture(3_600_000);
    const { id, token } = await done("POST", "/tokens", { name: "CI", role: "engineer", expiresAt });
    const cookie = await signedIn(token);
    expect(Number(/Max-Age=(\d+)/.exec(cookie)?.[1])).toBeLessThanOrEqual(3_600);
    expect([await whoAmI(token), await sessionStatus(cookie)]).toEqual([200, 200]);
    const { sessions } = await done("GET", "/sessions");
    const own = sessions.find((one: { who: { id: string } }) => one.who.id === id);
    expect(Date.parse(own.expiresAt)).toBeLessThanOrEqual(Date.parse(expiresAt));
    await inDirectory("UPDATE token SET expires_at = ? WHERE id = ?", Date.now(), id);
    expect([await whoAmI(token), await sessionStatus(cookie)]).toEqual([401, 401]);
    const { tokens } = await done("GET", "/tokens");
    expect(tokens.map((one: { id: string }) => one.id)).not.toContain(id);
    await runDurableObjectAlarm(directory());
    const { rows } = await done("GET", `/security-log?kind=token.expired`);
    expect(rows.map((row: { subject: string }) => row.subject)).toContain(id);
  });

  test("is rotated: both work for the grace, then sessions of the old one end with it", async () => {
    const { id, token } = await newToken("viewer");
    const cookie = await signedIn(token);
    const next = await done("POST", `/tokens/${id}/rotate`, { graceSeconds: 60 });
    expect([await whoAmI(token), await whoAmI(next.token), await sessionStatus(cookie)]).toEqual([200, 200, 200]);
    expect((await api("POST", `/tokens/${id}/rotate`, {})).json.code).toBe("already-done");
    await inDirectory("UPDATE token SET expires_at = ? WHERE id = ?", Date.now(), id);
    expect([await whoAmI(token), await whoAmI(next.token), await sessionStatus(cookie)]).toEqual([401, 200, 401]);
    const at = await done("POST", `/tokens/${next.id}/rotate`, {});
    expect([await whoAmI(next.token), await whoAmI(at.token)]).toEqual([401, 200]);
  });

  test("says when it was last used, to the minute", async () => {
    const { id, token } = await newToken("viewer");
    const listed = async () => (await done("GET", "/tokens")).tokens.find((one: { id: string }) => one.id === id);
    expect((await listed()).lastUsedAt).toBeNull();
    const before = Date.now();
    expect(await whoAmI(token)).toBe(200);
    const { lastUsedAt } = await listed();
    expect(Date.parse(lastUsedAt) % 60_000).toBe(0);
    expect(Math.abs(Date.parse(lastUsedAt) - before)).toBeLessThanOrEqual(60_000);
  });

  test("only administrators of the installation rotate it or set its end", async () => {
    const { id } = await newToken("viewer");
    const engineer = await newToken("engineer");
    for (const [method, path, body] of [
      ["POST", `/tokens/${id}/rotate`, {}],
      ["PUT", `/tokens/${id}/expiry`, { expiresAt: null }],
    ] as const)
      expect((await api(method, path, body, { token: engineer.token })).status).toBe(403);
    expect((await api("PUT", `/tokens/${id}/expiry`, { expiresAt: inFuture(-1) })).json.errors[0].field).toBe(
      "expiresAt",
    );
    expect((await api("PUT", "/tokens/tok_none/expiry", { expiresAt: null })).status).toBe(404);
  });
});
