import { describe, expect, test } from "vitest";
import { compile } from "../../shared/evaluation/compile/compile.ts";
import { re2 } from "../../shared/evaluation/operators/regex/regex.ts";
import { type Snapshot, snapshot as snapshotSchema } from "../../shared/schema/snapshot.ts";
import { ObservedFlags } from "../evaluation/edge/observed-flags.ts";
import { TELEMETRY_SHARDS, UnitHasher } from "../objects/telemetry-shard/unit-hash.ts";
import { anEvent, aSeries } from "../testing/telemetry.ts";
import { type Intake, sortInTurns } from "./intake.ts";

const SECRET = "5e".repeat(32);

function snapshotWith(by?: string): Snapshot {
  const flag = {
    variants: { on: true, off: false },
    offVariant: "off",
    visibility: "public",
    seed: "checkout",
    state: { enabled: true, fallthrough: { variant: "on" } },
    ...(by === undefined ? {} : { series: aSeries({ by }) }),
  };
  const identity = { minReader: 1, project: "shop", environment: "production", epoch: 1, revision: 7 };
  const nothing = { segments: {}, layers: {}, holdouts: {}, keys: [], kills: [] };
  return snapshotSchema.parse({ ...identity, flags: { checkout: flag }, ...nothing, sealKey: SECRET });
}

async function sorted(events: unknown[], level: number, by = "targetingKey") {
  const snapshot = snapshotWith(by);
  const intake: Intake = {
    signed: null,
    events,
    sentAt: undefined,
    arrivedAt: Date.now(),
    receivedAt: Date.now(),
    source: "server",
    observed: ObservedFlags.ofSnapshot(snapshot),
    hasher: new UnitHasher(SECRET),
    compiled: compile(snapshot, re2),
    revision: 7,
    visitor: { marks: [] },
    keep: () => ({ server: level, client: 1 }),
  };
  const { rejected, parts } = await sortInTurns(intake, async () => {});
  const kept = [...parts.values()].flatMap((part) => part.events.map(({ index }) => index));
  return { rejected, parts, kept, counted: [...parts.values()].reduce((sum, { shed }) => sum + shed, 0) };
}

const units = Array.from({ length: 2_000 }, (_, n) => `u${n}`);
const exposures = (variant: (n: number) => string, over = {}) =>
  units.map((unit, n) =>
    anEvent("exposure", unit, {
      flag: "checkout",
      variant: variant(n),
      unit: { targetingKey: unit, account: `a${unit}` },
      ...over,
    }),
  );

describe("an edge that is asked to keep a part", () => {
  test.each(["targetingKey", "account"])(
    "keeps the same units whatever they were served and sent (by %s)",
    async (by) => {
      const before = await sorted(
        exposures(() => "on"),
        0.3,
        by,
      );
      const after = await sorted(
        exposures((n) => (n % 3 === 0 ? "off" : "on")),
        0.3,
        by,
      );
      expect(new Set(after.kept)).toEqual(new Set(before.kept));
      expect(before.kept.length).toBeGreaterThan(450);
      expect(before.kept.length).toBeLessThan(750);
    },
  );

  test("keeps of fewer what it keeps of more", async () => {
    const more = await sorted(
      exposures(() => "on"),
      0.6,
    );
    const fewer = await sorted(
      exposures(() => "on"),
      0.2,
    );
    expect(fewer.kept.length).toBeGreaterThan(0);
    expect(new Set(more.kept)).toEqual(new Set([...more.kept, ...fewer.kept]));
  });

  test("tells and counts each event that it leaves out", async () => {
    const { rejected, kept, counted } = await sorted(
      exposures(() => "on"),
      0.3,
    );
    expect(rejected.every(({ code }) => code === "shed")).toBe(true);
    expect([kept.length + rejected.length, counted]).toEqual([units.length, rejected.length]);
  });

  test("leaves nothing out while all is to be kept", async () => {
    const { kept } = await sorted(
      exposures(() => "on"),
      1,
    );
    expect(kept).toHaveLength(units.length);
  });
});

test("units are spread evenly over the shards, and over the ranks of each", async () => {
  const { parts } = await sorted(
    exposures(() => "on"),
    1,
  );
  expect(parts.size).toBe(TELEMETRY_SHARDS);
  for (const { events } of parts.values()) {
    // Five standard deviations.
    expect(Math.abs(events.length - units.length / TELEMETRY_SHARDS)).toBeLessThan(100);
    const low = events.filter(({ rank }) => rank < 0.5).length;
    expect(Math.abs(low - events.length / 2)).toBeLessThan(60);
  }
});
