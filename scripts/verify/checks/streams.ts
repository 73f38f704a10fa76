import { type Check, type Finding, missed, notReached, unless } from "../check.ts";
import type { Site } from "../site.ts";

/** A slot that nobody renews is given up after this long (ms). */
const LEASE_MS = 30_000;

export interface StreamsSeen {
  readonly asked: number;
  readonly opened: number;
  /** Streams that isolates said they held meanwhile, and in the end. */
  readonly during: number;
  readonly after: number;
  readonly afterMs: number;
}

export function judgeStreams({ asked, opened, during, after, afterMs }: StreamsSeen): Finding {
  if (opened === 0) return missed(`none of ${asked} streams was opened`);
  if (during === 0) return notReached(`${opened} streams were open, in isolates that were not met`);
  const misses: string[] = [];
  if (opened < asked) misses.push(`${asked - opened} of ${asked} streams were refused`);
  if (after > 0)
    misses.push(`${after} streams were still held ${Math.round(afterMs / 1_000)} s after they were dropped`);
  return unless(
    misses,
    `${opened} opened, ${during} of them met, none left ${Math.round(afterMs)} ms after they were dropped`,
  );
}

/** The address of a stream for one person; null: none is offered. */
async function streamOf(site: Site, client: string, person: string): Promise<string | null> {
  const response = await site.fetch("/ofrep/v1/evaluate/flags", {
    method: "POST",
    headers: { Authorization: `Bearer ${client}`, "Content-Type": "application/json" },
    body: JSON.stringify({ context: { targetingKey: person } }),
  });
  const { eventStreams } = (await response.json()) as { eventStreams?: { endpoint?: { requestUri?: string } }[] };
  return eventStreams?.[0]?.endpoint?.requestUri ?? null;
}

/** The address as the site's own; under a base path it begins with that already. */
function addressOn(site: Site, address: string): string {
  const { pathname, search } = new URL(address, site.url);
  const base = new URL(site.url).pathname.replace(/\/$/, "");
  return (pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : pathname) + search;
}

/** What the isolates that are met hold, by isolate. */
async function heldNow(site: Site, server: string, held: Map<string, number>): Promise<number> {
  for (const answer of await Promise.all(Array.from({ length: 8 }, () => site.ask(server, {}))))
    if (answer) held.set(answer.isolate, answer.openStreams);
  return [...held.values()].reduce((sum, one) => sum + one, 0);
}

export const check: Check = {
  name: "streams",
  promised: "50 streams that are opened and dropped leave none",
  shortened: "8 streams instead of 50",
  async run(site) {
    const { client, server } = await site.main();
    const asked = site.quick ? 8 : 50;
    if ((await streamOf(site, client, "first")) === null) return notReached("streams are switched off here");
    const open = async (index: number): Promise<Response | null> => {
      const address = await streamOf(site, client, `person-${index}`);
      return address === null
        ? null
        : site.fetch(addressOn(site, address), { headers: { Accept: "text/event-stream" } });
    };
    const opened = await Promise.all(Array.from({ length: asked }, (_, index) => open(index)));
    const held = new Map<string, number>();
    const during = await heldNow(site, server, held);
    await Promise.all(opened.map((response) => response?.body?.cancel()));
    const began = Date.now();
    let after = during;
    while (after > 0 && Date.now() - began < LEASE_MS + 5_000) {
      await site.wait(250);
      after = await heldNow(site, server, held);
      if (site.quick && Date.now() - began > QUICK_MS) break;
    }
    const count = opened.filter((response) => response?.status === 200).length;
    return judgeStreams({ asked, opened: count, during, after, afterMs: Date.now() - began });
  },
};

/** A connection that closed without a word is noticed with the next heartbeat, which comes every ten seconds. */
const QUICK_MS = 15_000;
