import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { SecurityRow } from "../../../shared/schema/security-log.ts";
import type { Env } from "../../env.ts";
import { env } from "../../testing/bindings.ts";
import { api, done, newToken } from "../../testing/http.ts";
import { newName } from "../../testing/names.ts";
import { signedHeaders } from "../courier/message.ts";
import { Directory } from "./directory.ts";
import { SecurityDelivery } from "./security-delivery.ts";
import { SecurityLog } from "./security-log.ts";

const URL_OF_SIEM = "https://siem.example/collect/secret";
const SECRET = `whsec_${"A".repeat(43)}=`;

interface Sent {
  rows: number[];
  headers: Record<string, string>;
  body: string;
}

/** A log with its delivery, and a receiver that answers as it is told. */
const withReceiver = <R>(
  work: (t: {
    log: SecurityLog;
    delivery: SecurityDelivery;
    sent: Sent[];
    answers: number[];
    sql: SqlStorage;
    add: (rows: number) => void;
  }) => R,
) =>
  runInDurableObject(env.DIRECTORY.get(env.DIRECTORY.idFromName(newName())), (_object: DurableObject, state) => {
    new Directory(state, env as Env);
    const { sql } = state.storage;
    const log = new SecurityLog(sql);
    const sent: Sent[] = [];
    const answers: number[] = [];
    const send = async (_url: string, init: RequestInit) => {
      const body = init.body as string;
      const { rows } = (JSON.parse(body) as { data: { rows: SecurityRow[] } }).data;
      sent.push({ rows: rows.map(({ position }) => position), headers: init.headers as Record<string, string>, body });
      return new Response(null, { status: answers.shift() ?? 200 });
    };
    const delivery = new SecurityDelivery({ sql, rows: log, send, local: false });
    const actor = { type: "admin", id: "admin", name: "Administrator" };
    const add = (rows: number) => {
      for (let at = 0; at < rows; at++) log.append({ kind: "sign-in", actor, details: {} }, Date.now());
    };
    return work({ log, delivery, sent, answers, sql, add });
  });

test("rows arrive in order, signed, from the address's setting on, and each once when the receiver confirms", () =>
  withReceiver(async ({ delivery, sent, add }) => {
    add(3);
    delivery.set(URL_OF_SIEM, SECRET, 0);
    expect(delivery.dueAt).toBeNull();
    add(150);
    await delivery.deliver(Date.now);
    expect(sent.map(({ rows }) => [rows[0], rows.at(-1), rows.length])).toEqual([
      [4, 103, 100],
      [104, 153, 50],
    ]);
    const [first] = sent;
    const at = Number(first?.headers["webhook-timestamp"]) * 1_000;
    expect(first?.headers).toEqual(await signedHeaders("sec_4-103", first?.body ?? "", [SECRET], at));
    expect(delivery.view()).toMatchObject({ host: "siem.example", deliveredTo: 153, waiting: 0, failures: 0 });
    expect(JSON.stringify(delivery.view())).not.toContain("secret");
    expect(delivery.dueAt).toBeNull();
  }));

test("a receiver that fails is tried again later, from the same row, and nothing overtakes", () =>
  withReceiver(async ({ delivery, sent, answers, add }) => {
    let now = 1_000_000;
    delivery.set(URL_OF_SIEM, SECRET, now);
    add(2);
    answers.push(500, 302, 204);
    for (let attempt = 0; attempt < 3; attempt++) {
      await delivery.deliver(() => now);
      await delivery.deliver(() => now);
      now = (delivery.dueAt ?? now) + 1;
      if (attempt === 0) add(1);
    }
    expect(sent.map(({ rows }) => rows)).toEqual([
      [1, 2],
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(delivery.view()).toMatchObject({ deliveredTo: 3, failures: 0, lastResult: "delivered" });
  }));

test("the backlog is the log's own: what retention removed is counted as missed", () =>
  withReceiver(async ({ delivery, sent, sql, add }) => {
    delivery.set(URL_OF_SIEM, SECRET, 0);
    add(5);
    sql.exec("UPDATE security_log SET at = 0 WHERE position <= 3");
    add(1);
    expect(delivery.view()?.waiting).toBe(3);
    await delivery.deliver(Date.now);
    expect(sent.map(({ rows }) => rows)).toEqual([[4, 5, 6]]);
    expect(delivery.view()).toMatchObject({ missed: 3, waiting: 0 });
  }));

test("an address that became a private one is not called", () =>
  withReceiver(async ({ delivery, sent, add }) => {
    delivery.set("https://10.0.0.1/", SECRET, 0);
    add(1);
    await delivery.deliver(Date.now);
    expect([sent, delivery.view()?.lastResult]).toEqual([[], "this address is not public"]);
  }));

test("the route takes public https addresses only, shows the secret once, and stands in the log", async () => {
  for (const url of ["http://siem.example/", "https://127.0.0.1/", "https://localhost../", "nonsense"]) {
    const refused = await api("PUT", "/security-log/delivery", { url });
    expect([refused.status, refused.json.errors[0].field]).toEqual([422, "url"]);
  }
  const engineer = await newToken("engineer");
  const body = { url: "https://siem.invalid-host.example/collect/hidden" };
  expect((await api("PUT", "/security-log/delivery", body, { token: engineer.token })).status).toBe(403);
  const { secret } = await done("PUT", "/security-log/delivery", body);
  expect(secret).toMatch(/^whsec_/);
  const shown = await api("GET", "/security-log/delivery");
  expect(shown.json.delivery.host).toBe("siem.invalid-host.example");
  const { rows } = await done("GET", "/security-log?kind=setting.changed&limit=1");
  expect(rows[0]).toMatchObject({ subject: "security-log delivery", details: { change: "set" } });
  for (const text of [shown.text, JSON.stringify(rows)]) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain("hidden");
  }
  expect((await api("DELETE", "/security-log/delivery")).status).toBe(204);
  expect((await api("DELETE", "/security-log/delivery")).status).toBe(404);
});
