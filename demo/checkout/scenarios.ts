import { setTimeout as sleep } from "node:timers/promises";
import type { BreachEvidence, GuardStatus, GuardTile } from "../../shared/schema/guard.ts";
import { DEFAULT_GOAL_EVENT, DEFAULT_OUTCOME_EVENT } from "../../shared/telemetry/default-events.ts";
import type { Blastdoor } from "./blastdoor.ts";
import { type Deployment, deploy } from "./deployments.ts";
import { type Crowd, shoppers, type Visit } from "./shoppers.ts";

export interface Story {
  blastdoor: Blastdoor;
  serverKey: string;
  perSecond: number;
  seed: number;
  /** Connections of the mended v2. */
  pool: number;
  say: (text: string) => void;
}

/** What one way of releasing the broken checkout did to people. All times in ms of one clock. */
export interface Outcome {
  name: string;
  visits: Visit[];
  releasedAt: number;
  /** When the first payment timed out, and the last. */
  firstTimeout: number | null;
  lastTimeout: number | null;
  /** When a person put an end to it; null: nobody had to. */
  personActedAt: number | null;
  killed: boolean;
  evidence: Evidence | null;
  /** What the guard saw last, whether or not it acted; null without a guard. */
  watch: Watch | null;
}
type Watch = NonNullable<GuardStatus["watch"]>;

/** What the guard knew when it stopped a release: the numbers it acted upon, and every metric beside them. */
export interface Evidence {
  breach: BreachEvidence;
  tiles: GuardTile[];
}

/** All four are watched for as long. */
const WATCH_MS = 36_000;
/** A person who looks at the right chart at the right moment: no pager is as fast. */
const PERSON_MS = 15_000;

const PROJECT = "/projects/shop";
export const flagRoute = (flag: string): string => `${PROJECT}/environments/production/flags/${flag}`;

/** Makes a flag for the checkout, with its plan when one is given. */
export async function makeFlag({ blastdoor }: Story, key: string, plan?: object): Promise<void> {
  const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  await blastdoor.admin("PUT", `${PROJECT}/flags/${key}`, definition);
  if (plan) await blastdoor.admin("PUT", `${flagRoute(key)}/plan`, { variant: "on", baseline: "off", ...plan });
}

const withFlag = ({ blastdoor, serverKey }: Story, key: string) => ({ key, baseUrl: blastdoor.url, serverKey });

/** The usual way: the new version is deployed to everybody, and the old one deployed again when somebody says so. */
export async function bigBang(story: Story): Promise<Outcome> {
  let current = await deploy({ v2: "broken", everybody: "v1" });
  const crowd = shoppers(() => current.url, story.perSecond, story.seed);
  await sleep(2_000);
  const replace = async (next: Promise<Deployment>) => {
    const before = current;
    current = await next;
    return before;
  };
  const old = await replace(deploy({ v2: "broken", everybody: "v2" }));
  const releasedAt = performance.now();
  const outcome = await watch("big bang", story, crowd, releasedAt, {
    act: async () => {
      const broken = await replace(deploy({ v2: "broken", everybody: "v1" }));
      await broken.stop();
    },
  });
  await Promise.all([old.stop(), current.stop()]);
  return outcome;
}

/** Everybody at once, by a flag: back again is one click. */
export async function blueGreen(story: Story): Promise<Outcome> {
  const flag = "checkout-blue-green";
  await makeFlag(story, flag, { stages: [{ audience: { share: 100_000 }, advance: "by-hand" }] });
  return withShop(story, flag, "blue-green", () => story.blastdoor.admin("POST", `${flagRoute(flag)}/plan/rollback`));
}

/** Stages by the clock, watched by nothing. */
export async function canaryAlone(story: Story): Promise<Outcome> {
  const flag = "checkout-canary";
  const stages = [
    { audience: { share: 1_000 }, minimumSeconds: 10 },
    { audience: { share: 10_000 }, minimumSeconds: 10 },
    { audience: { share: 100_000 }, minimumSeconds: 600 },
  ];
  await makeFlag(story, flag, { stages });
  const kill = () => story.blastdoor.admin("POST", `${flagRoute(flag)}/kill`, { comment: "payments time out" });
  return withShop(story, flag, "canary, no guard", kill);
}

/** What is watched: errors, slow answers and conversion, one outcome a shopper. */
export const GUARDS = [
  { kind: "error", name: "errors", event: DEFAULT_OUTCOME_EVENT, tolerance: 0.25 },
  { kind: "slow", name: "slow", event: DEFAULT_OUTCOME_EVENT, tolerance: 0.25, blockSeconds: 5 },
  { kind: "conversion", name: "orders", event: DEFAULT_GOAL_EVENT, tolerance: 0.05 },
];

/** The plan with guards; a stage lasts so many seconds at least. */
export const guarded = (first: number, others: number) => ({
  windowSeconds: 5,
  stages: [
    { audience: { share: 1_000 }, minimumSeconds: first, minimumUnits: 5, guards: GUARDS },
    { audience: { share: 10_000 }, minimumSeconds: others, minimumUnits: 20, guards: GUARDS },
    { audience: { share: 50_000 }, minimumSeconds: others, minimumUnits: 100, guards: GUARDS },
    { audience: { share: 100_000 }, minimumSeconds: others, guards: [] },
  ],
});

