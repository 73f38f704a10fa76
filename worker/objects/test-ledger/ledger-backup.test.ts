import { describe, expect, test } from "vitest";
import type { BackupRow } from "../../../shared/schema/backup.ts";
import { storedKeyName } from "../../../shared/schema/names.ts";
import { backupOf, restore } from "../../testing/backup.ts";
import { env } from "../../testing/bindings.ts";
import { aDoor, withTest } from "../../testing/demand.ts";
import { done, fetched, ORIGIN } from "../../testing/http.ts";
import { PRODUCTION } from "../../testing/names.ts";
import { inTables, newProject } from "../../testing/store.ts";
import { testLedger } from "../stubs.ts";
import { LedgerOrder, LedgerOutbox, type LedgerRow } from "./ledger-backup.ts";
import type { DoorEvent } from "./methods.ts";
import { BACKUP_ROWS } from "./test-ledger.ts";

const FLAG = storedKeyName("gift-cards");
type Door = Awaited<ReturnType<typeof doorOf>>;

async function doorOf(settings = aDoor()) {
  const shop = await withTest(FLAG, settings);
  const ledger = testLedger(env, shop.project, PRODUCTION, FLAG);
  return { ...shop, ledger };
}

/** So many people, every fifth of whom clicks, and every tenth of whom a server knows. */
function people(shop: Door, count: number, from = 0): Promise<void> {
  const at = Date.now();
  const event = (n: number, action: "seen" | "click"): DoorEvent => ({
    project: shop.project,
    environment: "production",
    flag: FLAG,
    run: 1,
    settings: aDoor({ networkCap: 30 }) as DoorEvent["settings"],
    action,
    unit: `unit-${n}`,
    ...(n % 10 === 0 ? { owner: `user-${n}` } : {}),
    ageMs: 5_000,
    network: `network-${n}`,
    country: n % 2 ? "DE" : "FR",
    device: "phone",
    bot: false,
    at,
  });
  return shop.ledger.recordAll(
    Array.from({ length: count }, (_, n) => n + from).flatMap((n) => [
      event(n, "seen"),
      ...(n % 5 === 0 ? [event(n, "click")] : []),
    ]),
  );
}

const counts = async (shop: Door) => {
  const { demand } = await shop.results();
  return demand.withSuspicious;
};
const ledgerRows = (rows: BackupRow[]) => rows.filter((row): row is LedgerRow => row.row === "ledger");

/** The same rows as a backup of before: without what only the new ones hold. */
function asFormat1(rows: BackupRow[]): BackupRow[] {
  const known = rows.filter(({ row }) => row !== "ledger" && row !== "confirmation");
  return known.map((row): BackupRow => {
    if (row.row === "header") return { ...row, format: "blastdoor-backup-1" };
    return row.row === "end" ? { row: "end", rows: known.length - 1 } : row;
  });
}

describe("a backup of a project with a fake door", () => {
  test("holds what its ledger counted, and a restore puts it back: people, clicks, pages and who is whom", async () => {
    const shop = await doorOf();
    await people(shop, BACKUP_ROWS + 500);
    await shop.ledger.sighted("https://shop.example", 1_000);
    const [before, pages] = [await counts(shop), await shop.ledger.pages()];
    const rows = await backupOf(shop.at);
    expect(ledgerRows(rows).length).toBeGreaterThan(2);
    expect(rows.at(-1)).toEqual({ row: "end", rows: rows.length - 1 });

    await people(shop, 40, 10_000);
    await done("POST", `${shop.test}/stop`, {});
    expect((await fetched(`${ORIGIN}/api/v1${shop.test}`, remove)).status).toBe(204);
    expect((await restore(shop.at, rows)).status).toBe(200);
    await expect.poll(() => counts(shop)).toEqual(before);
    expect(await shop.ledger.pages()).toEqual(pages);
    // Whom a server knows is the same person in another browser.
    await expect.poll(() => shop.ledger.standing(1, { unit: "another-browser", owner: "user-0" })).toBe("clicked");
    expect((await done("GET", shop.test)).status).toBe("running");
  });

  test("put back, replaces the people who came since", async () => {
    const shop = await doorOf();
    await people(shop, 10);
    const before = await counts(shop);
    const rows = await backupOf(shop.at);
    await people(shop, 10, 500);
    await restore(shop.at, rows);
    await expect.poll(() => counts(shop)).toEqual(before);
    // And counting goes on from there.
    await people(shop, 1, 900);
    expect((await counts(shop)).seen).toBe(before.seen + 1);
  });

  test("restored, leaves nobody in the ledger of a test that was made since", async () => {
    const shop = await doorOf();
    const rows = await backupOf(shop.at);
    const later = { ...shop, test: `${shop.state}/later/test` };
    await done("PUT", later.test, { settings: aDoor() });
    const ledger = testLedger(env, shop.project, PRODUCTION, storedKeyName("later"));
    await ledger.sighted("https://shop.example", 1_000);
    await restore(shop.at, rows);
    await expect.poll(() => ledger.pages()).toEqual([]);
  });

  test("of the format before still restores, and leaves ledgers as they are", async () => {
    const shop = await doorOf();
    const old = asFormat1(await backupOf(shop.at));
    await people(shop, 10);
    await done("PUT", `${shop.state}/later/test`, { settings: aDoor() });
    const later = testLedger(env, shop.project, PRODUCTION, storedKeyName("later"));
    await later.sighted("https://shop.example", 1_000);
    const now = [await counts(shop), await later.pages()];
    expect((await restore(shop.at, old)).status).toBe(200);
    expect([await counts(shop), await later.pages()]).toEqual(now);
  });

  test("with a part of the results missing changes nothing", async () => {
    const shop = await doorOf();
    await people(shop, 10);
    const rows = await backupOf(shop.at);
    await people(shop, 10, 500);
    const now = await counts(shop);
    const ledger = ledgerRows(rows);
    expect(ledger.length).toBeGreaterThan(1);
    for (const lost of ledger) {
      const lacking = rows.filter((row) => row !== lost).slice(0, -1);
      const { status, text } = await restore(shop.at, [...lacking, { row: "end", rows: lacking.length }]);
      expect(status).toBe(422);
      expect(text).toContain("of the results of gift-cards in production is missing");
    }
    expect(await counts(shop)).toEqual(now);
  });

  test("holds when a kill was confirmed off, which no audit row says", async () => {
    const shop = await doorOf();
    await done("POST", `${shop.state}/public/kill`, {});
    const confirmed = () =>
      inTables(shop.project, (sql) =>
        sql.exec("SELECT confirmed_at FROM delivery_event WHERE kind = 'kill'").toArray(),
      );
    await inTables(shop.project, (sql) => sql.exec("UPDATE delivery_event SET confirmed_at = 777 WHERE kind = 'kill'"));
    const rows = await backupOf(shop.at);
    await restore(shop.at, asFormat1(rows));
    expect(await confirmed()).toEqual([{ confirmed_at: null }]);
    await restore(shop.at, rows);
    expect(await confirmed()).toEqual([{ confirmed_at: 777 }]);
  });
});

