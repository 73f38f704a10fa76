/** Cloudflare's plan that an installation is made for; the variable PLAN in wrangler.toml. */
export const PLANS = ["free", "paid"] as const;
export type Plan = (typeof PLANS)[number];

/**
 * What Workers Free allows in a day, from Cloudflare's pages of 2026-11-30 (/workers/platform/limits,
 * /durable-objects/platform/limits). Beyond the rows, no kill is written any more.
 */
export const FREE_A_DAY = {
  requests: 100_000,
  objectRequests: 100_000,
  rowsWritten: 100_000,
  kvWrites: 1_000,
} as const;

/** On Free, what edges know may be so many times as old as otherwise before they ask the store. */
export const FREE_PACE = 10;
/** On Free there are no event streams: a client that polls asks again after so long (s). */
export const FREE_POLL_SECONDS = 60;

/** What is off on Free, so that kills always have room. */
export const FREE_WITHOUT = [
  { what: "events", words: "Events are refused: nothing is counted, and no traffic is shown." },
  { what: "guards", words: "Guards are off: they need events. A kill by hand, by trigger or by schedule works." },
  { what: "tests", words: "Fake doors are off: they count people." },
  { what: "usage", words: "“Last asked for”, this month's evaluations and budgets are not kept." },
  { what: "propagation", words: "Data centres do not report which changes they serve." },
  { what: "streams", words: `Event streams are off: clients poll every ${FREE_POLL_SECONDS} seconds.` },
  { what: "freshness", words: `A kill is served within ${FREE_PACE + 2} seconds instead of two.` },
] as const;
export type FreeWithout = (typeof FREE_WITHOUT)[number]["what"];

/** The plan that a setting names; null when it names none. Unset, it is the paid one. */
export function readPlan(setting: string | undefined): Plan | null {
  const named = (setting ?? "").trim().toLowerCase();
  return named === "" ? "paid" : (PLANS.find((plan) => plan === named) ?? null);
}

/** What is wrong with a setting, and what to write; null when nothing is. */
export const planProblem = (setting: string | undefined): string | null =>
  readPlan(setting) === null ? `PLAN is "${setting}": write PLAN = "free" or PLAN = "paid" in wrangler.toml.` : null;
