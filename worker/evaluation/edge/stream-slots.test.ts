import { describe, expect, test } from "vitest";
import { SLOT_LEASE_MS, type Slot, type SlotHolder, StreamSlots } from "./stream-slots.ts";

const MOST = 100;

function isolate() {
  const clock = { now: 1_000_000 };
  const slots = new StreamSlots(() => clock.now);
  let people = 0;
  const take = (over: Partial<SlotHolder> = {}, many = 1) => {
    const taken: (Slot | null)[] = [];
    for (let nth = 0; nth < many; nth++)
      taken.push(
        slots.take({ project: "shop", key: "key_1", network: "", subject: `person ${++people}`, ...over }, MOST),
      );
    return taken;
  };
  return { clock, slots, take };
}
const given = (taken: (Slot | null)[]) => taken.filter((slot): slot is Slot => slot !== null);
const kept = (taken: (Slot | null)[]) => given(taken).filter((slot) => !slot.lost).length;

describe("attack: everything is asked for", () => {
  test("by one token: it gets what a person's tabs need, and no more", () => {
    const { slots, take } = isolate();
    expect(given(take({ subject: "one" }, 1_000))).toHaveLength(8);
    expect(slots.count).toBe(8);
  });

  test("by one key with made-up contexts: the rest stays free for others", () => {
    const { take } = isolate();
    expect(given(take({}, 1_000))).toHaveLength(75);
    expect(given(take({ project: "other", key: "key_2" }, 25))).toHaveLength(25);
  });

  test("by many keys of one project: another project comes to its half, one by one", () => {
    const { slots, take } = isolate();
    const flood = [take({}, 75), take({ key: "key_2" }, 75)];
    expect(slots.count).toBe(MOST);
    const other = take({ project: "other", key: "key_9" }, 1_000);
    expect(kept(other)).toBe(50);
    expect(flood.map(kept).reduce((a, b) => a + b)).toBe(50);
    // And it does not lose them again, however often the flood comes back.
    take({ key: "key_3" }, 1_000);
    take({ key: "key_1" }, 1_000);
    expect(kept(other)).toBe(50);
    expect(slots.count).toBe(MOST);
  });

  test.each([
    ["the key has its share", 3, 0],
    ["all slots are taken", 2, 50],
  ])("by networks with a public key: visitors from elsewhere get in although %s", (_when, networks, elsewhere) => {
    const { slots, take } = isolate();
    const flood = Array.from({ length: networks }, (_, n) => take({ network: `198.51.${n}` }, 25)).flat();
    const others = take({ project: "other", key: "key_2" }, elsewhere);
    const visitors = Array.from({ length: 20 }, (_, n) => take({ network: `192.0.${n}` })).flat();
    expect([kept(visitors), kept(flood), kept(others)]).toEqual([20, 25 * networks - 20, elsewhere]);
    // Coming back, they take nothing from them.
    for (let n = 0; n < networks; n++) take({ network: `198.51.${n}` }, 1_000);
    expect([kept(visitors), slots.count]).toEqual([20, 25 * networks + elsewhere]);
  });

  test("by one network with one public key: it gets a quarter, in an empty isolate too", () => {
    const { take } = isolate();
    expect(given(take({ network: "198.51.100" }, 1_000))).toHaveLength(25);
    expect(given(take({ network: "198.51.101" }, 1_000))).toHaveLength(25);
  });

  const people = (take: ReturnType<typeof isolate>["take"], holder: Partial<SlotHolder>, many: number) =>
    Array.from({ length: many }, (_, n) => take({ ...holder, network: `${holder.key}.${n}` })).flat();

  test.each<[string, [project: string, key: string, people: number][], project: string, key: string]>([
    [
      "another project",
      [
        ["a", "a1", 75],
        ["c", "c1", 25],
      ],
      "b",
      "b1",
    ],
    [
      "another project, beside two keys",
      [
        ["a", "a1", 50],
        ["a", "a2", 50],
      ],
      "b",
      "b1",
    ],
    [
      "another project, beside three",
      [
        ["a", "a1", 34],
        ["c", "c1", 33],
        ["d", "d1", 33],
      ],
      "b",
      "b1",
    ],
    [
      "another key of the project",
      [
        ["a", "a1", 75],
        ["c", "c1", 25],
      ],
      "a",
      "a2",
    ],
    [
      "the same key",
      [
        ["a", "a1", 75],
        ["c", "c1", 25],
      ],
      "a",
      "a1",
    ],
  ])("by one network with a public key of %s: people of as many networks stay", (_whose, held, project, key) => {
    const { take } = isolate();
    const there = held.flatMap(([project, key, many]) => people(take, { project, key }, many));
    expect(kept(there)).toBe(MOST);
    const flood = take({ project, key, network: "198.51.100" }, 1_000);
    expect(kept(there)).toBeGreaterThanOrEqual(MOST - 2);
    expect(kept(flood)).toBeLessThanOrEqual(2);
    // Visitors of that project from elsewhere get its share all the same.
    if (project === "b") expect(kept(people(take, { project, key }, 20))).toBe(20);
  });
});

describe("a slot", () => {
  test("that is given back is free, once", () => {
    const { slots, take } = isolate();
    const [slot, other] = given(take({}, 2));
    slot?.release();
    slot?.release();
    expect([slots.count, other?.lost, slot?.lost]).toEqual([1, false, true]);
    // A sign of life that comes late brings nothing back.
    slot?.renew();
    expect(slots.count).toBe(1);
  });

  test("whose owner was cancelled without a word is free when its lease ends, and not while it shows signs of life", () => {
    const { clock, slots, take } = isolate();
    const [silent, alive] = given(take({}, 2));
    for (let beat = 0; beat < 5; beat++) {
      clock.now += SLOT_LEASE_MS / 3;
      alive?.renew();
    }
    expect(slots.count).toBe(1);
    // One that was only late goes on, and counts again.
    silent?.renew();
    expect([slots.count, silent?.lost]).toEqual([2, false]);
    clock.now += SLOT_LEASE_MS;
    expect(slots.count).toBe(0);
  });

  test("is prolonged by no clock that is set back", () => {
    const { clock, slots, take } = isolate();
    take({}, 3);
    clock.now -= 3_600_000;
    expect(slots.count).toBe(0);
  });
});

test("one project alone may have all slots, under two keys or more", () => {
  const { slots, take } = isolate();
  expect(kept([...take({}, 60), ...take({ key: "key_2" }, 40)])).toBe(MOST);
  expect(slots.count).toBe(MOST);
});

test("where everybody holds alike, a newcomer of one's own is refused and one from elsewhere is not", () => {
  const { take } = isolate();
  take({}, 50);
  take({ project: "other", key: "key_2" }, 50);
  expect(given(take())).toHaveLength(0);
  expect(given(take({ project: "third", key: "key_3" }))).toHaveLength(1);
});