/** The same stages, with guards. Nobody watches. */
export async function canaryGuarded(story: Story): Promise<Outcome> {
  const flag = "checkout-guarded";
  await makeFlag(story, flag, guarded(30, 15));
  return withShop(story, flag, "canary with guard", null);
}

async function withShop(
  story: Story,
  flag: string,
  name: string,
  act: (() => Promise<unknown>) | null,
): Promise<Outcome> {
  const shop = await deploy({ v2: "broken", everybody: "v1", flag: withFlag(story, flag) });
  const crowd = shoppers(() => shop.url, story.perSecond, story.seed);
  await sleep(2_000);
  await story.blastdoor.admin("POST", `${flagRoute(flag)}/plan/start`);
  const outcome = await watch(name, story, crowd, performance.now(), act ? { act } : {});
  const { kills } = await story.blastdoor.admin("GET", flagRoute(flag));
  const seen = await watchOf(story, flag);
  await shop.stop();
  const killed = kills.some(({ by }: { by: string }) => /guard/i.test(by));
  return { ...outcome, killed, evidence: evidenceOf(seen), watch: seen };
}

/** What the guard of a flag sees; null when nothing guards it. */
async function watchOf({ blastdoor }: Story, flag: string): Promise<Watch | null> {
  const { guards } = await blastdoor.admin("GET", `${PROJECT}/environments/production/guards?flag=${flag}`);
  return guards[0]?.watch ?? null;
}

/** Why the guard stopped the flag; null when it did not. */
const evidenceOf = (watch: Watch | null): Evidence | null =>
  watch?.breach ? { breach: watch.breach, tiles: watch.tiles } : null;

/** Looks on until the time is up. Where a person may act, they do so a while after the first payment timed out. */
async function watch(
  name: string,
  story: Story,
  crowd: Crowd,
  releasedAt: number,
  { act }: { act?: () => Promise<unknown> },
): Promise<Outcome> {
  const timeouts = () => crowd.visits.flatMap(({ timedOut }) => timedOut);
  let personActedAt: number | null = null;
  while (performance.now() < releasedAt + WATCH_MS) {
    await sleep(100);
    const [first] = timeouts();
    if (!act || personActedAt !== null || first === undefined || performance.now() < first + PERSON_MS) continue;
    personActedAt = performance.now();
    story.say(`${name}: a person acts`);
    await act();
  }
  await crowd.end();
  const all = timeouts();
  const visits = crowd.visits.filter(({ at }) => at >= releasedAt);
  return {
    name,
    visits,
    releasedAt,
    firstTimeout: all.length > 0 ? Math.min(...all) : null,
    lastTimeout: all.length > 0 ? Math.max(...all) : null,
    personActedAt,
    killed: false,
    evidence: null,
    watch: null,
  };
}

export interface Ramp {
  name: string;
  before: Visit[];
  after: Visit[];
  status: string;
  kills: number;
  seconds: number;
  evidence: Evidence | null;
  /** What the guard saw last of each stage, by series. */
  stages: Record<string, GuardTile[]>;
}

/** The mended version under the same guards, from 1 % to 100 %, and what people do with it then. */
export async function rampOfTheFix(story: Story): Promise<Ramp> {
  const flag = "checkout-fixed";
  await makeFlag(story, flag, guarded(8, 8));
  const shop = await deploy({ v2: "fixed", pool: story.pool, everybody: "v1", flag: withFlag(story, flag) });
  const crowd = shoppers(() => shop.url, story.perSecond, story.seed + 1);
  await sleep(8_000);
  const startedAt = performance.now();
  await story.blastdoor.admin("POST", `${flagRoute(flag)}/plan/start`);
  const from = performance.now();
  let plan = null;
  const stages: Ramp["stages"] = {};
  while (performance.now() < from + 90_000) {
    await sleep(250);
    const { watch } = await story.blastdoor.admin("GET", `${flagRoute(flag)}/guard`);
    if (watch?.tiles.length > 0) stages[watch.series] = watch.tiles;
    plan = await story.blastdoor.admin("GET", `${flagRoute(flag)}/plan`);
    if (plan.run.status !== "running") break;
  }
  const rampedAt = performance.now();
  await sleep(8_000);
  await crowd.end();
  const { kills } = await story.blastdoor.admin("GET", flagRoute(flag));
  const evidence = evidenceOf(await watchOf(story, flag));
  await shop.stop();
  return {
    name: "mended",
    before: crowd.visits.filter(({ at }) => at < startedAt - 1_000),
    after: crowd.visits.filter(({ at }) => at > rampedAt),
    status: plan?.run.status ?? "unknown",
    kills: kills.length,
    seconds: (rampedAt - startedAt) / 1_000,
    evidence,
    stages,
  };
}
