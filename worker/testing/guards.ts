import { runDurableObjectAlarm } from "cloudflare:test";
import { bucket } from "../../shared/evaluation/bucketing/bucket.ts";
import { SPLIT_TOTAL } from "../../shared/limits.ts";
import { env } from "./bindings.ts";
import { api, done, newShop } from "./http.ts";
import { anEvent, send } from "./telemetry.ts";

export const guardStub = (project: string, environment = "production"): DurableObjectStub =>
  env.GUARD.get(env.GUARD.idFromName(`${project}/${environment}`));

/** Lets the guard look now, as its alarm does each second. */
export const look = (project: string): Promise<boolean> => runDurableObjectAlarm(guardStub(project));

export const ERRORS = { name: "errors", kind: "error", event: "checkout" } as const;

/** A project whose flag "server-only" is split half and half and guarded. */
export async function guardedShop(guard: object = {}) {
  const shop = await newShop();
  const flag = `${shop.state}/server-only`;
  const split = [
    { variant: "on", weight: 50_000 },
    { variant: "off", weight: 50_000 },
  ];
  await done("PUT", flag, { enabled: true, rules: [{ id: "all", when: { all: [] }, serve: { split } }] });
  await done("PUT", `${flag}/guard`, { metrics: [ERRORS], ...guard });
  return { ...shop, flag, guard: `${flag}/guard` };
}

/** Units with an exposure and an outcome each; how often an arm fails is said in whole per cent. */
export function visits(
  count: number,
  failing: { on: number; off: number },
  { prefix = "u", flag = "server-only", share = SPLIT_TOTAL / 2 } = {},
) {
  const seen = { on: 0, off: 0 };
  return Array.from({ length: count }, (_, index) => {
    const unit = `${prefix}${index}`;
    const variant = bucket(flag, unit) < share ? "on" : "off";
    const failed = seen[variant]++ % 100 < failing[variant];
    return [
      anEvent("exposure", unit, { flag, variant }),
      anEvent("outcome", unit, { metric: "checkout", ok: !failed, latencyMs: 100 }),
    ];
  }).flat();
}

/** Sends events in batches as large as may be. */
export async function sendAll(key: string, events: unknown[]): Promise<void> {
  for (let from = 0; from < events.length; from += 500) {
    const answer = await send(key, events.slice(from, from + 500));
    if (answer.status !== 202) throw new Error(`${answer.status} ${answer.text}`);
  }
}

export const isKilled = async (flag: string): Promise<boolean> => (await api("GET", flag)).json.kills.length > 0;
