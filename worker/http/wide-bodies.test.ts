import { describe, expect, test, vi } from "vitest";
import { recognise } from "../../shared/delivery/alert-signal.ts";
import { app } from "../app.ts";
import { env } from "../testing/bindings.ts";
import { done, fetched, newShop } from "../testing/http.ts";
import { hasProtoName } from "./body.ts";

// More elements than a call takes as arguments: spread into one, they end as a RangeError.
const WIDE = 500_000;

describe("an array of half a million elements", () => {
  test("is looked through for forbidden names", () => {
    const wide: unknown[] = Array.from({ length: WIDE }, () => 1);
    expect(hasProtoName({ wide })).toBe(false);
    expect(hasProtoName({ wide: [...wide, JSON.parse('{"__proto__":1}')] })).toBe(true);
  });

  test("of alerts is one outbreak, with the earliest of its onsets", () => {
    const alert = { status: "firing", labels: { alertname: "Wide" }, startsAt: "2026-11-25T11:00:00Z" };
    const alerts = Array.from({ length: WIDE }, () => alert);
    alerts.push({ ...alert, startsAt: "2026-11-25T10:00:00Z" });
    const body = { version: "4", receiver: "x", status: "firing", alerts, groupLabels: {}, groupKey: "g" };
    expect(recognise(body)).toMatchObject({ kind: "firing", onset: Date.parse("2026-11-25T10:00:00Z") });
  });

  test("reaches a trigger, which answers", async () => {
    const shop = await newShop();
    const { url } = await done("POST", `${shop.state}/public/triggers`, { name: "Pager" });
    const body = `{"status":"firing","alerts":[${"1,".repeat(WIDE - 1)}1]}`;
    expect((await fetched(url, { method: "POST", body })).status).not.toBe(500);
  });
});

test("an unexpected error is logged with the route's pattern: an address may hold a secret", async () => {
  const lines: string[] = [];
  const logged = vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  const secret = `bdk_shop_production_${"5".repeat(56)}`;
  const execution = { waitUntil: () => {}, passThroughOnException: () => {} } as unknown as ExecutionContext;
  // Without bindings, whatever is asked fails.
  const broken = { KEY_CHECKSUM_SECRET: env.KEY_CHECKSUM_SECRET } as never;
  for (const path of [
    `/v1/triggers/${secret}`,
    `/ofrep/v1/streams/shop/production?token=${secret}`,
    `/v1/ask/${secret}`,
  ])
    await app.fetch(new Request(`http://blastdoor.test${path}`, { method: "POST" }), broken, execution);
  logged.mockRestore();
  expect(lines.join("\n")).toContain('"route":"POST /v1/triggers/:token"');
  expect(lines.join("\n")).not.toContain("5555");
});
