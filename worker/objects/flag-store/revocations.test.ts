import { describe, expect, test } from "vitest";
import { backupOf, restore } from "../../testing/backup.ts";
import { done, evaluate, fetched, newShop } from "../../testing/http.ts";
import { jws, secondsFromNow } from "../../testing/jws.ts";

/** A shop with a key, a signing key, a trigger, a webhook and a schedule, its backup, and how each of them stands. */
const backedUp = async () => backedUpIn(await newShop());

async function backedUpIn(shop: Awaited<ReturnType<typeof newShop>>) {
  const production = `${shop.at}/environments/production`;
  const key = await done("POST", `${production}/keys`, { kind: "server", name: "old" });
  const signer = await done("POST", `${production}/signing-keys`, { name: "old" });
  const claims = { aud: signer.audience, exp: secondsFromNow(600), context: { targetingKey: "u1" } };
  const context = { [signer.attribute]: jws(claims, signer.secret, { kid: signer.id }) };
  const trigger = await done("POST", `${shop.state}/public/triggers`, { name: "Alerts" });
  const webhook = await done("POST", `${shop.at}/webhooks`, {
    name: "old",
    url: "https://hooks.example/a",
    events: ["flag.killed"],
    environments: ["staging"],
  });
  const schedule = await done("POST", `${shop.state}/public/schedules`, {
    at: new Date(Date.now() + 86_400_000).toISOString(),
    patch: { enabled: false },
  });
  const rows = await backupOf(shop.at);
  const stands = async () => ({
    key: (await evaluate(key.key, { flag: "public" })).status,
    signature: (await evaluate(shop.client, { flag: "public", context })).status,
    trigger: (await fetched(`/v1/triggers/${trigger.token}`, { method: "POST" })).status,
    webhooks: (await done("GET", `${shop.at}/webhooks`)).webhooks.length,
    schedules: (await done("GET", `${shop.state}/public/schedules`)).schedules.map(
      ({ status }: { status: string }) => status,
    ),
  });
  const takeBack = async () => {
    await done("DELETE", `${production}/keys/${key.id}`);
    await done("DELETE", `${production}/signing-keys/${signer.id}`);
    await done("DELETE", `${shop.state}/public/triggers/${trigger.id}`);
    await done("DELETE", `${shop.at}/webhooks/${webhook.id}`);
    await done("DELETE", `${shop.state}/public/schedules/${schedule.id}`);
  };
  return { ...shop, production, rows, stands, takeBack };
}
const TAKEN = { key: 401, signature: 400, trigger: 404, webhooks: 0, schedules: ["cancelled"] };
const STANDS = { key: 200, signature: 200, trigger: 200, webhooks: 1, schedules: ["pending"] };

