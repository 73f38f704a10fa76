import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { env } from "../../testing/bindings.ts";
import { api, done, fetched, newToken, ORIGIN } from "../../testing/http.ts";

const inDirectory = (sql: string) =>
  runInDurableObject(env.DIRECTORY.get(env.DIRECTORY.idFromName("directory")), (_o: DurableObject, state) =>
    state.storage.sql.exec(sql).toArray(),
  );
const signIn = (body: object, headers = {}) => api("POST", "/session", body, { token: null, headers });
const cookieOf = (answer: { headers: Headers }) => (answer.headers.get("Set-Cookie") ?? "").split(";")[0] ?? "";
/** A browser that is signed in. */
async function browser(body: object = { token: env.ADMIN_TOKEN }) {
  const Cookie = cookieOf(await signIn(body));
  const send = (method: string, path: string, body?: unknown, headers = {}) =>
    api(method, path, body, { token: null, headers: { Cookie, ...headers } });
  return { send, own: (method: string, path: string, body?: unknown) => send(method, path, body, { Origin: ORIGIN }) };
}
const project = (n: number) => `/projects/by-cookie-${n}`;

describe("signing in", () => {
  test("with a token sets a cookie that scripts and other sites cannot use, and names who it is", async () => {
    const answer = await signIn({ token: env.ADMIN_TOKEN });
    expect(answer.json).toEqual({ id: "admin", name: "Administrator", role: "admin" });
    expect(answer.headers.get("Set-Cookie")).toMatch(
      /^blastdoor=bdx_[0-9a-f]{40}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
    );
  });

  test("over HTTPS binds the cookie to this host and to HTTPS", async () => {
    const init = {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token: env.ADMIN_TOKEN }),
    };
    const answer = await fetched("https://blastdoor.test/api/v1/session", init);
    expect(answer.headers.get("Set-Cookie")).toMatch(
      /^__Host-blastdoor=.*; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
    );
  });

  test.each([
    ["an unknown token", { token: "bdt_unknown" }, 401, "unauthenticated"],
    ["an unknown code", { code: "unknown" }, 401, "sign-in-code-invalid"],
    ["neither", {}, 422, "invalid"],
    ["both", { token: "a", code: "b" }, 422, "invalid"],
    ["something else as well", { token: "a", admin: true }, 422, "invalid"],
  ])("with %s is refused", async (_what, body, status, code) => {
    const answer = await signIn(body);
    expect([answer.status, answer.json.code, answer.headers.get("Set-Cookie")]).toEqual([status, code, null]);
  });

  test("from another site is refused, so that nobody is signed in as somebody else", async () => {
    const answer = await signIn({ token: env.ADMIN_TOKEN }, { Origin: "https://evil.example" });
    expect([answer.status, answer.json.code]).toEqual([403, "cross-site"]);
  });

  test("keeps no secret: the directory knows sessions, codes and tokens by their hash only", async () => {
    const { token } = await newToken("viewer");
    const { code } = await done("POST", "/session/links");
    const cookie = cookieOf(await signIn({ token })).split("=")[1] ?? "";
    const kept = JSON.stringify(
      await Promise.all(["session", "sign_in_code", "token"].map((table) => inDirectory(`SELECT * FROM ${table}`))),
    );
    for (const secret of [token, code, cookie])
      expect([secret.length > 20, kept.includes(secret)]).toEqual([true, false]);
  });
});

