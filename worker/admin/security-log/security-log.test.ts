import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import type { SecurityRow } from "../../../shared/schema/security-log.ts";
import { env } from "../../testing/bindings.ts";
import { api, done, newShop, newToken } from "../../testing/http.ts";

const directory = () => env.DIRECTORY.get(env.DIRECTORY.idFromName("directory"));
const rowsOf = async (query: string): Promise<SecurityRow[]> => (await done("GET", `/security-log?${query}`)).rows;
/** The store tells the log after it has answered. */
const recorded = (project: string, ...kinds: string[]) =>
  vi.waitFor(
    async () => {
      const rows = await rowsOf(`project=${project}&limit=200`);
      expect(rows.map(({ kind }) => kind)).toEqual(expect.arrayContaining(kinds));
      return rows;
    },
    { timeout: 20_000, interval: 200 },
  );

describe("the security log records", () => {
  test("tokens that are made, rotated, given an end and revoked, with who did it and no secret", async () => {
    const { id, token } = await newToken("viewer");
    await done("PUT", `/tokens/${id}/expiry`, { expiresAt: null });
    const next = await done("POST", `/tokens/${id}/rotate`, { graceSeconds: 60 });
    await api("DELETE", `/tokens/${next.id}`);
    const text = JSON.stringify(await rowsOf("limit=200"));
    const of = (subject: string) => JSON.parse(text).filter((row: SecurityRow) => row.subject === subject);
    expect(of(id).map(({ kind }: SecurityRow) => kind)).toEqual(["token.expiry-changed", "token.created"]);
    expect(of(next.id).map(({ kind }: SecurityRow) => kind)).toEqual(["token.revoked", "token.rotated"]);
    expect(of(next.id)[1]).toMatchObject({ actor: { type: "admin", id: "admin" }, details: { replaces: id } });
    for (const secret of [token, next.token]) expect(text).not.toContain(secret.slice(-20));
  });

  test("keys, triggers, settings, exports, backups and previews of a project", async () => {
    const shop = await newShop();
    const { keys } = await done("GET", `${shop.at}/environments/production/keys`);
    await done("POST", `${shop.at}/environments/production/keys/${keys[0].id}/rotate`, { graceSeconds: 60 });
    await api("DELETE", `${shop.at}/environments/production/keys/${keys[1].id}`);
    const signer = await done("POST", `${shop.at}/environments/production/signing-keys`, { name: "Shop" });
    await api("DELETE", `${shop.at}/environments/production/signing-keys/${signer.id}`);
    await done("POST", `${shop.state}/public/triggers`, { name: "Alerts" });
    await done("POST", `${shop.state}/public/previews`, { variant: "on" });
    await done("GET", `${shop.at}/export`);
    await done("GET", `${shop.at}/backup`);
    const kinds = ["key.created", "key.rotated", "key.revoked", "trigger.created", "setting.changed"];
    const signing = ["signing-key.created", "signing-key.revoked"];
    const rows = await recorded(shop.project, ...kinds, ...signing, "preview.created", "export.taken", "backup.taken");
    const rotated = rows.find(({ kind }) => kind === "key.rotated");
    expect(rotated).toMatchObject({ environment: "production", details: { replaces: keys[0].id } });
    // One row for the key that came, none for the one that goes.
    expect(
      rows
        .filter(({ kind }) => kind.startsWith("key."))
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(["key.created", "key.created", "key.revoked", "key.rotated"]);
  });

  test("sign-ins and ended sessions, of which a loop makes a bounded number of rows and loses no count", async () => {
    const { id, token } = await newToken("viewer");
    const times = 30;
    const cookie = async () => {
      const answer = await api("POST", "/session", { token }, { token: null });
      expect(answer.status).toBe(200);
      return (answer.headers.get("Set-Cookie") as string).split(";")[0] as string;
    };
    for (let at = 0; at < times; at++) await cookie();
    const headers = { Cookie: await cookie(), "Sec-Fetch-Site": "same-origin" };
    expect((await api("DELETE", "/session", undefined, { token: null, headers })).status).toBe(204);
    const rows = await rowsOf(`actor=${id}&limit=200`);
    expect(rows.filter(({ kind }) => kind === "sign-in")).toHaveLength(20);
    expect(rows[0]).toMatchObject({ kind: "session.ended", actor: { id } });
    const counted = await runInDurableObject(directory(), (_object: DurableObject, { storage: { sql } }) =>
      sql
        .exec<{ count: number }>("SELECT count FROM security_pending WHERE kind = 'sign-in' AND subject = ?", id)
        .one(),
    );
    expect(counted.count).toBe(times + 1 - 20);
  });

  test("failed sign-ins as one row a kind, with their number", async () => {
    await runInDurableObject(directory(), (object: DurableObject, { storage: { sql } }) => {
      const report = [1, 2, 3].map((at) => ({ kind: "metrics", network: `n${at}`, count: 7, firstAt: 1, lastAt: 1 }));
      (object as unknown as { noteFailures(sent: unknown): void }).noteFailures(report);
      sql.exec("UPDATE security_pending SET first_at = 0");
    });
    await runDurableObjectAlarm(directory());
    const rows = await rowsOf("kind=sign-in.failed");
    const [metrics] = rows.filter(({ subject }) => subject === "metrics");
    expect(metrics).toMatchObject({ actor: { type: "nobody" }, details: { count: 21 } });
  });
});

describe("the chain", () => {
  test("is intact, names its latest hash, and shows a row that was altered, moved or removed", async () => {
    await newToken("viewer");
    await newToken("viewer");
    const [latest] = await rowsOf("limit=1");
    expect(await done("GET", "/security-log/verify")).toMatchObject({ intact: true, hash: latest?.hash });
    const tampered = (sql: string) =>
      runInDurableObject(directory(), async (object: DurableObject, { storage }) => {
        const checks = object as unknown as { checkSecurityLog(from: null, limit: number): { brokenAt?: number } };
        let broken: number | undefined;
        try {
          storage.transactionSync(() => {
            storage.sql.exec(sql);
            broken = checks.checkSecurityLog(null, 10_000).brokenAt;
            throw new Error("put back");
          });
        } catch {}
        return broken;
      });
    const position = (latest?.position ?? 0) - 1;
    expect(
      await tampered(`UPDATE security_log SET row = replace(row, 'viewer', 'admin') WHERE position = ${position}`),
    ).toBe(position);
    expect(await tampered(`DELETE FROM security_log WHERE position = ${position}`)).toBe(position + 1);
    expect(await tampered(`UPDATE security_log SET at = at + 1 WHERE position = ${position}`)).toBe(position);
    expect(await tampered("SELECT 1")).toBeUndefined();
  });

  test("goes on from a checkpoint when retention has removed its beginning", async () => {
    await newToken("viewer");
    const [latest] = await rowsOf("limit=1");
    await runInDurableObject(directory(), (_object: DurableObject, { storage: { sql } }) => {
      sql.exec("UPDATE security_log SET at = 0 WHERE position < ?", latest?.position ?? 0);
    });
    await newToken("viewer");
    const check = await done("GET", "/security-log/verify");
    expect(check).toMatchObject({ intact: true, from: latest?.position, checkpoint: { hash: latest?.previousHash } });
  });
});

describe("the routes", () => {
  test("page by cursor without a gap, and filter", async () => {
    for (let at = 0; at < 5; at++) await newToken("viewer");
    const all = await rowsOf("limit=6");
    const first = await done("GET", "/security-log?limit=3");
    const second = await done("GET", `/security-log?limit=3&before=${first.next}`);
    expect([...first.rows, ...second.rows]).toEqual(all);
    const [oldest] = all.slice(-1);
    const since = await rowsOf(`kind=token.created&since=${oldest?.at}`);
    expect(since.every(({ kind, at }) => kind === "token.created" && at >= (oldest?.at ?? ""))).toBe(true);
    expect(await rowsOf(`project=${"x".repeat(20)}`)).toEqual([]);
  });

  test("export every row as NDJSON, oldest first, and record it", async () => {
    const { text, headers } = await api("GET", "/security-log/export");
    expect(headers.get("Content-Type")).toContain("application/x-ndjson");
    const positions = text
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as SecurityRow).position);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    const [latest] = await rowsOf("kind=export.taken");
    expect(positions.at(-1)).toBe(latest?.position);
  });

  test.each(["kind=nothing", "before=x", "limit=0", "since=yesterday", "project=No"])(
    "refuse %s by name",
    async (query) => {
      const answer = await api("GET", `/security-log?${query}`);
      expect([answer.status, answer.json.errors[0].field]).toEqual([422, query.split("=")[0]]);
    },
  );

  test("are for administrators of all projects", async () => {
    const shop = await newShop();
    const tokens = [await newToken("engineer"), await newToken("admin", shop.project)];
    for (const { token } of tokens)
      for (const path of ["", "/export", "/verify"])
        expect((await api("GET", `/security-log${path}`, undefined, { token })).status).toBe(403);
  });
});
