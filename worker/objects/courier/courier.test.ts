import { runInDurableObject } from "cloudflare:test";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import type { WebhookMessage } from "../../../shared/schema/webhook.ts";
import { env } from "../../testing/bindings.ts";
import { Courier } from "./courier.ts";
import type { Endpoint, Notice } from "./methods.ts";
import { RETRY_AFTER_MS } from "./retry.ts";

const SECRET = `whsec_${btoa("a secret of thirty-two bytes, ok?")}`;
const endpoint = (over: Partial<Endpoint> = {}): Endpoint => ({
  webhook: "wh_1",
  url: "https://hooks.shop.example.com/in",
  format: "standard",
  dashboard: "https://flags.shop.example.com",
  secrets: [SECRET],
  paused: false,
  ...over,
});
const message: WebhookMessage = {
  type: "flag.killed",
  timestamp: "2026-11-25T12:00:00.000Z",
  data: {
    project: "shop",
    revision: 7,
    flag: "checkout",
    environment: "production",
    subjects: [{ flag: "checkout", environment: "production" }],
    more: 0,
    actor: { type: "token", id: "t", name: "Ada <ada@shop>" },
    action: "kill",
    comment: "errors & *more*",
  },
};
const notice = (id = "msg_shop-1-7-0", webhooks = ["wh_1"]): Notice => ({ id, webhooks, message });

interface Sent {
  url: string;
  headers: Record<string, string>;
  body: string;
  redirect: string | undefined;
}
let objects = 0;

/** A courier of its own whose requests are answered by `receive`; alarms are run by hand. */
function withCourier(
  receive: (sent: Sent) => Response | Promise<Response>,
  work: (
    courier: Courier,
    tools: { sent: Sent[]; alarmIn(): Promise<number | null>; makeDue(): void; sql: SqlStorage },
  ) => Promise<void>,
  bindings: Partial<typeof env> = {},
): Promise<void> {
  const stub = env.COURIER.get(env.COURIER.idFromName(`courier-${++objects}`));
  return runInDurableObject(stub, async (_instance: DurableObject, state) => {
    const sent: Sent[] = [];
    const send = (async (url: string, init: RequestInit) => {
      const one = {
        url,
        headers: init.headers as Record<string, string>,
        body: String(init.body),
        redirect: init.redirect as string | undefined,
      };
      sent.push(one);
      return receive(one);
    }) as unknown as typeof fetch;
    const courier = new Courier(state, { ...env, ...bindings }, send);
    await work(courier, {
      sent,
      sql: state.storage.sql,
      alarmIn: async () => {
        const at = await state.storage.getAlarm();
        return at === null ? null : at - Date.now();
      },
      makeDue: () => void state.storage.sql.exec("UPDATE delivery SET due_at = 0 WHERE status = 'pending'"),
    });
    await state.storage.deleteAlarm();
  });
}
const ok = () => new Response(null, { status: 204 });
const broken = () => new Response("secret of the receiver", { status: 500 });