describe("a sign-in code", () => {
  test("opens one session, as its maker", async () => {
    const { code } = await done("POST", "/session/links");
    const first = await signIn({ code });
    expect([first.status, first.json.id]).toEqual([200, "admin"]);
    expect((await signIn({ code })).json.code).toBe("sign-in-code-invalid");
  });

  test("used by ten browsers at once lets one in", async () => {
    const { code } = await done("POST", "/session/links");
    const answers = await Promise.all(Array.from({ length: 10 }, () => signIn({ code })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test("expires", async () => {
    const { code } = await done("POST", "/session/links");
    await inDirectory("UPDATE sign_in_code SET expires_at = 0");
    expect((await signIn({ code })).json.code).toBe("sign-in-code-invalid");
  });
});

describe("a request by cookie", () => {
  test("reads without an Origin, and writes from the dashboard's own", async () => {
    const { send, own } = await browser();
    expect((await send("GET", "/session")).json).toMatchObject({ id: "admin" });
    expect((await own("PUT", project(1), {})).status).toBe(201);
    const { rows } = (await send("GET", `${project(1)}/audit`)).json;
    expect(rows[0].actor).toEqual({ type: "session", id: "admin", name: "Administrator", role: "admin" });
  });

  test.each([
    ["another site", "https://evil.example"],
    ["the same host by another scheme", "https://blastdoor.test"],
    ["another port", `${ORIGIN}:8080`],
    ["a hidden page", "null"],
    ["nowhere", undefined],
  ])("cannot write from %s", async (_where, origin) => {
    const { send } = await browser();
    const headers = origin === undefined ? {} : { Origin: origin };
    for (const [method, path] of [
      ["PUT", project(2)],
      ["DELETE", project(2)],
      ["POST", `${project(2)}/revert`],
      ["PATCH", `${project(2)}/flags/f`],
    ] as const) {
      const answer = await send(method, path, method === "DELETE" ? undefined : {}, headers);
      expect([method, answer.status, answer.json.code]).toEqual([method, 403, "cross-site"]);
    }
    expect((await api("GET", project(2))).status).toBe(404);
  });

  test("is believed where the browser itself vouches for its origin, and nowhere else", async () => {
    const { send } = await browser();
    const from = async (site: string) =>
      (await send("PUT", project(3), {}, { "Sec-Fetch-Site": site })).json.code ?? "accepted";
    expect(await Promise.all(["cross-site", "same-site", "none", ""].map(from))).toEqual(Array(4).fill("cross-site"));
    expect(await from("same-origin")).toBe("accepted");
  });

  test("with a cookie that is unknown, empty or huge is not signed in", async () => {
    for (const Cookie of ["blastdoor=bdx_unknown", "blastdoor=", `blastdoor=${"x".repeat(4_000)}`, "other=1"]) {
      const answer = await api("GET", "/projects", undefined, { token: null, headers: { Cookie } });
      expect([answer.status, answer.json.code]).toEqual([401, "unauthenticated"]);
    }
  });

  test("that also names a token is judged by the token alone", async () => {
    const { send } = await browser();
    const answer = await send("GET", "/projects", undefined, { Authorization: "Bearer bdt_unknown" });
    expect(answer.status).toBe(401);
  });
});

describe("a session ends", () => {
  const alive = async ({ send }: Awaited<ReturnType<typeof browser>>) => (await send("GET", "/session")).status === 200;

  test("by signing out: here only", async () => {
    const [one, other] = [await browser(), await browser()];
    const answer = await one.own("DELETE", "/session");
    expect([answer.status, answer.headers.get("Set-Cookie")]).toEqual([204, expect.stringContaining("Max-Age=0")]);
    expect([await alive(one), await alive(other)]).toEqual([false, true]);
  });

  test("everywhere, for this person and nobody else", async () => {
    const { token } = await newToken("engineer");
    const [one, other, somebody] = [await browser({ token }), await browser({ token }), await browser()];
    expect((await one.own("DELETE", "/session?everywhere=true")).status).toBe(204);
    expect([await alive(one), await alive(other), await alive(somebody)]).toEqual([false, false, true]);
  });

  test("with the token it was opened with", async () => {
    const { id, token } = await newToken("engineer");
    const opened = await browser({ token });
    expect(await alive(opened)).toBe(true);
    expect((await api("DELETE", `/tokens/${id}`)).status).toBe(204);
    expect(await alive(opened)).toBe(false);
    expect((await api("GET", "/projects", undefined, { token })).status).toBe(401);
  });

  test("unused for half a day, and after a week in any case", async () => {
    const hour = 3_600_000;
    const idle = await browser();
    await inDirectory(`UPDATE session SET used_at = used_at - ${12 * hour + 1_000}`);
    expect(await alive(idle)).toBe(false);
    const old = await browser();
    await inDirectory(`UPDATE session SET created_at = created_at - ${7 * 24 * hour + 1_000}`);
    expect(await alive(old)).toBe(false);
  });
});

test("a session has the role of its token, and its project", async () => {
  await done("PUT", "/projects/bound", {});
  const { token } = await newToken("engineer", "bound");
  const { own, send } = await browser({ token });
  expect((await send("GET", "/session")).json).toMatchObject({ role: "engineer", project: "bound" });
  expect((await send("GET", "/projects")).json.projects.map(({ key }: { key: string }) => key)).toEqual(["bound"]);
  expect(
    (await own("PUT", "/projects/bound/flags/f", { type: "boolean", variants: { on: true }, offVariant: null })).status,
  ).toBe(201);
  expect((await own("PUT", "/projects/bound", { name: "Mine" })).json.code).toBe("forbidden");
  expect((await send("GET", "/projects/by-cookie-1")).json.code).toBe("forbidden");
});

test("an administrator is told of secrets that could be guessed, and nobody else; on one's own machine any will do", async () => {
  const weak = async (url: string, token: string) =>
    (await fetched(`${url}/api/v1/session`, { headers: { Authorization: `Bearer ${token}` } })).json.weakSecrets;
  expect(await weak("https://flags.example", env.ADMIN_TOKEN)).toEqual([
    { name: "ADMIN_TOKEN", reason: "it has 19 characters, and needs 32" },
  ]);
  await done("PUT", "/projects/weak", {});
  for (const { token } of [await newToken("engineer"), await newToken("admin", "weak")])
    expect(await weak("https://flags.example", token)).toBeUndefined();
  for (const local of ["http://127.0.0.1:8787", "http://localhost:8787", "http://[::1]:8787"])
    expect(await weak(local, env.ADMIN_TOKEN)).toBeUndefined();
});
