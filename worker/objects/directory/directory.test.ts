import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { Env } from "../../env.ts";
import { env } from "../../testing/bindings.ts";
import { newName } from "../../testing/names.ts";
import { Directory } from "./directory.ts";
import { ADMINISTRATOR } from "./sessions.ts";

/** Works on a directory of its own, in the object itself. */
const inDirectory = <R>(work: (directory: Directory, state: DurableObjectState) => R): Promise<R> =>
  runInDurableObject(env.DIRECTORY.get(env.DIRECTORY.idFromName(newName())), (_object: DurableObject, state) =>
    work(new Directory(state, env as Env), state),
  );

const HOUR = 3_600_000;
const OLD_TABLES = `
  CREATE TABLE project (key TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE token (id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, name TEXT NOT NULL, role TEXT NOT NULL,
    project TEXT, created_at INTEGER NOT NULL, created_by TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE session (hash TEXT PRIMARY KEY, subject TEXT NOT NULL, created_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE sign_in_code (hash TEXT PRIMARY KEY, subject TEXT NOT NULL, expires_at INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO migration (position, name) VALUES (0, '0001-directory');`;

/** As the version before left it, and then opened by this one. */
const migrated = <R>(fill: (sql: SqlStorage, now: number) => void, look: (directory: Directory) => R): Promise<R> =>
  inDirectory((_new, state) => {
    const { sql } = state.storage;
    for (const { name } of [...sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")])
      if (!name.startsWith("_cf") && name !== "migration") sql.exec(`DROP TABLE ${name}`);
    sql.exec("DELETE FROM migration");
    sql.exec(OLD_TABLES);
    fill(sql, Date.now());
    return look(new Directory(state, env as Env));
  });

describe("what the version before has stored", () => {
  const tokens = (sql: SqlStorage, rows: [id: string, project: string | null, createdAt: number][]) => {
    for (const [id, project, at] of rows)
      sql.exec("INSERT INTO token VALUES (?, ?, ?, 'engineer', ?, ?, 'Kim')", id, `hash of ${id}`, id, project, at);
  };
  const session = (sql: SqlStorage, hash: string, subject: object, now: number) =>
    sql.exec("INSERT INTO session VALUES (?, ?, ?, ?)", hash, JSON.stringify(subject), now - HOUR, now - 1_000);
  const code = (sql: SqlStorage, hash: string, subject: object, now: number) =>
    sql.exec("INSERT INTO sign_in_code VALUES (?, ?, ?)", hash, JSON.stringify(subject), now + HOUR / 2);
  const there = { type: "token", id: "tok_there", name: "stale name", role: "admin" };
  const gone = { type: "token", id: "tok_gone", name: "gone", role: "admin" };

  test("goes on where its token is there, with the token's rights; else it ends", async () => {
    const seen = await migrated(
      (sql, now) => {
        tokens(sql, [["tok_there", null, now - 2 * HOUR]]);
        for (const [name, subject] of Object.entries({ there, gone, admin: ADMINISTRATOR })) {
          session(sql, `session ${name}`, subject, now);
          code(sql, `code ${name}`, subject, now);
        }
      },
      (directory) => ({
        sessions: ["there", "gone", "admin"].map((name) => directory.principalOfSession(`session ${name}`, "any")),
        codes: ["there", "gone", "admin"].map(
          (name) => directory.signIn(`new ${name}`, { codeHash: `code ${name}` }, "any").ok,
        ),
        token: directory.principalOfToken("hash of tok_there"),
      }),
    );
    expect(seen.token).toEqual({ type: "token", id: "tok_there", name: "tok_there", role: "engineer" });
    expect(seen.sessions).toEqual([seen.token, null, null]);
    expect(seen.codes).toEqual([true, false, false]);
  });

  test("ends with its token from then on, and is listed", async () => {
    const seen = await migrated(
      (sql, now) => {
        tokens(sql, [["tok_there", null, now - 2 * HOUR]]);
        session(sql, "s", there, now);
        code(sql, "c", there, now);
      },
      (directory) => {
        const listed = directory.listSessions({ credential: { token: "hash of tok_there" }, admin: null }, null);
        return {
          listed,
          revoked: directory.revokeToken("tok_there").ok,
          after: directory.principalOfSession("s"),
          code: directory.signIn("n", { codeHash: "c" }).ok,
        };
      },
    );
    expect(seen.listed).toMatchObject({
      ok: true,
      value: { sessions: [{ openedWith: "token" }], links: [{ who: { id: "tok_there" } }] },
    });
    expect([seen.revoked, seen.after, seen.code]).toEqual([true, null, false]);
  });

  test("of tokens keeps those of projects that are there, and no others", async () => {
    const kept = await migrated(
      (sql, now) => {
        sql.exec("INSERT INTO project VALUES ('shop', 'Shop', ?)", now - HOUR);
        tokens(sql, [
          ["tok_everywhere", null, now - 100 * HOUR],
          ["tok_shop", "shop", now - HOUR / 2],
          ["tok_with_it", "shop", now - HOUR - 1_000],
          ["tok_of_the_shop_before", "shop", now - 50 * HOUR],
          ["tok_deleted", "deleted", now - HOUR / 2],
        ]);
      },
      (directory) => directory.listTokens().map(({ id }) => id),
    );
    expect(kept.sort()).toEqual(["tok_everywhere", "tok_shop", "tok_with_it"]);
  });
});

describe("what earlier versions, still running, ask for", () => {
  const token = { id: "tok_1", hash: "t", name: "Kim", role: "engineer" } as const;
  const kim = { type: "token", id: "tok_1", name: "Kim", role: "engineer" } as const;

  test("is done for tokens that are there, and shut where nobody could say with what it has to end", () =>
    inDirectory((directory) => {
      directory.createToken(token, "test");
      expect(directory.signIn("s1", { principal: kim }).ok).toBe(true);
      expect(directory.principalOfSession("s1")).toEqual(kim);
      expect(directory.signIn("s2", { principal: { ...kim, id: "tok_gone" } }).ok).toBe(false);
      expect(directory.signIn("s3", { principal: ADMINISTRATOR }).ok).toBe(false);
      directory.createSignInCode("c1", kim);
      directory.createSignInCode("c2", { ...kim, type: "session" });
      directory.createSignInCode("c3", ADMINISTRATOR);
      const opened = ["c1", "c2", "c3"].map((codeHash) => directory.signIn(`by ${codeHash}`, { codeHash }).ok);
      expect(opened).toEqual([true, false, false]);
      directory.signOutEverywhere("tok_1");
      expect(directory.principalOfSession("s1")).toBeNull();
    }));

  test("never lets a session of ADMIN_TOKEN in, and signs all of them out", () =>
    inDirectory((directory) => {
      const caller = { credential: { adminToken: "fp" }, admin: "fp" };
      expect(directory.signIn("s", { principal: ADMINISTRATOR, caller }, "fp").ok).toBe(true);
      expect([directory.principalOfSession("s"), directory.principalOfSession("s", "other")]).toEqual([null, null]);
      expect(directory.principalOfSession("s", "fp")).toEqual(ADMINISTRATOR);
      directory.signOutEverywhere("admin");
      expect(directory.principalOfSession("s", "fp")).toBeNull();
    }));
});

describe("a project's entry", () => {
  const bound = (directory: Directory, id: string) =>
    directory.createToken({ id, hash: `hash of ${id}`, name: id, role: "viewer", project: "shop" }, "test").ok;

  test("takes its tokens along when it goes, when told late, twice, or only of its successor", () =>
    inDirectory((directory) => {
      directory.registerProject("shop", "Shop", 1);
      expect([bound(directory, "a"), bound(directory, "b")]).toEqual([true, true]);
      directory.forgetProject("shop", 100);
      expect([directory.listTokens(), bound(directory, "too late")]).toEqual([[], false]);

      directory.registerProject("shop", "Second shop", 2, 100);
      expect(bound(directory, "c")).toBe(true);
      // A message of the first deletion that was long on its way.
      directory.forgetProject("shop", 100);
      directory.registerProject("shop", "Second shop, renamed", 2, 100);
      expect(directory.listTokens().map(({ id }) => id)).toEqual(["c"]);

      // The second deletion was never told: only that there is a third project.
      directory.registerProject("shop", "Third shop", 3, 200);
      expect(directory.listTokens()).toEqual([]);
      expect(directory.listProjects()).toEqual([
        { key: "shop", name: "Third shop", createdAt: new Date(3).toISOString() },
      ]);
    }));

  test("as earlier versions of the store tell of it", () =>
    inDirectory((directory) => {
      directory.registerProject("shop", "Shop", 1);
      expect(bound(directory, "a")).toBe(true);
      directory.registerProject("shop", "Renamed", 1);
      expect(directory.listTokens()).toHaveLength(1);
      directory.forgetProject("shop");
      expect([directory.listTokens(), directory.listProjects()]).toEqual([[], []]);
    }));
});

test("a token that is revoked while its session is being opened opens none", () =>
  inDirectory((directory) => {
    directory.createToken({ id: "tok", hash: "t", name: "Kim", role: "admin" }, "test");
    const caller = { credential: { token: "t" }, admin: null };
    const principal = directory.principalOfToken("t");
    if (!principal) throw new Error("no token");
    directory.createSignInCode("c", principal, caller);
    directory.revokeToken("tok");
    expect(directory.signIn("s", { principal, caller })).toEqual({ ok: false, rejection: { code: "unauthenticated" } });
    expect(directory.createSignInCode("c2", principal, caller).ok).toBe(false);
    for (const codeHash of ["c", "c2"]) expect(directory.signIn(codeHash, { codeHash }).ok).toBe(false);
  }));

test("sessions and links of one token are bounded: the longest unused goes, others' stay", () =>
  inDirectory((directory, { storage: { sql } }) => {
    for (const id of ["one", "two"]) directory.createToken({ id, hash: id, name: id, role: "admin" }, "test");
    const caller = (token: string) => ({ credential: { token }, admin: null });
    const principal = directory.principalOfToken("one");
    if (!principal) throw new Error("no token");
    directory.signIn("others", { principal, caller: caller("two") });
    for (let at = 0; at < 130; at++) {
      directory.signIn(`s${at}`, { principal, caller: caller("one") });
      sql.exec("UPDATE session SET used_at = used_at - 1000 WHERE hash <> 'others'");
      directory.createSignInCode(`c${at}`, principal, caller("one"));
      sql.exec("UPDATE sign_in_code SET created_at = created_at - 1000");
    }
    const count = (table: string) => sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
    expect([count("session"), count("sign_in_code")]).toEqual([101, 100]);
    const alive = ["others", "s0", "s29", "s30", "s129"].map((hash) => directory.principalOfSession(hash) !== null);
    expect(alive).toEqual([true, false, false, true, true]);
    expect(directory.signIn("last", { codeHash: "c129" }).ok).toBe(true);
  }));

test("failures are counted in a bounded table, from which no count is lost", () =>
  inDirectory((directory) => {
    const now = Date.now();
    const report = (from: number) =>
      Array.from({ length: 100 }, (_, at) => ({
        kind: "token",
        network: `n${from + at}`,
        count: 2,
        firstAt: now,
        lastAt: now + from,
      }));
    for (let from = 0; from < 1_000; from += 100) directory.noteFailures(report(from));
    directory.noteFailures([{ kind: "made-up", network: "n", count: 1, firstAt: 0, lastAt: 0 }]);
    directory.noteFailures("nonsense");
    const listed = directory.listFailures();
    expect(listed).toHaveLength(501);
    expect(listed.reduce((sum, { count }) => sum + count, 0)).toBe(2_000);
    expect(listed.find(({ network }) => network === "other")?.count).toBe(1_000);
  }));
