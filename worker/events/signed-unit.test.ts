import { beforeAll, describe, expect, test } from "vitest";
import { done, newShop } from "../testing/http.ts";
import { jws, secondsFromNow } from "../testing/jws.ts";
import { anEvent, send } from "../testing/telemetry.ts";
import { withSignedUnit } from "./signed-unit.ts";

const unitOf = (unit: Record<string, string>, attributes: object, signing?: object) =>
  withSignedUnit(
    { id: "1", type: "click", time: 1, unit },
    {
      attributes: attributes as Record<string, unknown>,
      signing: signing as never,
    },
  )?.unit ?? null;

describe("the unit of an event", () => {
  const whole = { require: "context" };
  const plan = { require: "attributes", attributes: ["userId"] };

  test("has signed attributes override what was sent, and gains none", () => {
    expect(unitOf({ targetingKey: "forged", city: "Rome" }, { targetingKey: "u1", userId: "ann" })).toEqual({
      targetingKey: "u1",
      city: "Rome",
    });
  });

  test("keeps nothing unsigned where the whole context is to be signed", () => {
    expect(unitOf({ targetingKey: "x", city: "Rome" }, { targetingKey: "u1" }, whole)).toEqual({ targetingKey: "u1" });
    expect(unitOf({ city: "Rome" }, { targetingKey: "u1" }, whole)).toBeNull();
  });

  test("loses named attributes that nobody signed", () => {
    expect(unitOf({ targetingKey: "u1", userId: "ann" }, {}, plan)).toEqual({ targetingKey: "u1" });
    expect(unitOf({ userId: "ann" }, {}, plan)).toBeNull();
  });

  test("is not taken from what all objects have, nor from values that identify nobody", () => {
    expect(unitOf({ toString: "x" } as never, {})).toEqual({ toString: "x" });
    expect(unitOf({ targetingKey: "x" }, { targetingKey: ["u1"] })).toBeNull();
  });
});

describe("a batch of a key that asks for signatures", () => {
  let strict: string;
  let sign: (over?: object) => string;
  beforeAll(async () => {
    const shop = await newShop();
    const at = `${shop.at}/environments/production`;
    const { id, secret, audience } = await done("POST", `${at}/signing-keys`, { name: "Shop" });
    const made = await done("POST", `${at}/keys`, { kind: "client", name: "k" });
    await done("PUT", `${at}/keys/${made.id}/signing`, { require: "context" });
    strict = made.key;
    sign = (over = {}) =>
      jws({ aud: audience, exp: secondsFromNow(600), context: { targetingKey: "u1" }, ...over }, secret, { kid: id });
  });
  const batch = (signedContext?: string, unit = "u1") => ({
    batchId: crypto.randomUUID(),
    sentAt: Date.now(),
    ...(signedContext === undefined ? {} : { signedContext }),
    events: [anEvent("click", unit, { metric: "buy" })],
  });

  test("is taken with one", async () => {
    expect((await send(strict, batch(sign()))).json).toEqual({ accepted: 1, duplicate: 0, rejected: [] });
  });

  test("is refused whole without one, and with one that is not believed, and says which field", async () => {
    const missing = await send(strict, batch());
    expect([missing.status, missing.json.code, missing.json.errors[0].field]).toEqual([
      400,
      "signature-missing",
      "signedContext",
    ]);
    const expired = await send(strict, batch(sign({ exp: secondsFromNow(-1) })));
    expect([expired.status, expired.json.code]).toEqual([400, "signature-refused"]);
    expect(expired.json.errors[0].message).toContain("expired");
  });

  test("counts for the signed person and not for the one that the event names; the same id of the same person is one event", async () => {
    const { events } = batch();
    const sent = (unit: string) => ({ ...batch(sign()), events: [{ ...events[0], unit: { targetingKey: unit } }] });
    expect((await send(strict, sent("u1"))).json.accepted).toBe(1);
    expect((await send(strict, sent("victim"))).json).toEqual({ accepted: 0, duplicate: 1, rejected: [] });
  });

  test("has events that name nobody signed refused one by one", async () => {
    const events = [anEvent("click", "u1", { metric: "buy" }), { ...anEvent("click", "u1"), unit: { userId: "ann" } }];
    const { json } = await send(strict, { ...batch(sign()), events });
    expect(json).toEqual({ accepted: 1, duplicate: 0, rejected: [{ index: 1, code: "unit-unsigned" }] });
  });
});