describe("a restore", () => {
  test("leaves revoked what was revoked since, also when it is done again, and says so in the audit", async () => {
    const shop = await backedUp();
    await shop.takeBack();
    expect((await restore(shop.at, shop.rows)).status).toBe(200);
    expect(await shop.stands()).toEqual(TAKEN);
    expect((await restore(shop.at, shop.rows)).status).toBe(200);
    expect(await shop.stands()).toEqual(TAKEN);
    const { rows } = await done("GET", `${shop.at}/audit?limit=200`);
    const { action, changes } = rows.at(-1);
    expect([action, changes.map(({ entity }: { entity: string }) => entity)]).toEqual([
      "restoreBackup",
      ["key", "signingKey", "trigger", "webhook", "schedule"],
    ]);
    // What was not taken back is there.
    expect((await evaluate(shop.server, { flag: "public" })).status).toBe(200);
  });

  test("of a newer backup leaves revoked what was revoked after it, also when an older one was restored in between", async () => {
    const shop = await newShop();
    const older = await backupOf(shop.at);
    const known = await backedUpIn(shop);
    await known.takeBack();
    await restore(shop.at, older);
    await restore(shop.at, known.rows);
    expect(await known.stands()).toEqual(TAKEN);
    await restore(shop.at, known.rows, { revive: true });
    await restore(shop.at, known.rows);
    // This isolate remembers for a while that it was refused the trigger.
    expect(await known.stands()).toMatchObject({ key: 200, signature: 200, webhooks: 1, schedules: ["pending"] });
  });

  test("of a newer backup leaves killed what was killed after it, also when an older one does not know the flag", async () => {
    const shop = await newShop();
    const older = await backupOf(shop.at);
    const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
    await done("PUT", `${shop.at}/flags/late`, definition);
    await done("PUT", `${shop.state}/late`, { enabled: true, fallthrough: { variant: "on" } });
    const newer = await backupOf(shop.at);
    await done("POST", `${shop.state}/late/kill`, {});
    await restore(shop.at, older);
    await restore(shop.at, newer);
    expect((await evaluate(shop.server, { flag: "late" })).json.value).toBe(false);
    await done("POST", `${shop.state}/late/restore`, {});
    expect((await evaluate(shop.server, { flag: "late" })).json.value).toBe(true);
  });

  test("brings it back when it is asked to", async () => {
    const shop = await backedUp();
    await shop.takeBack();
    expect((await restore(shop.at, shop.rows, { revive: true })).status).toBe(200);
    expect(await shop.stands()).toEqual(STANDS);
  });

  test("undoes a project's deletion, and leaves revoked what was revoked before it", async () => {
    const shop = await backedUp();
    await done("DELETE", shop.at);
    await restore(shop.at, shop.rows);
    expect(await shop.stands()).toEqual(STANDS);
    await shop.takeBack();
    await done("DELETE", shop.at);
    await restore(shop.at, shop.rows);
    expect(await shop.stands()).toEqual(TAKEN);
  });

  test("over a project that was made anew opens it to nothing of the old one", async () => {
    const shop = await backedUp();
    await done("DELETE", shop.at);
    await done("PUT", shop.at, { environments: ["production"] });
    await restore(shop.at, shop.rows);
    // The client key went as well.
    expect(await shop.stands()).toEqual({ ...TAKEN, signature: 401, schedules: [] });
  });

  test("that goes beyond a limit is refused, which names it", async () => {
    const shop = await newShop();
    const rows = await backupOf(shop.at);
    const count = rows.length - 1;
    const environment = rows.find((row) => row.row === "document" && row.entity === "environment");
    const flag = rows.find((row) => row.row === "document" && row.entity === "flag");
    if (environment?.row !== "document" || flag?.row !== "document") throw new Error("no documents");
    const tooMany = Array.from({ length: 21 }, (_, n) => ({ ...environment, key: `more-${n}` }));
    const tooLarge = { ...flag, key: "large", body: `${flag.body}${" ".repeat(900_000)}` };
    for (const [more, limit] of [
      [tooMany, "environmentsPerProject"],
      [[tooLarge], "documentBytes"],
    ] as const) {
      const at = rows.indexOf(environment);
      const altered = [...rows.slice(0, at), ...more, ...rows.slice(at, -1)];
      const refused = await restore(shop.at, [...altered, { row: "end", rows: count + more.length }]);
      expect([refused.status, refused.json.code, refused.text.includes(limit)]).toEqual([422, "limit-exceeded", true]);
    }
    expect((await restore(shop.at, rows)).status).toBe(200);
  });

  test("lets no key live longer than it was given since, by an end or a rotation", async () => {
    const shop = await newShop();
    const keys = `${shop.at}/environments/production/keys`;
    const rows = await backupOf(shop.at);
    const [first, second] = (await done("GET", keys)).keys;
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    await done("PUT", `${keys}/${first.id}/expiry`, { expiresAt });
    await done("POST", `${keys}/${second.id}/rotate`, { graceSeconds: 600 });
    const ends = async () =>
      (await done("GET", keys)).keys
        .filter(({ id }: { id: string }) => id === first.id || id === second.id)
        .map((one: { id: string; expiresAt?: string }) => [one.id, one.expiresAt]);
    const before = await ends();
    expect(before.every(([, end]: [string, string]) => end !== undefined)).toBe(true);
    expect((await restore(shop.at, rows)).status).toBe(200);
    expect(await ends()).toEqual(before);
  });
});
