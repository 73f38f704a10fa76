import { beforeEach, describe, expect, test } from "vitest";
import { storedSlug } from "../../../shared/schema/names.ts";
import type { Pointer } from "../../../shared/schema/pointer.ts";
import type { Loaded } from "./loaded.ts";
import { LOAD_LEASE_MS } from "./loading.ts";
import { ProjectMemory, type ProjectState } from "./project-memory.ts";

const PRODUCTION = storedSlug("production");
const NOW = 1_000_000;
let memory: ProjectMemory;
beforeEach(() => {
  memory = new ProjectMemory(100);
});

/** A project that holds so many bytes, refreshed so long ago (ms). */
function project(name: string, bytes: number, { proven = true, idleMs = 0 } = {}): ProjectState {
  const state = memory.enter(storedSlug(name), proven);
  state.held = { pointer: {} as Pointer, stampedAt: NOW - idleMs };
  if (bytes > 0) state.environments.set(PRODUCTION, { bytes } as Loaded);
  return state;
}
const held = (...names: string[]) => names.filter((name) => memory.peek(storedSlug(name)) !== undefined);

describe("room for a version", () => {
  test("nothing goes while all fits", () => {
    const one = project("one", 40);
    project("two", 40);
    expect(memory.makeRoomFor(one, 20, NOW)).toBe(true);
    expect(held("one", "two")).toEqual(["one", "two"]);
  });

  test("the longest idle goes first, and no more than it takes", () => {
    const one = project("one", 10);
    project("busy", 30, { idleMs: 500 });
    project("old", 30, { idleMs: 90_000 });
    project("older", 30, { idleMs: 100_000 });
    expect(memory.makeRoomFor(one, 30, NOW)).toBe(true);
    expect(held("busy", "old", "older")).toEqual(["busy", "old"]);
  });

  test("names of which no secret was shown go before those of which one was, however idle these are", () => {
    const one = project("one", 10);
    project("made-up", 40, { proven: false });
    project("idle", 40, { idleMs: 1_000_000 });
    expect(memory.makeRoomFor(one, 40, NOW)).toBe(true);
    expect(held("made-up", "idle")).toEqual(["idle"]);
  });

  test("a name of which no secret was shown pushes out none that is in use, and others that are idle", () => {
    const stranger = project("stranger", 0, { proven: false });
    project("busy", 60, { idleMs: 900 });
    project("idle", 40, { idleMs: 61_000 });
    expect(memory.makeRoomFor(stranger, 50, NOW)).toBe(false);
    expect(held("busy", "idle")).toEqual(["busy", "idle"]);
    expect(memory.makeRoomFor(stranger, 40, NOW)).toBe(true);
    expect(held("busy", "idle")).toEqual(["busy"]);
  });

  test("the one that asks never goes, and nothing goes in vain", () => {
    const one = project("one", 90, { idleMs: 1_000_000 });
    project("two", 10, { idleMs: 1_000_000 });
    expect(memory.makeRoomFor(one, 20, NOW)).toBe(false);
    expect(held("one", "two")).toEqual(["one", "two"]);
  });

  test("what is on its way counts, and stops with the project that goes", () => {
    const one = project("one", 10);
    const two = project("two", 20, { idleMs: 500 });
    const loading = memory.loadingOf(two, PRODUCTION);
    const turn = loading.begin("hash", NOW) as number;
    loading.reserved = 60;
    expect(memory.bytes(NOW)).toBe(90);
    expect(memory.makeRoomFor(one, 20, NOW)).toBe(true);
    expect(held("two")).toEqual([]);
    expect(loading.renew(turn, NOW)).toBe(false);
    expect(memory.bytes(NOW)).toBe(10);
  });

  test("names that may be made up push out such names only", () => {
    project("known", 10, { proven: false, idleMs: 1_000_000 });
    for (let n = 0; n < 500; n++) memory.enter(storedSlug(`made-up-${n}`), false);
    expect(held("known", "made-up-0", "made-up-449", "made-up-450")).toEqual(["known", "made-up-450"]);
  });

  test("loads of names that were pushed out count for as long as they show signs of life", () => {
    const stranger = project("stranger", 0, { proven: false });
    const loading = memory.loadingOf(stranger, PRODUCTION);
    loading.begin("hash", NOW);
    loading.reserved = 70;
    stranger.held = null;
    for (let n = 0; n < 60; n++) memory.enter(storedSlug(`made-up-${n}`), false);
    expect(held("stranger")).toEqual([]);
    expect(memory.bytes(NOW)).toBe(70);
    expect(memory.bytes(NOW + LOAD_LEASE_MS)).toBe(0);
  });
});
