import { randomUUID } from "node:crypto";
import { type Check, type Finding, missed, notReached, unless } from "../check.ts";
import type { Site } from "../site.ts";
import { untilServed } from "../staleness.ts";
import { flagName, type ThrowAway } from "../throw-away.ts";

/** Looks come every other second while counts move; one may be late. */
const MOST_MS = 6_000;

export interface LooksSeen {
  /** When each new look was noticed (ms), the first one's time being that of the first. */
  readonly noticedAt: readonly number[];
  readonly endedAt: number;
  readonly beacons: number;
  readonly accepted: number;
}

export function judgeLooks({ noticedAt, endedAt, beacons, accepted }: LooksSeen): Finding {
  if (noticedAt.length === 0) return missed(`the guard did not look once under ${beacons} beacons`);
  if (accepted === 0) return notReached("no server's event was accepted, so that nothing was to be looked at");
  const gaps = noticedAt.map((at, index) => (noticedAt[index + 1] ?? endedAt) - at);
  const worst = Math.max(...gaps);
  const misses = worst > MOST_MS ? [`no look for ${worst} ms`] : [];
  return unless(misses, `${noticedAt.length} looks under ${beacons} beacons, at most ${worst} ms apart`);
}

const event = (flag: string, unit: string) => ({
  id: randomUUID(),
  type: "exposure",
  unit: { targetingKey: unit },
  time: Date.now(),
  flag,
  variant: "on",
});

async function send(site: Site, key: string, flag: string, many: number): Promise<boolean> {
  const events = Array.from({ length: many }, () => event(flag, randomUUID()));
  const response = await site.fetch("/v1/events", {
    method: "POST",
    // As a page's beacon: no preflight, the key in the body.
    headers: { "Content-Type": "text/plain" },
    body: JSON.stringify({ batchId: randomUUID(), sentAt: Date.now(), key, events }),
  });
  await response.text();
  return response.status < 300;
}

async function watchFlag(site: Site, { production, server }: ThrowAway, flag: string): Promise<void> {
  await untilServed(site, server, flag);
  const split = [
    { variant: "on", weight: 50_000 },
    { variant: "off", weight: 50_000 },
  ];
  const rules = [{ id: "canary", when: { all: [] }, serve: { split } }];
  await site.admin("PUT", `${production}/flags/${flag}`, { enabled: true, rules, fallthrough: { variant: "off" } });
  const metrics = [{ name: "errors", kind: "error", event: "checkout" }];
  await site.admin("PUT", `${production}/flags/${flag}/guard`, { metrics });
}

export const check: Check = {
  name: "guard",
  promised: `a guard looks at least every ${MOST_MS} ms while counts move, whatever pages send`,
  shortened: "8 s of 4 senders instead of 20 s of 12",
  async run(site) {
    const main = await site.main();
    const flag = flagName(37);
    await watchFlag(site, main, flag);
    const endsAt = Date.now() + (site.quick ? 8_000 : 20_000);
    const isOver = () => Date.now() >= endsAt;
    let [beacons, accepted] = [0, 0];
    const flood = async () => {
      while (!isOver()) {
        beacons++;
        await send(site, main.client, flag, 50).catch(() => {});
      }
    };
    const serve = async () => {
      while (!isOver()) {
        if (await send(site, main.server, flag, 5).catch(() => false)) accepted++;
        await site.wait(300);
      }
    };
    const noticedAt: number[] = [];
    const observe = async () => {
      let last: string | null = null;
      while (!isOver()) {
        const path = `${main.production}/flags/${flag}/guard`;
        const { watch } = await site.admin<{ watch: { checkedAt: string | null } | null }>("GET", path);
        const checkedAt = watch?.checkedAt ?? null;
        if (checkedAt !== null && checkedAt !== last) noticedAt.push(Date.now());
        last = checkedAt;
        await site.wait(200);
      }
    };
    await Promise.all([...Array.from({ length: site.quick ? 4 : 12 }, flood), serve(), observe()]);
    return judgeLooks({ noticedAt, endedAt: Date.now(), beacons, accepted });
  },
};
