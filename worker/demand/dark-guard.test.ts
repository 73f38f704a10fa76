import { expect, test } from "vitest";
import type { DarkStage } from "../../shared/demand/test-kinds.ts";
import { bucket } from "../../shared/evaluation/bucketing/bucket.ts";
import { sent, withTest } from "../testing/demand.ts";
import { ERRORS, isKilled, look, sendAll, visits } from "../testing/guards.ts";
import { type Answer, done, evaluate } from "../testing/http.ts";
import { anEvent } from "../testing/telemetry.ts";

const FLAG = "search-by-photo";
const UNKNOWN = "search-by-sound";
/** 1 %: as a dark launch has it unless told otherwise. */
const SHARE = 1_000;
const staff = { attribute: "email", op: "ends_with" as const, values: ["@shop.example"] };
const office = { attribute: "edge.ip", op: "in_cidr" as const, values: ["203.0.113.0/24"] };

/** Enough people for 1 % to be some forty. */
const PEOPLE = Array.from({ length: 4_000 }, (_, n) => `u${n}`);
const LET_IN = PEOPLE.filter((unit) => bucket(FLAG, unit) < SHARE);
const LEFT_OUT = PEOPLE.filter((unit) => bucket(FLAG, unit) >= SHARE);
/** What the shop's server reports of them: whom it served what, and how often in a hundred that went wrong. */
const reports = (failing: { on: number; off: number }) => visits(PEOPLE.length, failing, { flag: FLAG, share: SHARE });

async function darkLaunch() {
  const shop = await withTest(FLAG, { kind: "dark-launch", segment: office, staff });
  const flag = `${shop.state}/${FLAG}`;
  const toStage = (stage: DarkStage) => done("POST", `${shop.test}/stage`, { stage });
  const watched = async () => (await done("GET", `${flag}/guard`)).watch;
  return { ...shop, flag, toStage, watched };
}
type Launch = Awaited<ReturnType<typeof darkLaunch>>;

const shown = ({ status, headers, text }: Answer, flag = "") => ({
  status,
  headers: [...headers].sort(),
  body: flag ? text.replaceAll(flag, "*") : text,
});
/** Whatever a stranger with the public key can see of a flag. */
async function seenOf(launch: Launch, flag: string) {
  const stranger = { targetingKey: LEFT_OUT[0] };
  const single = await evaluate(launch.client, { flag, context: stranger });
  const events = [anEvent("exposure", "stranger", { flag, variant: "on" })];
  const told = await sent("/v1/events", {
    key: launch.client,
    batchId: crypto.randomUUID(),
    sentAt: Date.now(),
    events,
  });
  return { single: shown(single, flag), told: shown(told, flag) };
}

test("a guard pulls a dark launch back at its first visitors, and strangers learn nothing of either", async () => {
  const launch = await darkLaunch();
  const before = shown(await evaluate(launch.client, { context: { targetingKey: "competitor" } }));
  await done("PUT", `${launch.flag}/guard`, { metrics: [ERRORS] });
  await launch.toStage("percent");
  expect(await seenOf(launch, FLAG)).toEqual(await seenOf(launch, UNKNOWN));
  await sendAll(launch.server, reports({ on: 90, off: 2 }));
  await look(launch.project);
  expect(await isKilled(launch.flag)).toBe(true);
  expect((await launch.watched()).breach).toMatchObject({ test: "comparison", arm: "on", metric: "errors" });
  const [guest = ""] = LET_IN;
  const served = async () => (await evaluate(launch.client, { flag: FLAG, context: { targetingKey: guest } })).status;
  await expect.poll(served).toBe(404);
  expect(await seenOf(launch, FLAG)).toEqual(await seenOf(launch, UNKNOWN));
  expect(shown(await evaluate(launch.client, { context: { targetingKey: "competitor" } }))).toEqual(before);
});

test("one that does no harm stays", async () => {
  const launch = await darkLaunch();
  await done("PUT", `${launch.flag}/guard`, { metrics: [ERRORS] });
  await launch.toStage("percent");
  await sendAll(launch.server, reports({ on: 2, off: 2 }));
  await look(launch.project);
  expect(await isKilled(launch.flag)).toBe(false);
  // A shard that is sent all of them at once may leave some out, of both arms alike.
  const { exposed } = await launch.watched();
  expect(exposed.on).toBeGreaterThan(LET_IN.length / 2);
  expect(exposed.off).toBeGreaterThan(LEFT_OUT.length / 2);
});

test("who is let in by name is no sample of everybody: staff count in neither arm", async () => {
  const launch = await darkLaunch();
  await done("PUT", `${launch.flag}/guard`, { metrics: [ERRORS] });
  await launch.toStage("percent");
  const colleagues = LEFT_OUT.slice(0, 40).flatMap((unit) => [
    anEvent("exposure", unit, { flag: FLAG, variant: "on", rule: "staff" }),
    anEvent("outcome", unit, { metric: "checkout", ok: false }),
  ]);
  await sendAll(launch.server, colleagues);
  await look(launch.project);
  expect(await isKilled(launch.flag)).toBe(false);
  const { exposed } = await launch.watched();
  expect([exposed.on ?? 0, exposed.off ?? 0]).toEqual([0, 0]);
});

test("before the first visitors there is nothing to compare: what everybody gets cannot stop it", async () => {
  const launch = await darkLaunch();
  await launch.toStage("staff");
  await done("PUT", `${launch.flag}/guard`, { metrics: [{ ...ERRORS, budget: 0.05 }] });
  await sendAll(launch.server, reports({ on: 90, off: 90 }));
  await look(launch.project);
  expect(await isKilled(launch.flag)).toBe(false);
  expect(await launch.watched()).toBeNull();
});