describe("a delivery", () => {
  test("is signed so that the specification's own library verifies it", () =>
    withCourier(ok, async (courier, { sent }) => {
      courier.take([endpoint()], [notice()]);
      await courier.alarm();
      const [one] = sent;
      if (!one) throw new Error("nothing was sent");
      expect(new Webhook(SECRET).verify(one.body, one.headers)).toEqual(message);
      expect(one.headers["webhook-id"]).toBe("msg_shop-1-7-0");
      expect(() => new Webhook(SECRET).verify(`${one.body} `, one.headers)).toThrow();
      expect(courier.deliveries("wh_1", null, 10)).toMatchObject([
        { status: "delivered", attempts: 1, lastResult: "204" },
      ]);
    }));

  test("that cannot be read is put by, and keeps no other waiting", () =>
    withCourier(ok, async (courier, { sent, sql }) => {
      courier.take([endpoint(), endpoint({ webhook: "wh_2" })], [notice("msg_1", ["wh_1", "wh_2"])]);
      sql.exec("UPDATE delivery SET message = '{' WHERE webhook = 'wh_1'");
      await courier.alarm();
      expect(sent).toHaveLength(1);
      expect(courier.deliveries("wh_1", null, 10)).toMatchObject([
        { status: "dead", lastResult: "the message cannot be read" },
      ]);
    }));

  test("is signed with both secrets while one is rotated out", () =>
    withCourier(ok, async (courier, { sent }) => {
      const old = `whsec_${btoa("the secret before, of some length")}`;
      courier.take([endpoint({ secrets: [SECRET, old] })], [notice()]);
      await courier.alarm();
      for (const secret of [SECRET, old])
        expect(new Webhook(secret).verify(sent[0]?.body ?? "", sent[0]?.headers ?? {})).toEqual(message);
    }));

  test("handed over twice is sent once, and goes only to those who wanted it", () =>
    withCourier(ok, async (courier, { sent }) => {
      const two = [endpoint(), endpoint({ webhook: "wh_2", url: "https://other.example.com/" })];
      courier.take(two, [notice()]);
      courier.take(two, [notice(), notice("msg_shop-1-8-0", ["wh_2"])]);
      await courier.alarm();
      await courier.alarm();
      expect(sent.map(({ url, headers }) => [new URL(url).host, headers["webhook-id"]]).sort()).toEqual([
        ["hooks.shop.example.com", "msg_shop-1-7-0"],
        ["other.example.com", "msg_shop-1-8-0"],
      ]);
    }));

  test("that fails waits for the alarm, with the same id, and is received later", () => {
    let answer = broken;
    return withCourier(
      () => answer(),
      async (courier, { sent, alarmIn, makeDue }) => {
        courier.take([endpoint()], [notice()]);
        await courier.alarm();
        const waits = await alarmIn();
        expect(waits).toBeGreaterThan(3_000);
        expect(waits).toBeLessThan(6_000);
        await courier.alarm();
        expect(sent).toHaveLength(1);
        answer = ok;
        makeDue();
        await courier.alarm();
        expect(new Set(sent.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
        expect(courier.deliveries("wh_1", "delivered", 10)).toMatchObject([{ attempts: 2 }]);
        expect(courier.counts()).toMatchObject([{ delivered: 1, failedAttempts: 1, pending: 0, dead: 0 }]);
      },
    );
  });

  test("is given up after the last retry, stands among the dead letters, and can be sent again", () => {
    let answer = broken;
    return withCourier(
      () => answer(),
      async (courier, { sent, makeDue }) => {
        courier.take([endpoint()], [notice()]);
        for (let attempt = 0; attempt < RETRY_AFTER_MS.length + 3; attempt++) {
          makeDue();
          await courier.alarm();
        }
        expect(sent).toHaveLength(RETRY_AFTER_MS.length + 1);
        expect(courier.deliveries("wh_1", "dead", 10)).toMatchObject([{ lastResult: "500", nextAttemptAt: null }]);
        answer = ok;
        expect(courier.again("wh_1", null)).toBe(1);
        await courier.alarm();
        expect(courier.deliveries("wh_1", "delivered", 10)).toHaveLength(1);
        expect(courier.again("wh_1", null)).toBe(0);
      },
    );
  });

  test("does not follow a redirect and keeps nothing of what the receiver says", () =>
    withCourier(
      () => new Response("the answer", { status: 302, headers: { Location: "https://169.254.169.254/" } }),
      async (courier, { sent, sql }) => {
        courier.take([endpoint()], [notice()]);
        await courier.alarm();
        expect(sent.map(({ url, redirect }) => [url, redirect])).toEqual([[endpoint().url, "manual"]]);
        const [row] = sql.exec("SELECT * FROM delivery").toArray();
        expect(row?.last_result).toBe("302: redirects are not followed");
        expect(JSON.stringify(row)).not.toContain("the answer");
      },
    ));

  test("is not sent to a private address, not even when one was stored", () =>
    withCourier(ok, async (courier, { sent }) => {
      courier.take([endpoint({ url: "https://10.0.0.1/" })], [notice()]);
      await courier.alarm();
      expect(sent).toEqual([]);
      expect(courier.deliveries("wh_1", null, 10)).toMatchObject([{ lastResult: "this address is not public" }]);
    }));

  // An earlier version let these be saved.
  test.each(["https://localhost../", "https://127.0.0.1../", "https://[::1]/"])("is not sent to a stored %s", (url) =>
    withCourier(ok, async (courier, { sent }) => {
      courier.take([endpoint({ url })], [notice()]);
      await courier.alarm();
      expect(sent).toEqual([]);
      expect(courier.deliveries("wh_1", null, 10)).toMatchObject([
        { lastResult: expect.stringMatching(/not public$/) },
      ]);
    }),
  );

  test("to a receiver that says 410 is the last one, until its URL is set again", () => {
    let status = 410;
    return withCourier(
      () => new Response(null, { status }),
      async (courier, { sent }) => {
        courier.take([endpoint()], [notice("msg_a")]);
        await courier.alarm();
        courier.take([endpoint()], [notice("msg_b")]);
        await courier.alarm();
        expect(sent).toHaveLength(1);
        expect(courier.counts()).toMatchObject([{ gone: true, dead: 1, pending: 0 }]);
        status = 200;
        courier.take([endpoint({ url: "https://hooks.shop.example.com/new" })], [notice("msg_c")]);
        await courier.alarm();
        expect(sent).toHaveLength(2);
        expect(courier.counts()).toMatchObject([{ gone: false, delivered: 1 }]);
      },
    );
  });

  test("that gets no answer is a failure, and one slow receiver does not hold up the others", () =>
    withCourier(
      ({ url }) => (url.includes("slow") ? Promise.reject(new TypeError("reset")) : ok()),
      async (courier) => {
        courier.take(
          [endpoint(), endpoint({ webhook: "wh_2", url: "https://slow.example.com/" })],
          [notice("msg_a", ["wh_1", "wh_2"])],
        );
        await courier.alarm();
        expect(courier.deliveries("wh_1", null, 1)).toMatchObject([{ status: "delivered" }]);
        expect(courier.deliveries("wh_2", null, 1)).toMatchObject([{ status: "pending", lastResult: "no connection" }]);
      },
    ));

  test("to a webhook that was taken back is forgotten; to a paused one it is put by", () =>
    withCourier(ok, async (courier, { sent }) => {
      courier.take([endpoint()], [notice()]);
      courier.take([endpoint({ paused: true })], []);
      await courier.alarm();
      expect(courier.deliveries("wh_1", "dead", 10)).toHaveLength(1);
      courier.take([], []);
      expect(courier.deliveries("wh_1", null, 10)).toEqual([]);
      expect(sent).toEqual([]);
    }));
});

describe("Slack's format", () => {
  test("is a text with a link, in which nothing typed is markup", () =>
    withCourier(ok, async (courier, { sent }) => {
      courier.take([endpoint({ format: "slack" })], [notice()]);
      await courier.alarm();
      const { text, blocks } = JSON.parse(sent[0]?.body ?? "");
      const page = "https://flags.shop.example.com/p/shop/flags/checkout?env=production";
      expect(text).toBe(
        `:octagonal_sign: <${page}|checkout> was killed in *production* by Ada &lt;ada@shop&gt;\n>errors &amp; *more*`,
      );
      expect(blocks).toEqual([{ type: "section", text: { type: "mrkdwn", text } }]);
    }));

  test("has words for every event", () =>
    withCourier(ok, async (courier, { sent }) => {
      const { EVENT_TYPES } = await import("../../../shared/schema/webhook.ts");
      const notices = EVENT_TYPES.map((type) => ({ ...notice(`msg_${type}`), message: { ...message, type } }));
      courier.take([endpoint({ format: "slack" })], notices);
      await courier.alarm();
      const texts = sent.map(({ body }) => JSON.parse(body).text as string);
      expect(new Set(texts).size).toBe(EVENT_TYPES.length);
      for (const text of texts) expect(text).toContain("checkout");
    }));
});

test("a test is sent at once and says what the receiver answered", () =>
  withCourier(broken, async (courier, { sent }) => {
    courier.take([endpoint()], []);
    expect(await courier.test("wh_1", { ...message, type: "webhook.test" })).toEqual({
      delivered: false,
      result: "500",
    });
    expect(sent).toHaveLength(1);
    expect(courier.deliveries("wh_1", null, 10)).toEqual([]);
    expect(await courier.test("gone", message)).toBeNull();
  }));
