import { beforeEach, describe, expect, test } from "vitest";
import { COUNTS } from "../../../../shared/cost/counts.ts";
import type { Region } from "../../../../shared/placement/regions.ts";
import type { Pointer } from "../../../../shared/schema/pointer.ts";
import type { Signal } from "../../relay/methods.ts";
import { markOf, RelayMemory, WANTED_MS } from "../../relay/relay-memory.ts";
import { RelaySignals, SIGNAL_EVERY_MS } from "./relay-signals.ts";

/** A store and its relays, in time that moves with `tick` alone. */
class FakeRelays {
  now = 1_000_000;
  revision = 1;
  followed = "";
  writes = 0;
  readonly sent: { region: Region; signal: Signal; at: number }[] = [];
  readonly relays = new Map<Region, RelayMemory>();
  readonly following = new Set<Region>();
  fault: "error" | "hang" | null = null;
  #waiting: { at: number; wake: () => void }[] = [];

  signals = this.store();

  /** As after an eviction: memory is gone, what was written is not. */
  store(): RelaySignals {
    return new RelaySignals({
      now: () => this.now,
      pointer: () => this.pointer(),
      send: async (region, signal) => {
        this.sent.push({ region, signal, at: this.now });
        if (this.fault === "error") throw new Error("injected");
        if (this.fault === "hang") return new Promise<never>(() => {});
        const memory = this.relay(region);
        memory.take(signal);
        return { holds: memory.mark, wanted: memory.isWanted(this.now), follows: this.following.has(region) };
      },
      wait: (ms) => new Promise((wake) => this.#waiting.push({ at: this.now + ms, wake })),
      readFollowed: () => this.followed,
      writeFollowed: (regions) => {
        this.followed = regions;
        this.writes++;
      },
    });
  }

  relay(region: Region): RelayMemory {
    const memory = this.relays.get(region) ?? new RelayMemory();
    this.relays.set(region, memory);
    return memory;
  }

  pointer(): Pointer {
    const { revision } = this;
    const environments = { production: { revision, hash: "0".repeat(64), kills: [], tombstones: [] } };
    return { project: "shop" as never, epoch: 1, revision, environments, asOf: this.now };
  }

  /** An edge asks a relay, which asks the store when it has nothing. */
  ask(region: Region) {
    const answer = this.relay(region).answer(this.now);
    if (answer) return answer;
    this.signals.asked({ region, follows: this.following.has(region) });
    this.relay(region).learn(this.pointer(), this.now);
    return null;
  }

  change(): void {
    this.revision++;
    this.signals.changed();
  }

  async tick(ms: number): Promise<void> {
    const until = this.now + ms;
    for (;;) {
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
      const next = this.#waiting.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.now = next.at;
      this.#waiting = this.#waiting.filter((one) => one !== next);
      next.wake();
    }
    this.now = until;
  }
}

let world: FakeRelays;
beforeEach(() => {
  world = new FakeRelays();
});

describe("a relay that edges ask", () => {
  test("hears once a second for a minute, with the pointer only when it says something new", async () => {
    world.ask("oc");
    await world.tick(WANTED_MS + 10 * SIGNAL_EVERY_MS);
    expect(world.sent.length).toBeGreaterThanOrEqual(58);
    expect(world.sent.length).toBeLessThanOrEqual(COUNTS.signalsAfterAQuestion);
    // The first one finds out what the relay holds.
    expect(world.sent.filter(({ signal }) => signal.pointer).length).toBe(1);
    await world.tick(WANTED_MS);
    expect(world.sent.length).toBeLessThanOrEqual(WANTED_MS / SIGNAL_EVERY_MS + 1);
  });

  test("always has an answer for the next one, however sparse they are within the minute", async () => {
    world.ask("oc");
    for (let time = 0; time < 20; time++) {
      await world.tick(17_300);
      expect(world.ask("oc")).not.toBeNull();
    }
  });

  test("hears of a change at once, not with the next second", async () => {
    world.ask("oc");
    await world.tick(2 * SIGNAL_EVERY_MS + 300);
    world.change();
    await world.tick(0);
    expect(world.relay("oc").pointer?.revision).toBe(2);
    expect(world.sent.at(-1)?.at).toBe(world.now);
  });

  test("is told of the pointer anew after it has lost it", async () => {
    world.ask("oc");
    await world.tick(3 * SIGNAL_EVERY_MS);
    const lost = new RelayMemory();
    lost.answer(world.now);
    world.relays.set("oc", lost);
    await world.tick(SIGNAL_EVERY_MS);
    expect(lost.mark).toBe(markOf(world.pointer()));
  });

  test("and does not answer is tried each second, holds nobody else up, and is given up", async () => {
    world.ask("oc");
    world.fault = "error";
    await world.tick(2 * WANTED_MS);
    const tries = world.sent.length;
    expect(tries).toBeLessThanOrEqual(WANTED_MS / SIGNAL_EVERY_MS + 1);
    world.fault = "hang";
    world.ask("oc");
    await world.tick(5 * SIGNAL_EVERY_MS);
    expect(world.sent.length).toBe(tries + 1);
    world.fault = null;
    world.ask("afr");
    await world.tick(3 * SIGNAL_EVERY_MS);
    expect(world.sent.filter(({ region }) => region === "afr").length).toBe(3);
  });
});

describe("a relay that sockets hang on", () => {
  const follow = async (region: Region) => {
    world.following.add(region);
    world.ask(region);
    await world.tick(3 * WANTED_MS);
    world.sent.length = 0;
  };

  test("hears of changes alone, also of a store that was evicted meanwhile", async () => {
    await follow("weur");
    await world.tick(WANTED_MS);
    expect(world.sent).toEqual([]);
    world.signals = world.store();
    world.change();
    await world.tick(10 * SIGNAL_EVERY_MS);
    expect(world.sent.map(({ signal }) => signal.pointer?.revision)).toEqual([2]);
  });

  test("and misses a change is offered it until it takes it", async () => {
    await follow("weur");
    world.fault = "error";
    world.change();
    await world.tick(4 * SIGNAL_EVERY_MS);
    world.fault = null;
    await world.tick(SIGNAL_EVERY_MS);
    expect(world.relay("weur").pointer?.revision).toBe(2);
    const { length } = world.sent;
    await world.tick(WANTED_MS);
    expect(world.sent.length).toBe(length);
  });

  test("costs a row when the first socket opens and one when the last closes", async () => {
    await follow("weur");
    world.change();
    world.change();
    await world.tick(SIGNAL_EVERY_MS);
    world.following.delete("weur");
    world.change();
    await world.tick(SIGNAL_EVERY_MS);
    expect([world.writes, world.followed]).toEqual([2, ""]);
    world.sent.length = 0;
    world.change();
    await world.tick(SIGNAL_EVERY_MS);
    expect(world.sent).toEqual([]);
  });
});

test("a store without relays sends nothing", async () => {
  world.change();
  await world.tick(WANTED_MS);
  expect(world.sent).toEqual([]);
});

test("what is no region is left alone", async () => {
  world.signals.asked({ region: "europe" as Region, follows: true });
  await world.tick(WANTED_MS);
  expect([world.sent, world.writes]).toEqual([[], 0]);
});
