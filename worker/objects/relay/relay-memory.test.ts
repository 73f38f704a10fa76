import { describe, expect, test } from "vitest";
import { markOf, RELAY_MAX_AGE_MS, RelayMemory, WANTED_MS } from "./relay-memory.ts";

const ZERO = "0".repeat(64);
const START = 1_000_000;
const aPointer = (asOf: number, revision = 1, epoch = 1) => ({
  project: "shop" as never,
  epoch,
  revision,
  environments: { production: { revision, hash: ZERO, kills: [], tombstones: [] } },
  asOf,
});
/** Asked the store at START; it stamped its answer by a clock that is `offset` ms ahead, `way` ms later. */
function aRelay({ offset = 0, way = 100 } = {}) {
  const memory = new RelayMemory();
  memory.learn(aPointer(START + way + offset), START);
  return memory;
}

describe("the age of what a relay holds", () => {
  test.each([0, 3_600_000, -3_600_000])("is never understated, with a clock %s ms off", (offset) => {
    const memory = aRelay({ offset });
    // It was true 100 ms after the question, and the answer took as long.
    expect(memory.answer(START + 200)?.ageMs).toBe(200);
    memory.take({ mark: markOf(aPointer(0)), asOf: START + 1_000 + offset });
    expect(memory.answer(START + 1_100)?.ageMs).toBe(200);
  });

  test("beyond its bound, and with a clock that was set back, there is no answer", () => {
    const memory = aRelay();
    expect(memory.answer(START + RELAY_MAX_AGE_MS)).not.toBeNull();
    expect(memory.answer(START + RELAY_MAX_AGE_MS + 1)).toBeNull();
    expect(memory.answer(START - 1)).toBeNull();
  });

  test("a relay that was never told anything, or only by a signal, does not answer", () => {
    const memory = new RelayMemory();
    expect(memory.answer(START)).toBeNull();
    memory.take({ mark: markOf(aPointer(START)), asOf: START, pointer: aPointer(START) });
    expect(memory.answer(START)).toBeNull();
  });
});

describe("a signal", () => {
  test("makes what it names young again, and nothing else", () => {
    const memory = aRelay();
    memory.take({ mark: markOf(aPointer(0, 2)), asOf: START + 1_000 });
    expect(memory.answer(START + 1_000)?.pointer.asOf).toBe(START + 100);
    expect(memory.mark).toBe(markOf(aPointer(0, 1)));
  });

  test("that comes late, or tells of an older state, takes nothing back", () => {
    const memory = aRelay();
    const next = aPointer(START + 900, 3);
    memory.take({ mark: markOf(next), asOf: next.asOf, pointer: next });
    memory.take({ mark: markOf(next), asOf: START + 500 });
    memory.take({ mark: markOf(aPointer(0, 2)), asOf: START + 1_000, pointer: aPointer(START + 1_000, 2) });
    expect(memory.pointer).toMatchObject({ revision: 3, asOf: START + 900 });
  });

  test("of a restored store counts, although its revisions are lower", () => {
    const memory = aRelay();
    const restored = aPointer(START + 900, 0, 2);
    memory.take({ mark: markOf(restored), asOf: restored.asOf, pointer: restored });
    expect(memory.pointer).toMatchObject({ epoch: 2, revision: 0 });
  });
});

test("a relay is wanted for a minute after an edge has asked", () => {
  const memory = aRelay();
  expect(memory.isWanted(START)).toBe(false);
  memory.answer(START);
  expect(memory.isWanted(START + WANTED_MS - 1)).toBe(true);
  expect(memory.isWanted(START + WANTED_MS)).toBe(false);
});
