import { describe, expect, test } from "vitest";
import alertmanager from "../../shared/delivery/alert-samples/alertmanager.json" with { type: "json" };
import { LIMITS } from "../../shared/limits.ts";
import { api, done, evaluate, fan, fetched, newShop, newToken, ORIGIN } from "../testing/http.ts";

type Shop = Awaited<ReturnType<typeof newShop>>;

async function shopWithTrigger(more: object = {}) {
  const shop = await newShop();
  const triggers = `${shop.state}/public/triggers`;
  const made: { id: string; url: string; token: string } = await done("POST", triggers, { name: "Pager", ...more });
  const call = (body?: unknown, url = made.url, headers: Record<string, string> = {}) =>
    fetched(url, {
      method: "POST",
      headers,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  const calls = async () => (await done("GET", triggers)).triggers[0].calls;
  return { ...shop, triggers, ...made, call, calls };
}
const value = async (shop: Shop) => (await evaluate(shop.server, { flag: "public", context: fan })).json.value;
const restore = (shop: Shop) => done("POST", `${shop.state}/public/restore`, {});
const audit = async (shop: Shop) => (await done("GET", `${shop.at}/audit`)).rows;

describe("a trigger's URL", () => {
  test("kills the flag, needs no administrator, and says in the audit who pulled", async () => {
    const shop = await shopWithTrigger();
    expect(await value(shop)).toBe("yes");
    expect(shop.url).toBe(`${ORIGIN}/v1/triggers/${shop.token}`);
    const { status, json, headers } = await shop.call(alertmanager);
    expect([status, json.outcome, headers.get("Cache-Control")]).toEqual([200, "killed", "no-store"]);
    expect(await value(shop)).toBe("no");
    const last = (await audit(shop)).at(-1);
    expect(last).toMatchObject({
      action: "kill",
      comment: "Alertmanager: CheckoutErrors",
      actor: { type: "trigger", id: shop.id, name: "Pager" },
    });
  });

  test("works as a bearer token too, which keeps it out of access logs", async () => {
    const shop = await shopWithTrigger();
    const url = `${ORIGIN}/v1/triggers`;
    expect((await shop.call(undefined, url, { Authorization: `Bearer ${shop.token}` })).json.outcome).toBe("killed");
  });

  test("kills the one variant that it was made for", async () => {
    const shop = await shopWithTrigger({ variant: "on" });
    await shop.call();
    const [kill] = (await done("GET", `${shop.state}/public`)).kills;
    expect(kill).toMatchObject({ variant: "on", serve: "off" });
    expect((await shop.call()).json.outcome).toBe("already-killed");
  });

  test("repeats harmlessly, and an outbreak that was restored by a person does not kill again", async () => {
    const shop = await shopWithTrigger();
    const outcome = async (body: unknown) => (await shop.call(body)).json.outcome;
    const revisions = async () => (await audit(shop)).length;
    await shop.call(alertmanager);
    const before = await revisions();
    expect(await outcome(alertmanager)).toBe("already-killed");
    expect(await revisions()).toBe(before);
    await restore(shop);
    expect(await outcome(alertmanager)).toBe("repeated");
    expect(await value(shop)).toBe("yes");
    const [alert] = alertmanager.alerts;
    const anew = { ...alertmanager, alerts: [{ ...alert, startsAt: "2026-11-25T11:00:00Z" }] };
    expect(await outcome(anew)).toBe("killed");
  });

  test("does nothing when nothing is firing, and logs every call with what it did", async () => {
    const shop = await shopWithTrigger();
    await shop.call({ ...alertmanager, alerts: [], status: "resolved" });
    await shop.call({ status: "test" });
    await shop.call({ text: "who knows" });
    await shop.call("{");
    await shop.call({ sentAt: "2020-01-01T00:00:00Z", comment: "late" });
    expect(await value(shop)).toBe("yes");
    await shop.call({ comment: "errors at the till" });
    const logged = (await shop.calls()).map(({ outcome, source }: { outcome: string; source: string }) => [
      outcome,
      source,
    ]);
    expect(logged).toEqual([
      ["killed", "plain"],
      ["stale", "plain"],
      ["unrecognised", null],
      ["unrecognised", null],
      ["test", "plain"],
      ["not-firing", "alertmanager"],
    ]);
    const [{ revision, summary }] = await shop.calls();
    expect(summary).toBe("errors at the till");
    expect(revision).toBe((await audit(shop)).at(-1).revision);
  });

  test("has a cap of its own, which chatter about resolved alerts cannot use up for a kill", async () => {
    const shop = await shopWithTrigger();
    const cap = LIMITS.triggerCallsPerMinute;
    const statuses: number[] = [];
    // At most two minutes can begin meanwhile.
    for (let call = 0; call < cap * 2 + 5; call++) statuses.push((await shop.call({ status: "resolved" })).status);
    expect(statuses).toContain(429);
    const refused = await shop.call({ status: "resolved" });
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "60"]);
    const limited = (await shop.calls()).filter(({ outcome }: { outcome: string }) => outcome === "rate-limited");
    expect(limited.length).toBeLessThanOrEqual(3);
    expect(limited[0].calls).toBeGreaterThan(0);
    expect((await shop.call()).json.outcome).toBe("killed");
  });

  test("is refused when it is mistyped, taken back, of another trigger or no URL of ours", async () => {
    const shop = await shopWithTrigger();
    const other = await shopWithTrigger();
    const wrong = `${shop.token.slice(0, -1)}${shop.token.endsWith("0") ? "1" : "0"}`;
    const mixed = shop.token.slice(0, -40) + other.token.slice(-40);
    const foreign = shop.token.replace(shop.project, other.project);
    const nobody = shop.token.replace(shop.project, "nobody");
    for (const token of [wrong, mixed, foreign, nobody, "x", "bdk_a_b_c", "a".repeat(5_000)]) {
      const { status, json } = await shop.call(undefined, `/v1/triggers/${token}`);
      expect([token.slice(0, 50), status, json.code]).toEqual([token.slice(0, 50), 404, "trigger-not-found"]);
    }
    expect((await fetched(shop.url)).status).toBe(405);
    expect(await value(shop)).toBe("yes");
    await done("DELETE", `${shop.triggers}/${shop.id}`);
    expect((await shop.call()).status).toBe(404);
    expect(await value(shop)).toBe("yes");
  });

  test("of an archived flag is refused and says so", async () => {
    const shop = await shopWithTrigger();
    await done("DELETE", `${shop.at}/flags/public`);
    const { status, json } = await shop.call();
    expect([status, json.outcome]).toEqual([409, "refused"]);
  });
});

