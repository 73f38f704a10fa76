import type { Context } from "hono";
import type { FailureKind } from "../../../shared/schema/admin.ts";
import type { Env } from "../../env.ts";
import { networkName } from "../../http/network-prefix.ts";
import { ProblemError } from "../../http/problem.ts";
import { log } from "../../log.ts";
import { directory } from "../../objects/stubs.ts";
import { WaitingPlaces } from "../../waiting-places.ts";
import { FailureThrottle } from "./failure-throttle.ts";

/** Of this isolate. */
export const failures = new FailureThrottle();

/** Of a request that shows a secret: what judging it takes. */
export interface Attempt {
  readonly env: Env;
  /** Null without an address. */
  readonly network: string | null;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

// biome-ignore lint/suspicious/noExplicitAny: contexts of administration and of the metrics differ in their variables
export function attemptOf(c: Context<any>): Attempt {
  const address = c.req.header("CF-Connecting-IP");
  return {
    env: c.env,
    network: address === undefined ? null : networkName(address),
    waitUntil: (work) => c.executionCtx.waitUntil(work),
  };
}

const tooMany = (seconds: number) =>
  new ProblemError(
    429,
    "too-many-failures",
    "Too many failed sign-ins came from your network",
    { detail: `Try again in ${seconds} s. What is correct is let in meanwhile.` },
    { "Retry-After": String(seconds) },
  );

/**
 * Counts a secret that was none.
 *
 * @param wait what `FailureThrottle.fail` answered, if it was asked already
 * @throws 429 when its network has failed too often; else the caller says what is wrong
 */
export function failed({ env, network, waitUntil }: Attempt, kind: FailureKind, wait?: number): void {
  const now = Date.now();
  const seconds = wait ?? failures.fail(network, now);
  if (failures.count(kind, network, now)) log({ event: "sign-in-failed", kind, network: network ?? "none" });
  reportFailures(env, waitUntil);
  if (seconds > 0) throw tooMany(seconds);
}

/** Hands counts on to the directory, at most once a minute. */
export function reportFailures(env: Env, waitUntil: Attempt["waitUntil"]): void {
  const report = failures.report(Date.now());
  if (report)
    waitUntil(
      directory(env)
        .noteFailures(report)
        .catch(() => failures.unreported(report)),
    );
}

/** Requests of this isolate that wait for another one to read the list, and how often (ms) and how long they look. */
const WAITING = 50;
const LOOK_EVERY_MS = 25;
const LOOKS = 40;
const waiting = new WaitingPlaces({ most: WAITING, mostOfKey: WAITING, leaseMs: 2 * LOOKS * LOOK_EVERY_MS });

/** Whether a secret is among all real ones, as they were a second ago at most; null: that could not be found out. */
async function inList(env: Env, hash: string, now: number): Promise<boolean | null> {
  const known = failures.isListed(hash, now);
  if (known !== null) return known;
  if (failures.mayReadList(now)) {
    failures.list(await directory(env).secretHashes(), now);
    return failures.isListed(hash, now);
  }
  // Requests share plain state and no promise: one that waits for another looks by a timer of its own.
  const giveBack = waiting.take("list", now);
  if (!giveBack) return null;
  try {
    for (let look = 0; look < LOOKS; look++) {
      await scheduler.wait(LOOK_EVERY_MS);
      const isListed = failures.isListed(hash, Date.now());
      if (isListed !== null) return isListed;
    }
    return null;
  } finally {
    giveBack();
  }
}

/**
 * Asks the directory about a secret, by hash. Null: it is none, and has been counted.
 *
 * The directory is one object for everybody, so what it is asked is bounded: a secret that this isolate has asked about
 * is not asked about again unless it is good, and beyond a rate the isolate reads the list of all real secrets (32 bits
 * of each) once a second instead. So made-up secrets cost next to nothing, and a real one passes whatever others do.
 *
 * @throws 429 when the network has failed too often
 */
export async function lookUp<T>(
  attempt: Attempt,
  kind: FailureKind,
  hash: string,
  ask: () => Promise<T | null>,
): Promise<T | null> {
  // A browser sends the cookie of a session that has ended by itself: it has to learn so, and tries nothing else.
  const isCookie = kind === "session";
  if (failures.isGood(hash)) {
    const found = await ask();
    if (found) return found;
    failures.remember(hash, false);
    if (!isCookie) failed(attempt, kind);
    return null;
  }
  if (failures.isBad(hash)) {
    if (!isCookie) failed(attempt, kind);
    return null;
  }
  const now = Date.now();
  const wait = failures.fail(attempt.network, now);
  const refused = () => failed(attempt, kind, isCookie ? 0 : wait);
  if (wait > 0 || !failures.mayLookUp(now)) {
    const isListed = await inList(attempt.env, hash, now);
    // The list could not be read in time, and this may be a real one: it is not counted.
    if (isListed === null) throw tooMany(1);
    if (!isListed) {
      // Not remembered as bad: it may have been made since the list was read.
      refused();
      return null;
    }
  }
  let found: T | null;
  try {
    found = await ask();
  } catch (error) {
    if (wait === 0) failures.succeed(attempt.network);
    throw error;
  }
  failures.remember(hash, found !== null);
  if (found === null) refused();
  else if (wait === 0) failures.succeed(attempt.network);
  return found;
}
