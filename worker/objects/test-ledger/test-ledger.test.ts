import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { demandReport } from "../../../shared/demand/demand.ts";
import { LIMITS } from "../../../shared/limits.ts";
import { env } from "../../testing/bindings.ts";
import { newName } from "../../testing/names.ts";
import { migrate } from "../kernel/migrations.ts";
import { DOUBT, LEAST_VIEW_MS } from "./door-doubts.ts";
import type { DoorEvent } from "./methods.ts";
import { TEST_LEDGER_MIGRATIONS } from "./migrations.ts";
import { TestLedger } from "./test-ledger.ts";

const NOW = Date.now();
const CAP = 3;
const settings = { kind: "fake-door", bar: 0.03, windowDays: 7, targetPeople: 10_000, networkCap: CAP } as const;

/** Works on a ledger of its own, inside its object. */
function inLedger(work: (ledger: TestLedger, sql: SqlStorage, again: () => TestLedger) => void | Promise<void>) {
  const stub = env.TEST_LEDGER.get(env.TEST_LEDGER.idFromName(newName()));
  return runInDurableObject(stub, async (_instance: DurableObject, state) => {
    const again = () => new TestLedger(state, env);
    await work(again(), state.storage.sql, again);
    await state.storage.deleteAlarm();
  });
}

const event = (unit: string, action: "seen" | "click", over: Partial<DoorEvent> = {}): DoorEvent => ({
  project: "shop",
  environment: "production",
  flag: "door",
  run: 1,
  settings: settings as unknown as DoorEvent["settings"],
  action,
  unit,
  ageMs: LEAST_VIEW_MS,
  network: `network of ${unit}`,
  country: "DE",
  device: "phone",
  bot: false,
  at: NOW,
  ...over,
});
const counts = (ledger: TestLedger, run = 1) => {
  const { demand, withSuspicious } = demandReport(ledger.cells(run, 7, NOW + 1_000), 0.03);
  return [demand.seen, demand.clicked, withSuspicious.seen, withSuspicious.clicked];
};

describe("somebody who is believed", () => {
  const doubtful: [string, Partial<DoorEvent>][] = [
    ["a bot", { bot: true, network: "attacker" }],
    ["somebody hasty", { ageMs: 0, network: "attacker" }],
    ["a user's name", { user: "victim", network: "attacker" }],
  ];
  test.each(doubtful)(
    "stays believed, and does not come to want it, when %s sends events for the same id",
    (_who, over) =>
      inLedger((ledger) => {
        ledger.record(event("victim", "seen"));
        ledger.record(event("other", "seen"));
        ledger.record(event("victim", "seen", over));
        if (over.user === undefined) ledger.record(event("victim", "click", over));
        expect(counts(ledger).slice(0, 3)).toEqual([2, 0, 2]);
        ledger.record(event("victim", "click"));
        expect(counts(ledger)).toEqual([2, 1, 2, 1]);
        ledger.record(event("victim", "click", over));
        expect(counts(ledger)).toEqual([2, 1, 2, 1]);
      }),
  );

  test("is shown the door although a doubtful click came from elsewhere, which the figures with suspicious ones show", () =>
    inLedger((ledger) => {
      ledger.record(event("victim", "seen"));
      expect(ledger.record(event("victim", "click", { bot: true, network: "attacker" }))).toBe("clicked");
      expect(counts(ledger)).toEqual([1, 0, 1, 1]);
      const from = (network: string) => ledger.standing(1, { unit: "victim", network });
      expect([from("network of victim"), from("attacker")]).toEqual(["seen", "clicked"]);
    }));

  test("and was taken for a bot before is believed from then on: nobody is spoilt beforehand", () =>
    inLedger((ledger) => {
      ledger.record(event("victim", "click", { bot: true, network: "attacker", at: NOW - 5_000 }));
      expect(counts(ledger)).toEqual([0, 0, 1, 1]);
      expect(ledger.standing(1, { unit: "victim", network: "network of victim" })).toBe("seen");
      ledger.record(event("victim", "seen"));
      expect(counts(ledger)).toEqual([1, 0, 1, 0]);
    }));
});

