import { expect, test } from "vitest";
import { EventSender } from "../../client/event-sender.ts";

interface Batch {
  batchId: string;
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
