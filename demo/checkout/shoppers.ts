import { setTimeout as sleep } from "node:timers/promises";
import type { Answer } from "./shop.ts";

/** Of a page that another follows, how many people leave instead of going on. */
const LEAVES_BETWEEN_PAGES = 0.12;
/** Of those whose payment failed, how many try once more. */
const TRIES_AGAIN = 0.5;
const VOUCHERS = 0.5;
const THINKS_MS = 150;

/** What happened to one shopper. */
export interface Visit {
  /** When they came to the checkout (ms, of one clock for all). */
  at: number;
  ordered: boolean;
  version: "v1" | "v2" | null;
  /** Times at which a payment of theirs timed out for want of a connection. */
  timedOut: number[];
  /** Other failed requests: declined by the bank, or the shop did not answer. */
  otherFailures: number;
}

/** Seeded, so that whom the shop meets can be repeated; when they meet it depends on the machine. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  // mulberry32 (Ettinger 2017): small, and more than even enough for who comes when.
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface Crowd {
  visits: Visit[];
  /** Nobody comes any more; resolves when the last one has left. */
  end(): Promise<void>;
}

/**
 * People come at random times, `perSecond` on average, whether or not those before them are served: a slow shop does
 * not make fewer people come. `url` is asked for each request, as a load balancer would be.
 */
export function shoppers(url: () => string, perSecond: number, seed: number): Crowd {
  const next = random(seed);
  const visits: Visit[] = [];
  const inside = new Set<Promise<void>>();
  let open = true;
  let number = 0;
  const arrivals = (async () => {
    let due = performance.now();
    while (open) {
      due += (-Math.log(1 - next()) / perSecond) * 1_000;
      await sleep(Math.max(0, due - performance.now()));
      const visit: Visit = { at: performance.now(), ordered: false, version: null, timedOut: [], otherFailures: 0 };
      visits.push(visit);
      const who = { user: `shopper-${seed}-${++number}`, voucher: next() < VOUCHERS };
      const visiting = visitShop(url, visit, who, random(Math.floor(next() * 4_294_967_296))).finally(() =>
        inside.delete(visiting),
      );
      inside.add(visiting);
    }
  })();
  return {
    visits,
    async end() {
      open = false;
      await arrivals;
      await Promise.all(inside);
    },
  };
}

async function visitShop(
  url: () => string,
  visit: Visit,
  who: { user: string; voucher: boolean },
  next: () => number,
): Promise<void> {
  let page = 1;
  for (let failed = 0; failed < 2; ) {
    const answer = await ask(url(), { ...who, page });
    visit.version = answer?.version ?? visit.version;
    switch (answer?.result) {
      case "ordered":
        visit.ordered = true;
        return;
      case "next":
        if (next() < LEAVES_BETWEEN_PAGES) return;
        page++;
        await sleep(next() * 2 * THINKS_MS);
        continue;
      case "timed-out":
        visit.timedOut.push(performance.now());
        break;
      default:
        visit.otherFailures++;
    }
    failed++;
    if (next() >= TRIES_AGAIN) return;
    await sleep(next() * 2 * THINKS_MS);
  }
}

async function ask(url: string, body: object): Promise<Answer | null> {
  try {
    const response = await fetch(`${url}/checkout`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(5_000),
    });
    return (await response.json()) as Answer;
  } catch {
    return null;
  }
}