describe("a network", () => {
  test("has made-up clicks for people of elsewhere believed up to its cap, and people's own clicks always", () =>
    inLedger((ledger) => {
      const people = Array.from({ length: 10 }, (_, index) => `u${index}`);
      for (const unit of people) ledger.record(event(unit, "seen"));
      for (const unit of people.slice(0, 6)) ledger.record(event(unit, "click", { network: "attacker" }));
      expect(counts(ledger)).toEqual([10, CAP, 10, 6]);
      for (const unit of people) ledger.record(event(unit, "click"));
      expect(counts(ledger)).toEqual([10, 10, 10, 10]);
    }));

  test("does not lose its room to bots; who is doubted because it is full is believed elsewhere, or on another day", () =>
    inLedger((ledger) => {
      const network = "office";
      for (let n = 0; n < 10; n++) ledger.record(event(`bot-${n}`, "seen", { bot: true, network }));
      for (let n = 0; n < CAP + 2; n++) ledger.record(event(`person-${n}`, "seen", { network }));
      expect(counts(ledger).slice(0, 3)).toEqual([CAP, 0, 10 + CAP + 2]);
      ledger.record(event(`person-${CAP}`, "seen", { network: "office, the next day" }));
      expect(counts(ledger).slice(0, 3)).toEqual([CAP + 1, 0, 10 + CAP + 2]);
    }));
});

describe("a run that is full", () => {
  test("counts doubtful newcomers without storing them, and goes on taking people", () =>
    inLedger((ledger, sql, again) => {
      ledger.record(event("first", "seen", { bot: true }));
      sql.exec("UPDATE run SET doubtful = ?, people = ?", LIMITS.doorDoubtfulPerRun, LIMITS.doorDoubtfulPerRun);
      for (let n = 0; n < 5; n++) ledger.record(event(`made-up-${n}`, "click", { bot: true }));
      expect([ledger.refused(1), counts(ledger)]).toEqual([5, [0, 0, 1, 0]]);
      ledger.record(event("person", "seen"));
      // What a ledger counted of a run that size it gives out again for a while; another life of it counts anew.
      expect([ledger.refused(1), counts(again())]).toEqual([5, [1, 0, 2, 0]]);
      sql.exec("UPDATE run SET people = ? + doubtful", LIMITS.doorPeoplePerRun);
      expect(ledger.record(event("late", "seen"))).toBe("new");
      // Who is known already goes on as before.
      ledger.record(event("person", "click"));
      expect([ledger.refused(1), counts(again())]).toEqual([6, [1, 1, 2, 1]]);
    }));
});

describe("a join", () => {
  test("counts browsers as one person, and taken back leaves every count as it was", () =>
    inLedger((ledger) => {
      for (const unit of ["laptop", "phone", "tablet", "other"]) ledger.record(event(unit, "seen"));
      ledger.record(event("phone", "click"));
      ledger.record(event("other", "click"));
      const before = [counts(ledger), ledger.cells(1, 7, NOW)];
      for (const unit of ["laptop", "phone", "tablet"]) ledger.join(unit, "kim");
      expect(counts(ledger)).toEqual([2, 2, 2, 2]);
      expect(ledger.standing(1, { unit: "x", owner: "kim" })).toBe("clicked");
      expect(ledger.standing(1, { unit: "laptop" })).toBe("seen");
      ledger.join("phone", null);
      expect(counts(ledger)).toEqual([3, 2, 3, 2]);
      expect(ledger.standing(1, { unit: "x", owner: "kim" })).toBe("seen");
      for (const unit of ["laptop", "tablet"]) ledger.join(unit, null);
      expect([counts(ledger), ledger.cells(1, 7, NOW)]).toEqual(before);
    }));

  test("of another user takes the browser from the first, and joins nobody else", () =>
    inLedger((ledger) => {
      for (const unit of ["a", "b", "shared"]) ledger.record(event(unit, "seen"));
      ledger.join("a", "kim");
      ledger.join("shared", "kim");
      ledger.join("b", "lee");
      expect(counts(ledger)[0]).toBe(2);
      ledger.join("shared", "lee");
      expect(counts(ledger)[0]).toBe(2);
      ledger.join("b", null);
      expect(counts(ledger)[0]).toBe(3);
    }));

  test("with a doubtful browser changes neither that the person is believed nor what they did", () =>
    inLedger((ledger) => {
      ledger.record(event("laptop", "seen"));
      ledger.record(event("phone", "click", { bot: true, at: NOW - 86_400_000 }));
      ledger.join("laptop", "kim");
      ledger.join("phone", "kim");
      expect(counts(ledger)).toEqual([1, 0, 1, 1]);
      expect(ledger.cells(1, 7, NOW).find(({ suspicious }) => !suspicious)?.day).toBe(
        new Date(NOW).toISOString().slice(0, 10),
      );
    }));

  test("is forgotten with the person", () =>
    inLedger((ledger) => {
      for (const unit of ["a", "b", "c"]) ledger.record(event(unit, "seen"));
      for (const unit of ["a", "b"]) ledger.join(unit, "kim");
      ledger.forget("a");
      expect(counts(ledger)[0]).toBe(1);
      expect(ledger.standing(1, { unit: "x", owner: "kim" })).toBe("new");
    }));
});

