import { describe, expect, test } from "vitest";
import type { Pointer } from "../schema/pointer.ts";
import { servedChange } from "./change.ts";

const pointer = (revision: number, kills: number[] = []) =>
  ({
    epoch: 1,
    environments: { live: { revision, kills: kills.map((one) => ({ revision: one })) } },
  }) as unknown as Pointer;

describe("the change that an edge's rules are of", () => {
  test.each([
    ["the published revision", pointer(53), { epoch: 1, revision: 53 }, 53],
    ["a kill after it", pointer(53, [54]), { epoch: 1, revision: 53 }, 54],
    ["the loaded revision, while the published one is on its way", pointer(53), { epoch: 1, revision: 52 }, 52],
    ["the same, when a kill came meanwhile", pointer(53, [54]), { epoch: 1, revision: 52 }, 52],
    ["none, after a restore that is not loaded yet", pointer(53), { epoch: 0, revision: 53 }, 0],
    ["none, without a pointer", undefined, { epoch: 1, revision: 52 }, 0],
  ])("is %s", (_, known, loaded, change) => {
    expect(servedChange(known, "live", loaded)).toBe(change);
  });
});
