import { beforeEach, expect, test } from "vitest";
import { type ConnectionEvents, Follower, type Polled } from "./follower.ts";
import { VirtualTime } from "./testing/virtual-time.ts";

const SAME: Polled = { ok: true, changed: false, change: 0, afterMs: 0 };
const FAILED: Polled = { ...SAME, ok: false };

let time: VirtualTime;
let polls: { at: number; told: number }[];
let connections: (ConnectionEvents & { at: number; closedByUs: boolean })[];
let answer: Polled;
/** The edge does not know of what messages tell. */
let isBehind: boolean;
beforeEach(() => {
  time = new VirtualTime();
  polls = [];
  connections = [];
  answer = SAME;
  isBehind = false;
});

function following({ push = true, random = 0.5 } = {}) {
  const follower = new Follower(
    {
      now: () => time.now,
      random: () => random,
      timer: (ms, then) => time.after(ms, then),
      poll: async (told) => {
        polls.push({ at: time.now, told });
        return isBehind ? answer : { ...answer, change: told };
      },
      connect: (on) => {
        if (!push) return null;
        const connection = { ...on, at: time.now, closedByUs: false };
        connections.push(connection);
        return {
          close: () => {
            connection.closedByUs = true;
          },
        };
      },
    },
    { pollMs: 2_000, safetyPollMs: 30_000 },
  );
  void follower.start();
  return follower;
}
const ats = () => polls.map(({ at }) => at);

test("without a push connection it polls within the interval, for good", async () => {
  following({ push: false });
  await time.passUntil(6_000);
  expect(ats()).toEqual([0, 1_500, 3_000, 4_500, 6_000]);
});

test("with one it polls when told, with the revision it was told, and rarely otherwise", async () => {
  following();
  await time.passUntil(10);
  connections[0]?.opened();
  await time.passUntil(100);
  // What happened before the connection was open is polled for.
  expect(ats()).toEqual([0, 30]);
  connections[0]?.told(7);
  await time.passUntil(200);
  expect(polls[2]).toEqual({ at: 120, told: 7 });
  await time.passUntil(60_000);
  expect(ats().slice(3)).toEqual([22_620, 45_120]);
});

test("an edge that does not know the change yet is asked again, ever later, until it does or five times", async () => {
  following();
  connections[0]?.opened();
  await time.passUntil(1_000);
  polls.length = 0;
  isBehind = true;
  connections[0]?.told(7);
  await time.passUntil(1_200);
  isBehind = false;
  await time.passUntil(10_000);
  expect(polls).toEqual([1_020, 1_095, 1_245].map((at) => ({ at, told: 7 })));
  polls.length = 0;
  isBehind = true;
  connections[0]?.told(8);
  await time.passUntil(20_000);
  expect(polls).toHaveLength(6);
  // A message does not wait for these.
  connections[0]?.told(9);
  await time.passUntil(20_030);
  connections[0]?.told(10);
  await time.passUntil(20_060);
  expect(polls.slice(6).map(({ told }) => told)).toEqual([9, 10]);
});

test("a flood of messages is polled for once at a time, and never puts the poll off", async () => {
  following();
  connections[0]?.opened();
  await time.passUntil(1_000);
  const before = polls.length;
  for (let told = 0; told < 100; told++) {
    connections[0]?.told(told);
    await time.passUntil(1_000 + told);
  }
  // Each poll waits 20 ms here: five of them in 100 ms.
  expect(polls.length - before).toBeGreaterThanOrEqual(4);
  expect(polls.length - before).toBeLessThanOrEqual(6);
  expect(polls.at(-1)?.told).toBeGreaterThan(70);
});

test("when the connection is lost it polls as without one, and comes back with bounded, growing waits", async () => {
  following();
  connections[0]?.opened();
  await time.passUntil(1_000);
  connections[0]?.closed();
  await time.passUntil(120_000);
  for (const connection of connections.slice(1, 6)) connection.closed();
  expect(connections[1]?.at).toBe(6_000);
  const gaps = ats()
    .filter((at) => at > 1_000)
    .map((at, index, all) => at - (all[index - 1] ?? 1_000));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(2_000);
});

test("polls that fail come with growing waits, not before Retry-After, and a message does not hasten them", async () => {
  answer = { ...FAILED, afterMs: 5_000 };
  following();
  connections[0]?.opened();
  await time.passUntil(100);
  connections[0]?.told(3);
  await time.passUntil(4_000);
  expect(ats()).toEqual([0]);
  answer = FAILED;
  await time.passUntil(600_000);
  const [, second = 0, ...later] = ats();
  expect(second).toBe(5_000);
  const gaps = later.map((at, index) => at - (later[index - 1] ?? second));
  expect(Math.max(...gaps)).toBeLessThanOrEqual(30_000);
  expect(gaps.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
});

test("a connection on which no message came for a change that a poll found is taken for deaf", async () => {
  following();
  connections[0]?.opened();
  await time.passUntil(60_000);
  answer = { ...SAME, changed: true };
  await time.passUntil(95_000);
  expect(connections[0]?.closedByUs).toBe(true);
  expect(connections.length).toBeGreaterThan(1);
});

test("closing ends polls and connections", async () => {
  const follower = following();
  connections[0]?.opened();
  await time.passUntil(1_000);
  follower.close();
  const before = polls.length;
  connections[0]?.told(9);
  connections[0]?.closed();
  await time.passUntil(300_000);
  expect([polls.length, connections.length, connections[0]?.closedByUs]).toEqual([before, 1, true]);
});
