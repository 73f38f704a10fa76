import { expect, test } from "vitest";
import { EventSender } from "../../client/telemetry/event-sender.ts";
import { OpenFeatureTelemetry } from "../../client/telemetry/openfeature-telemetry.ts";
import { SIGNED_CONTEXT_ATTRIBUTE } from "../../shared/schema/signed-context.ts";

interface Batch {
  batchId: string;
  signedContext?: string;
  events: { id: string; unit: { targetingKey: string } }[];
}

/** A server that answers when the test lets it. */
function aServer() {
  const batches: Batch[] = [];
  const waiting: ((status: number) => void)[] = [];
  const fetch = (async (_url: string, init: RequestInit) => {
    batches.push(JSON.parse(init.body as string) as Batch);
    const status = await new Promise<number>((answer) => waiting.push(answer));
    return new Response(JSON.stringify({ accepted: 0, duplicate: 0, rejected: [] }), { status });
  }) as typeof globalThis.fetch;
  const asked = () => expect.poll(() => waiting.length).toBe(1);
  return {
    batches,
    fetch,
    asked,
    answer: async (status = 202) => {
      await asked();
      waiting.shift()?.(status);
    },
  };
}
const sender = (fetch: typeof globalThis.fetch, more = {}) =>
  new EventSender({ baseUrl: "http://flags.test", key: "k", flushMs: 1, fetch, ...more });
const report = (to: EventSender, from: number, count: number) => {
  for (let n = from; n < from + count; n++) to.report({ type: "exposure", unit: { targetingKey: `u${n}` } });
};
const units = ({ events }: Batch) => events.map(({ unit }) => unit.targetingKey);

test("what comes while a server is slow goes together in the next batch, and each event once", async () => {
  const server = aServer();
  const to = sender(server.fetch);
  report(to, 0, 10);
  await server.asked();
  const flushed: Promise<void>[] = [];
  for (let n = 1; n <= 60; n++) {
    report(to, n * 10, 10);
    flushed.push(to.flush());
  }
  for (let n = 0; n < 3; n++) await server.answer();
  await Promise.all(flushed);
  expect(server.batches.map(({ events }) => events.length)).toEqual([10, 500, 100]);
  expect(server.batches.flatMap(units)).toEqual(Array.from({ length: 610 }, (_, n) => `u${n}`));
});

test.each([408, 429, 503])(
  "a batch that was not taken (%i) goes again as it was, before what came later",
  async (status) => {
    const server = aServer();
    const to = sender(server.fetch);
    report(to, 0, 3);
    const flushed = to.flush();
    await server.asked();
    report(to, 3, 2);
    await server.answer(status);
    await server.answer();
    await flushed;
    const later = to.flush();
    await server.answer();
    await later;
    const [first, again, next] = server.batches;
    expect([again?.batchId, again?.events]).toEqual([first?.batchId, first?.events]);
    expect(next && units(next)).toEqual(["u3", "u4"]);
  },
);

test("beyond what may wait, new events are dropped and told; a server that only refuses is given up, and told", async () => {
  const server = aServer();
  const dropped: [number, string][] = [];
  const to = sender(server.fetch, { maxWaiting: 5, onDropped: (...told: [number, string]) => dropped.push(told) });
  report(to, 0, 3);
  const flushed = to.flush();
  await server.asked();
  report(to, 3, 7);
  await server.answer(400);
  await flushed;
  expect(dropped).toEqual([
    [1, "too many events wait"],
    [1, "too many events wait"],
    [3, "answered 400"],
  ]);
  const rest = to.flush();
  await server.answer();
  await rest;
  expect(server.batches[1] && units(server.batches[1])).toEqual(["u3", "u4", "u5", "u6", "u7"]);
});

test("a batch holds events of one signature, the oldest first, and nothing overtakes or is lost", async () => {
  const server = aServer();
  const to = sender(server.fetch);
  const signatures = [undefined, "token of ann", "token of bob"];
  for (let n = 0; n < 1_200; n++)
    to.report({ type: "exposure", unit: { targetingKey: `u${n}` } }, signatures[n < 600 ? 0 : n % 3]);
  const flushed = to.flush();
  for (let n = 0; n < 4; n++) await server.answer();
  await flushed;
  expect(server.batches.map(({ signedContext, events }) => [signedContext, events.length])).toEqual([
    [undefined, 500],
    [undefined, 300],
    ["token of ann", 200],
    ["token of bob", 200],
  ]);
  for (const [n, signature] of signatures.entries()) {
    const sent = server.batches.filter(({ signedContext }) => signedContext === signature).flatMap(units);
    const expected = Array.from({ length: 1_200 }, (_, unit) => unit).filter((unit) =>
      unit < 600 ? n === 0 : unit % 3 === n,
    );
    expect(sent).toEqual(expected.map((unit) => `u${unit}`));
  }
});

test("a refused signature costs its own events only", async () => {
  const server = aServer();
  const dropped: [number, string][] = [];
  const to = sender(server.fetch, { onDropped: (...lost: [number, string]) => dropped.push(lost) });
  for (let n = 0; n < 4; n++) to.report({ type: "exposure", unit: { targetingKey: `u${n}` } }, n % 2 ? "old" : "new");
  const flushed = to.flush();
  await server.answer();
  await server.answer(400);
  await flushed;
  expect(dropped).toEqual([[2, "answered 400"]]);
  expect(server.batches.map(({ signedContext }) => signedContext)).toEqual(["new", "old"]);
});

test("events go with the signed context of the evaluation that they are about, which also names their unit", async () => {
  const server = aServer();
  const telemetry = new OpenFeatureTelemetry({ baseUrl: "http://flags.test", key: "k", fetch: server.fetch });
  const payload = { sub: "änn", context: { targetingKey: "signed-browser" } };
  const token = `e30.${Buffer.from(JSON.stringify(payload)).toString("base64url")}.c2ln`;
  const context = { targetingKey: "forged", [SIGNED_CONTEXT_ATTRIBUTE]: token };
  telemetry.outcome("checkout", context, { ok: true });
  telemetry.outcome("checkout", { [SIGNED_CONTEXT_ATTRIBUTE]: token }, { ok: true });
  telemetry.outcome("checkout", { targetingKey: "unsigned" }, { ok: true });
  telemetry.outcome("checkout", { targetingKey: "garbled", [SIGNED_CONTEXT_ATTRIBUTE]: "x.%.y" }, { ok: true });
  const closed = telemetry.close();
  for (let n = 0; n < 3; n++) await server.answer();
  await closed;
  expect(server.batches.map((batch) => [batch.signedContext, units(batch)])).toEqual([
    [token, ["signed-browser", "signed-browser"]],
    [undefined, ["unsigned"]],
    ["x.%.y", ["garbled"]],
  ]);
});
