import type { Facts, LiveFlag, ServedChange } from "./facts.ts";

// Facts for tests: a project with nothing to mend, to which a test adds what it is about.

export const NOW = Date.parse("2026-11-25T12:00:00Z");
export const HOUR_MS = 3_600_000;

export const aFlag = (over: Partial<LiveFlag> = {}): LiveFlag => ({
  flag: "checkout",
  owner: "payments",
  reach: 1,
  stoppedBy: "guard",
  hasPlan: true,
  variant: "on",
  offVariant: "off",
  isSplit: false,
  ...over,
});

export const aChange = (over: Partial<ServedChange> = {}): ServedChange => ({
  kind: "release",
  revision: 7,
  at: NOW - HOUR_MS,
  flag: "checkout",
  by: "Ada",
  byPerson: true,
  from: 0,
  to: 1,
  byPlan: false,
  cause: "person",
  onsetAt: null,
  confirmedAt: null,
  ...over,
});

export const facts = (over: Partial<Facts> = {}): Facts => ({
  project: "shop",
  environment: "production",
  now: NOW,
  flags: [aFlag()],
  changes: [],
  blind: [],
  drill: { at: NOW - HOUR_MS, passed: true, problem: "" },
  debt: [],
  followUps: [],
  hasBudget: true,
  freezes: 1,
  ...over,
});