describe("pages", () => {
  let clock = NOW;
  const sighted = (ledger: TestLedger, ...origins: string[]) => {
    for (const origin of origins) ledger.sighted(origin, clock++);
    return ledger.pages().map(({ origin }) => origin);
  };

  test("are origins of http and https, or those of no browser; anything else is not stored", () =>
    inLedger((ledger, sql) => {
      const wrong = [
        "javascript:alert(1)",
        "data:text/html,x",
        "null",
        "file:///etc",
        "x",
        `https://${"a".repeat(300)}`,
      ];
      expect(sighted(ledger, ...wrong)).toEqual([]);
      expect(sighted(ledger, "https://shop.example/path?q", "http://localhost:3000", "")).toEqual([
        "an app",
        "http://localhost:3000",
        "https://shop.example",
      ]);
      expect(sql.exec("SELECT origin FROM page").toArray()).toHaveLength(3);
    }));

  test("are few in an hour, so that made-up ones never push a real one out", () =>
    inLedger((ledger, sql) => {
      sighted(ledger, "https://shop.example");
      const madeUp = (hour: number) => Array.from({ length: 30 }, (_, n) => `https://fake-${hour}-${n}.example`);
      for (let hour = 0; hour < 5; hour++) {
        const shown = sighted(ledger, "https://shop.example", ...madeUp(hour));
        expect(shown).toContain("https://shop.example");
        expect(shown.filter((origin) => origin.includes(`fake-${hour}-`)).length).toBeLessThanOrEqual(
          LIMITS.doorPagesPerHour,
        );
        sql.exec("UPDATE page_hour SET hour = hour - 1");
      }
    }));
});

test("a ledger of the version before goes on: merged people, aliases, doubts, and pages that nobody should see", () =>
  inLedger((_none, sql, again) => {
    const storage = { sql, transactionSync: (work: () => void) => work() } as unknown as DurableObjectStorage;
    migrate(storage, TEST_LEDGER_MIGRATIONS.slice(0, 2));
    sql.exec("INSERT INTO run (run, project, environment, flag, settings, people) VALUES (1, 's', 'p', 'f', '{}', 4)");
    // "b" was merged into "a" when "kim" signed in on both.
    const person = "INSERT INTO person VALUES (1, ?, ?, ?, 'DE', 'phone', ?, ?)";
    sql.exec(person, "a", NOW - 10, NOW - 5, "n1", 0);
    sql.exec(person, "c", NOW - 10, null, "n1", 0);
    sql.exec(person, "bot", NOW - 10, NOW - 9, "n2", DOUBT.bot);
    sql.exec(person, "d", NOW - 10, null, "n2", 0);
    sql.exec("INSERT INTO alias VALUES ('kim', 'a'), ('b', 'a')");
    sql.exec("INSERT INTO page VALUES ('https://shop.example', 1), ('javascript:alert(1)', 2)");

    const ledger = again();
    expect(counts(ledger)).toEqual([3, 1, 4, 2]);
    expect(ledger.pages().map(({ origin }) => origin)).toEqual(["https://shop.example"]);
    expect([ledger.door(1, "a"), ledger.door(1, "bot"), ledger.door(1, "d")]).toEqual(["clicked", "clicked", "seen"]);
    expect(ledger.standing(1, { unit: "x", owner: "kim" })).toBe("clicked");
    // The second browser comes again, and still is the same person.
    ledger.record(event("b", "seen"));
    expect(counts(ledger)).toEqual([3, 1, 4, 2]);
    // A server may add another, and take any of them out again.
    ledger.join("c", "kim");
    expect(counts(ledger)).toEqual([2, 1, 3, 2]);
    ledger.join("a", null);
    expect(counts(ledger)).toEqual([3, 1, 4, 2]);
    expect(ledger.standing(1, { unit: "x", owner: "kim" })).toBe("seen");
    ledger.join("c", null);
    ledger.join("b", null);
    expect(counts(ledger)).toEqual([4, 1, 5, 2]);
    // An edge of the version before sends a user with a browser's event: it joins nothing.
    ledger.record(event("d", "seen", { user: "kim" }));
    ledger.record(event("a", "seen", { user: "kim" }));
    expect(counts(ledger)).toEqual([4, 1, 5, 2]);
  }));
