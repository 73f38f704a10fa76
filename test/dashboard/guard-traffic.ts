import { randomUUID } from "node:crypto";
import { bucket } from "../../shared/evaluation/bucketing/bucket.ts";
import type { Server } from "../process/server.ts";

export interface GuardedShop {
  key: string;
  /** Address of a flag's state in production, as the administration API has it. */
  state(flag: string): string;
  /** Makes a flag that gives half of everybody "on". */
  flag(flag: string): Promise<void>;
  /** Reports units with an exposure and what came of it; how many in a hundred fail is said per arm. */
  report(flag: string, units: number, failing: { on: number; off: number }): Promise<void>;
}

/** A project "shop" whose servers report to guards. */
export async function guardedShop(server: Server): Promise<GuardedShop> {
  const call = async (method: string, route: string, body: unknown) => {
    const response = await server.admin(route, { method, body });
    if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, string>;
  };
  await call("PUT", "/projects/shop", { name: "Shop", environments: ["production"] });
  const { key = "" } = await call("POST", "/projects/shop/environments/production/keys", {
    kind: "server",
    name: "api",
  });
  const state = (flag: string) => `/projects/shop/environments/production/flags/${flag}`;
  let sent = 0;
  return {
    key,
    state,
    async flag(flag) {
      const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
      await call("PUT", `/projects/shop/flags/${flag}`, definition);
      const split = [
        { variant: "on", weight: 50_000 },
        { variant: "off", weight: 50_000 },
      ];
      await call("PUT", state(flag), { enabled: true, rules: [{ id: "canary", when: { all: [] }, serve: { split } }] });
    },
    async report(flag, units, failing) {
      for (let done = 0; done < units; done += 150) {
        const events = Array.from({ length: Math.min(150, units - done) }, () => {
          const unit = { targetingKey: `${flag}-${++sent}` };
          const variant = bucket(flag, unit.targetingKey) < 50_000 ? "on" : "off";
          const failed = (sent * 61) % 100 < failing[variant];
          const at = { unit, flag, time: Date.now() };
          return [
            { ...at, id: randomUUID(), type: "exposure", variant },
            {
              ...at,
              id: randomUUID(),
              type: "outcome",
              metric: "outcome",
              ok: !failed,
              latencyMs: 80 + ((sent * 37) % 90),
            },
            ...((sent * 29) % 100 < 12 ? [{ ...at, id: randomUUID(), type: "conversion", metric: "conversion" }] : []),
          ];
        }).flat();
        const response = await fetch(`${server.url}/v1/events`, {
          method: "POST",
          headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
          body: JSON.stringify({ batchId: randomUUID(), sentAt: Date.now(), events }),
        });
        if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
      }
    },
  };
}
