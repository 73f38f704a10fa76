import { expect, test } from "vitest";
import { billOf, linesOf, type Workload } from "./model.ts";
import { PLAN_DOLLARS, PRICES } from "./prices.ts";

const nothing: Workload = {
  evaluations: 0,
  events: 0,
  watched: 0,
  environments: 1,
  guards: 0,
  projects: 1,
  centres: 0,
  isolates: 0,
  streams: 0,
  changes: 0,
  scrapes: 0,
};

test("an installation that nobody asks costs the plan", () => {
  expect(billOf(nothing).total).toBe(PLAN_DOLLARS);
});

test("what the plan includes is taken off once, over all lines of a kind", () => {
  const evaluations = PRICES.requests.included;
  const { lines } = billOf({ ...nothing, evaluations, events: 200e6, watched: 0 });
  const requests = lines.filter(({ billed }) => billed === "requests");
  const paid = requests.reduce((sum, { dollars }) => sum + dollars, 0);
  const amount = requests.reduce((sum, one) => sum + one.amount, 0);
  expect(paid).toBeCloseTo(((amount - PRICES.requests.included) / 1e6) * PRICES.requests.aMillion, 6);
});

test("every line grows with what it is made of, and none is negative", () => {
  const small: Workload = {
    ...nothing,
    evaluations: 1e6,
    events: 1e5,
    watched: 0.5,
    guards: 1,
    centres: 5,
    isolates: 50,
    streams: 10,
    changes: 100,
    scrapes: 100,
  };
  const large: Workload = { ...small, evaluations: 1e10, events: 1e9, centres: 330, isolates: 10_000, changes: 1_000 };
  const [before, after] = [linesOf(small), linesOf(large)];
  for (const [index, { what, amount }] of before.entries()) {
    expect([what, amount >= 0]).toEqual([what, true]);
    expect([what, (after[index]?.amount ?? 0) >= amount]).toEqual([what, true]);
  }
});

test("ten thousand million evaluations a month cost no more than is promised", () => {
  const load = { ...nothing, evaluations: 10e9, environments: 1, centres: 330, isolates: 10_000, changes: 500 };
  expect(billOf(load).total).toBeLessThanOrEqual(3_500);
});

test("a relay that is asked all month costs about forty cents, and its store's timer four dollars at most", () => {
  const sparse: Workload = { ...nothing, evaluations: 100e6, centres: 9 };
  const { lines } = billOf(sparse);
  const signals = lines.find(({ what }) => what === "signals to relays");
  expect(((signals?.amount ?? 0) / 9 / 1e6) * PRICES.objectRequests.aMillion).toBeCloseTo(0.39, 2);
  const timer = lines.find(({ what }) => what === "stores that signal relays");
  expect(((timer?.amount ?? 0) / 1e6) * PRICES.objectGbSeconds.aMillion).toBeCloseTo(4.15, 2);
});

test("a change in ten thousand isolates writes rows by data centre", () => {
  const load: Workload = { ...nothing, evaluations: 1e9, centres: 330, isolates: 10_000, changes: 1 };
  const rows = linesOf(load).find(
    ({ what, billed }) => what === "reports of what is served" && billed === "rowsWritten",
  );
  expect(rows?.amount).toBeLessThanOrEqual(2 * 330);
});
