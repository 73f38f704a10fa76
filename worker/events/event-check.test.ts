import fc from "fast-check";
import { expect, test } from "vitest";
import { EVENT_LIMITS, telemetryEvent } from "../../shared/schema/telemetry.ts";
import { isTelemetryEvent } from "./event-check.ts";

const good = {
  id: "5f0a",
  type: "exposure",
  unit: { targetingKey: "u1" },
  time: 1_795_600_000_000,
  flag: "checkout",
  variant: "on",
  rule: "r1",
  reason: "SPLIT",
  metric: "checkout",
  ok: true,
  latencyMs: 12.5,
  value: -3,
  marks: ["bot"],
};

const long = "x".repeat(EVENT_LIMITS.textChars);
/** Values at the edges of what some field takes. */
const value = fc.oneof(
  fc.constantFrom<unknown>(
    ...["", "a", "a b", ".a", "-", "__proto__", "constructor", "prototype", long, `${long}x`, "x".repeat(100)],
    ...["x".repeat(101), "x".repeat(50), "x".repeat(51), "exposure", "outcome", "click", "conversion", "Exposure"],
    ...[0, -0, -1, 1.5, 8.64e15, 8.64e15 + 2, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308],
    ...[true, false, null, undefined, [], ["staff"], ["bot", "bot", "bot", "bot"], new Array(5).fill("bot"), ["who"]],
    ...[{}, { targetingKey: "u1" }, { a: 1, b: true }, { "": "a" }, { [long]: "a" }, { [`${long}x`]: "a" }],
    ...[{ a: "" }, { a: long }, { a: `${long}x` }, { a: null }, { a: {} }, { a: Number.NaN }, { a: 1e308 }],
    JSON.parse('{"__proto__":"a"}'),
    JSON.parse('{"__proto__":{"a":1}}'),
  ),
  fc.jsonValue(),
  fc.string(),
  fc.double(),
);
const field = fc.oneof(fc.constantFrom(...Object.keys(good), "more", "__proto__", "constructor"), fc.string());

/** A good event with a few fields taken away, added or replaced. */
const almost = fc
  .array(fc.tuple(field, fc.option(value, { nil: Symbol.for("gone") })), { maxLength: 3 })
  .map((changes): unknown => {
    const event: Record<string, unknown> = structuredClone(good);
    for (const [name, changed] of changes) {
      if (changed === Symbol.for("gone")) delete event[name];
      else Object.defineProperty(event, name, { value: changed, enumerable: true, configurable: true, writable: true });
    }
    return event;
  });

const parse = (sent: unknown) => telemetryEvent.safeParse(sent);
/** The schema drops such an attribute, and this check refuses it. */
const namesPrototype = (sent: unknown): boolean =>
  Object.hasOwn((sent as { unit?: object } | null | undefined)?.unit ?? {}, "__proto__");

test("takes exactly what the schema takes as it is", () => {
  fc.assert(
    fc.property(fc.oneof(almost, fc.jsonValue(), value), (sent) => {
      expect(isTelemetryEvent(sent)).toBe(parse(sent).success && !namesPrototype(sent));
    }),
    { numRuns: 5_000 },
  );
});

test("the schema changes nothing about what is taken", () => {
  fc.assert(
    fc.property(almost, (sent) => {
      if (isTelemetryEvent(sent)) expect(parse(sent).data).toEqual(sent);
    }),
  );
});

test("an attribute that would reach a prototype is refused", () => {
  expect(isTelemetryEvent({ ...good, unit: JSON.parse('{"targetingKey":"u1","__proto__":"a"}') })).toBe(false);
});

test.each(Object.keys(good))("a good event without %s is judged alike", (name) => {
  const { [name as keyof typeof good]: _, ...rest } = good;
  expect(isTelemetryEvent(good)).toBe(true);
  expect(isTelemetryEvent(rest)).toBe(parse(rest).success);
});
