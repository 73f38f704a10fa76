import { describe, expect, test } from "vitest";
import { LONGEST_LANE_MS, TURN_MS, TurnLane } from "./turn-lane.ts";

/** A clock that goes on only when told, by whole milliseconds. */
function aLane() {
  let now = 1_000_000;
  const timers: { at: number; fire: () => void }[] = [];
  const settled = async () => {
    for (let n = 0; n < 20; n++) await Promise.resolve();
  };
  const clock = {
    now: () => now,
    wait: (ms: number) => new Promise<void>((fire) => timers.push({ at: now + ms, fire })),
  };
  const lane = new TurnLane(clock);
  const fireDue = async () => {
    for (const timer of timers.splice(0)) {
      if (timer.at <= now) timer.fire();
      else timers.push(timer);
    }
    await settled();
  };
  return {
    lane,
    /** So many milliseconds, one by one. */
    async pass(ms: number) {
      for (let passed = 0; passed < ms; passed++) {
        now++;
        await fireDue();
      }
    },
    /** The thread, or the machine, does something else; then whatever is due is due at once. */
    async stall(ms: number) {
      now += ms;
      await fireDue();
    },
    setClock(ms: number) {
      now += ms;
      for (const timer of timers) timer.at += ms;
    },
  };
}

/** Turns taken so far. */
function take(lane: TurnLane, count: number, ms = TURN_MS) {
  const taken = { count: 0 };
  for (let n = 0; n < count; n++) void lane.turn(ms).then(() => taken.count++);
  return taken;
}

describe("turns", () => {
  test("take half of the thread's time at most, and all of it that is theirs", async () => {
    const { lane, pass } = aLane();
    const taken = take(lane, 400);
    await pass(100);
    expect(taken.count * TURN_MS).toBeLessThanOrEqual(51);
    expect(taken.count * TURN_MS).toBeGreaterThanOrEqual(40);
  });

  test("of little work are many in the same time", async () => {
    const { lane, pass } = aLane();
    const taken = take(lane, 400, TURN_MS / 10);
    await pass(50);
    expect(taken.count).toBeGreaterThan(300);
  });

  test("that all come due while the thread is busy are not taken in one go", async () => {
    const { lane, pass, stall } = aLane();
    const taken = take(lane, 50);
    await stall(50);
    expect(taken.count).toBeLessThanOrEqual(2);
    await pass(200);
    expect(taken.count).toBe(50);
  });

  test("come more seldom while the thread is late", async () => {
    const busy = aLane();
    const taken = take(busy.lane, 400);
    for (let n = 0; n < 10; n++) await busy.stall(10);
    expect(taken.count).toBeLessThan(15);
    expect(taken.count).toBeGreaterThan(2);
  });
});

describe("the lane", () => {
  test("lets batches in one after another, in their order", async () => {
    const { lane, pass } = aLane();
    const entered: number[] = [];
    for (let n = 0; n < 4; n++) void lane.enter(5).then(() => entered.push(n));
    await pass(1);
    expect(entered).toEqual([0]);
    await pass(60);
    expect(entered).toEqual([0, 1, 2, 3]);
  });

  test("does not let all of them in at once because the thread was busy", async () => {
    const { lane, pass, stall } = aLane();
    let entered = 0;
    for (let n = 0; n < 6; n++) void lane.enter(5).then(() => entered++);
    await stall(100);
    expect(entered).toBeLessThanOrEqual(2);
    await pass(300);
    expect(entered).toBe(6);
  });

  test("is closed while it is longer than anybody should wait, and opens again", async () => {
    const { lane, pass } = aLane();
    expect(lane.open).toBe(true);
    for (let n = 0; n <= LONGEST_LANE_MS / 20; n++) void lane.enter(5);
    expect([lane.open, lane.halfOpen]).toEqual([true, false]);
    for (let n = 0; n <= LONGEST_LANE_MS / 20 + 1; n++) void lane.enter(5);
    expect(lane.open).toBe(false);
    await pass(2 * LONGEST_LANE_MS);
    expect(lane.open).toBe(true);
  });

  test("goes on when a request in it died", async () => {
    const { lane, pass } = aLane();
    void lane.enter(5);
    await pass(20);
    const entered = lane.enter(5).then(() => true);
    await pass(2);
    expect(await Promise.race([entered, Promise.resolve(false)])).toBe(true);
  });

  test.each([-3_600_000, 3_600_000])("survives a clock that jumps by %i ms", async (jump) => {
    const { lane, pass, setClock } = aLane();
    let entered = 0;
    for (let n = 0; n < 3; n++)
      void lane
        .enter(5)
        .then(() => lane.turn(TURN_MS))
        .then(() => entered++);
    await pass(3);
    setClock(jump);
    expect(lane.open).toBe(true);
    for (let n = 0; n < 3; n++)
      void lane
        .enter(5)
        .then(() => lane.turn(TURN_MS))
        .then(() => entered++);
    await pass(300);
    expect(entered).toBe(6);
  });
});
