import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { env } from "../../testing/bindings.ts";
import { migrate } from "../kernel/migrations.ts";
import { TELEMETRY_MIGRATIONS } from "./migrations.ts";
import { Traffic } from "./traffic.ts";
import { rankOf, UnitHasher } from "./unit-hash.ts";

const HOUR = 3_600_000;
const NOON = Date.UTC(2026, 10, 25, 12);

let objects = 0;
function withSql(run: (sql: SqlStorage) => void): Promise<void> {
  const stub = env.TELEMETRY_SHARD.get(env.TELEMETRY_SHARD.idFromName(`traffic/production/${objects++}`));
  return runInDurableObject(stub, (_shard: DurableObject, state) => {
    migrate(state.storage, TELEMETRY_MIGRATIONS);
    run(state.storage.sql);
  });
}
/** Evenly spread, and never the same. */
const rank = (n: number) => (n * 0.618_033_988_75) % 1;

describe("traffic of the last day", () => {
  test("counts who came, once however often; by flag and of all flags together", () =>
    withSql((sql) => {
      const traffic = new Traffic(sql);
      for (let n = 0; n < 40; n++) {
        traffic.exposure("checkout", rank(n), NOON);
        traffic.exposure("checkout", rank(n), NOON + HOUR);
        traffic.exposure("banner", rank(n + 20), NOON);
      }
      traffic.outcome("orders", undefined, NOON);
      traffic.outcome("errors", false, NOON);
      traffic.outcome("errors", true, NOON + HOUR);
      expect(traffic.read(NOON + 2 * HOUR, null)).toEqual({
        minutes: 120,
        all: { exposures: 120, units: 60 },
        flags: { checkout: { exposures: 80, units: 40 }, banner: { exposures: 40, units: 40 } },
        metrics: {
          orders: { events: 1, judged: 0, failed: 0 },
          errors: { events: 2, judged: 2, failed: 1 },
        },
      });
      const of = traffic.read(NOON + 2 * HOUR, "banner");
      expect([of.flags, of.all.units]).toEqual([{ banner: { exposures: 40, units: 40 } }, 60]);
    }));

  test("is within a fifth of the truth for many", () =>
    withSql((sql) => {
      const traffic = new Traffic(sql);
      for (let n = 0; n < 50_000; n++) traffic.exposure("checkout", rank(n), NOON);
      const units = traffic.read(NOON, null).flags.checkout?.units ?? 0;
      expect(units).toBeGreaterThan(40_000);
      expect(units).toBeLessThan(60_000);
    }));

  test("survives the object: but for its last minute", () =>
    withSql((sql) => {
      const traffic = new Traffic(sql);
      traffic.exposure("checkout", 0.1, NOON);
      traffic.write(NOON);
      traffic.exposure("checkout", 0.2, NOON + 61_000);
      traffic.write(NOON + 61_000);
      traffic.exposure("checkout", 0.3, NOON + 62_000);
      traffic.write(NOON + 62_000);
      const next = new Traffic(sql);
      expect(next.read(NOON + 120_000, null)).toMatchObject({ minutes: 2, all: { exposures: 2, units: 2 } });
      next.exposure("checkout", 0.1, NOON + 120_000);
      expect(next.read(NOON + 120_000, null).all).toEqual({ exposures: 3, units: 2 });
    }));

  test("ends after a day, and a full day is no more than a day", () =>
    withSql((sql) => {
      const traffic = new Traffic(sql);
      for (let hour = 0; hour < 60; hour++) traffic.exposure("checkout", rank(hour), NOON + hour * HOUR);
      const { minutes, all } = traffic.read(NOON + 59.5 * HOUR, null);
      expect([minutes, all]).toEqual([23.5 * 60, { exposures: 24, units: 24 }]);
      expect([...sql.exec("SELECT DISTINCT hour FROM traffic")].length).toBeLessThan(27);
      traffic.expire(NOON + 200 * HOUR);
      expect([...sql.exec("SELECT * FROM traffic")]).toEqual([]);
    }));

  test("after a transaction that was taken back, what it counted is gone", () =>
    withSql((sql) => {
      const traffic = new Traffic(sql);
      traffic.exposure("checkout", 0.1, NOON);
      traffic.write(NOON);
      traffic.exposure("checkout", 0.2, NOON);
      traffic.reload();
      expect(traffic.read(NOON, null).all).toEqual({ exposures: 1, units: 1 });
    }));

  test("forgets a unit by its hash", () =>
    withSql((sql) => {
      const { hash, rank } = new UnitHasher("secret").unit("targetingKey", "u1");
      expect(rankOf(hash)).toBe(rank);
      const traffic = new Traffic(sql);
      for (const at of [NOON, NOON + HOUR]) for (const one of [0.9, rank]) traffic.exposure("checkout", one, at);
      traffic.forget(rankOf(hash));
      expect([...sql.exec("SELECT body FROM traffic")].map(({ body }) => JSON.parse(String(body)).ranks)).toEqual(
        Array(4).fill([0.9]),
      );
    }));

  test("made-up names take no more than their place, and the ones met before stay", () =>
    withSql((sql) => {
      const traffic = new Traffic(sql);
      traffic.exposure("checkout", 0.5, NOON);
      for (let n = 0; n < 5_000; n++) traffic.outcome(`name-${n}`, true, NOON);
      traffic.exposure("checkout", 0.6, NOON);
      const { flags, metrics } = traffic.read(NOON, null);
      expect(flags.checkout?.units).toBe(2);
      expect(Object.keys(metrics).length).toBeLessThan(1_001);
    }));
});