const remove = { method: "DELETE", headers: { Authorization: `Bearer ${env.ADMIN_TOKEN}` } };
const aRow = (flag: string, part: number, last: boolean): LedgerRow => ({
  row: "ledger",
  environment: "production",
  flag,
  part,
  last,
  ledger: { runs: [], pages: [], people: [], aliases: [] },
});

describe("a ledger out of reach", () => {
  test("is given its parts later, all of them and in order", async () => {
    const came: string[] = [];
    let faults = 0;
    const owed = await inTables(await newProject(), async (sql) => {
      const outbox = new LedgerOutbox(sql, {
        deliver: async ({ flag, index }) => {
          if (faults++ % 2 === 0) throw new Error("out of reach");
          came.push(`${flag} ${index}`);
        },
        clear: async ({ flag }) => came.push(`${flag} emptied`),
        epoch: () => 2,
      });
      outbox.append(aRow("a", 0, false), aRow("a", 0, false));
      outbox.append(aRow("a", 1, true), aRow("a", 1, true));
      outbox.append(aRow("gone", 0, true), null);
      const waits: boolean[] = [];
      for (let run = 0; run < 3; run++) {
        await outbox.handOver();
        waits.push(outbox.dueAt !== null);
      }
      return waits;
    });
    expect(came).toEqual(["a 0", "a 1", "gone emptied"]);
    expect(owed).toEqual([true, true, false]);
  });

  test("that took a part whose answer was lost takes it once, and nothing of an older restore", async () => {
    const shop = await doorOf();
    const place = { environment: "production", flag: FLAG };
    const part = (unit: string) => ({
      ...aRow(FLAG, 0, true).ledger,
      people: [
        [1, unit, 1_000, null, "DE", "phone", "n", 0] as [number, string, number, null, string, string, string, number],
      ],
    });
    const give = (epoch: number, index: number, unit: string, last = false) =>
      shop.ledger.restorePart(shop.project, { ...place, epoch, index, part: part(unit), last });
    expect(await give(5, 0, "first")).toBe(true);
    expect(await give(5, 1, "second")).toBe(true);
    expect(await give(5, 0, "first")).toBe(false);
    expect(await give(4, 0, "older")).toBe(false);
    expect(await give(5, 3, "skipped")).toBe(false);
    const seen = async () => {
      const states = ["first", "second", "older", "skipped"].map((unit) => shop.ledger.door(1, unit));
      return Promise.all(states);
    };
    expect(await seen()).toEqual(["seen", "seen", "new", "new"]);
    expect(await give(6, 0, "newer", true)).toBe(true);
    expect(await seen()).toEqual(["new", "new", "new", "new"]);
  });
});

test("parts of ledgers follow each other, each ledger once", () => {
  const gapIn = (...rows: LedgerRow[]) => {
    const order = new LedgerOrder();
    const gaps = rows.map((row) => order.add(row)).filter((gap) => gap !== null);
    return gaps[0] ?? order.unfinished;
  };
  expect(gapIn(aRow("a", 0, false), aRow("a", 1, true), aRow("b", 0, true))).toBeNull();
  expect(gapIn(aRow("a", 1, true))).toBe("a in production");
  expect(gapIn(aRow("a", 0, false))).toBe("a in production");
  expect(gapIn(aRow("a", 0, false), aRow("b", 1, true))).toBe("b in production");
  expect(gapIn(aRow("a", 0, true), aRow("a", 0, true))).toBe("a in production");
});