describe("the administration of triggers", () => {
  test("shows the secret once: nothing that is read later holds it or its hash", async () => {
    const shop = await shopWithTrigger();
    const secret = shop.token.slice(-40);
    for (const path of [shop.triggers, `${shop.at}/audit`, `${shop.at}/export`])
      expect((await api("GET", path)).text).not.toContain(secret);
    const [view] = (await done("GET", shop.triggers)).triggers;
    expect(view).toMatchObject({ id: shop.id, name: "Pager", flag: "public", hint: secret.slice(-4), calls: [] });
    expect(view.hash).toBeUndefined();
  });

  test("repeated with one Idempotency-Key makes one trigger and does not show its secret again", async () => {
    const shop = await shopWithTrigger();
    const headers = { "Idempotency-Key": "once" };
    expect((await api("POST", shop.triggers, { name: "Second" }, { headers })).status).toBe(201);
    expect((await api("POST", shop.triggers, { name: "Second" }, { headers })).json.code).toBe("shown-once");
    expect((await done("GET", shop.triggers)).triggers).toHaveLength(2);
  });

  test("a marketer makes triggers of tests, not of releases", async () => {
    const shop = await shopWithTrigger();
    const { token } = await newToken("marketer");
    expect((await api("POST", shop.triggers, { name: "Mine" }, { token })).status).toBe(403);
    await done("PATCH", `${shop.at}/flags/public`, { purpose: "experiment" });
    expect((await api("POST", shop.triggers, { name: "Mine" }, { token })).status).toBe(201);
  });
});

test("a trigger states when the trouble began only if its maker may", async () => {
  const shop = await newShop();
  await done("PUT", `${shop.at}/flags/door`, {
    type: "boolean",
    variants: { on: true, off: false },
    offVariant: "off",
    purpose: "fake-door",
  });
  const at = `${shop.state}/door`;
  for (const role of ["marketer", "engineer"]) {
    const { token } = await newToken(role, shop.project);
    const made = await done("POST", `${at}/triggers`, { name: role }, { token });
    const startsAt = new Date(Date.now() - 60_000).toISOString();
    const alerts = alertmanager.alerts.map((alert) => ({ ...alert, startsAt }));
    const called = await fetched(made.url, { method: "POST", body: JSON.stringify({ ...alertmanager, alerts }) });
    expect(called.json.outcome).toBe("killed");
    const kill = (await audit(shop)).at(-1).changes[0].after;
    expect(kill.onsetAt !== undefined, role).toBe(role === "engineer");
    await done("POST", `${at}/restore`, {});
  }
});
