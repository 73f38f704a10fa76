import { randomUUID } from "node:crypto";

// A release under way with figures to look at, for screenshots.mjs: a plan on the demo's new checkout, and people who
// meet it. Everything goes through the public API.

const FLAG = "/projects/demo/environments/production/flags/new-checkout";
const PEOPLE = 900;
const GUARDS = [
  { kind: "error", name: "errors", event: "outcome", tolerance: 0.25 },
  { kind: "slow", name: "slow", event: "outcome", tolerance: 0.25, blockSeconds: 2 },
  { kind: "conversion", name: "conversion", tolerance: 0.05 },
];
const stage = (/** @type {number} */ share, /** @type {number} */ minimumSeconds) => ({
  audience: { share },
  minimumSeconds,
  minimumUnits: 500,
  guards: GUARDS,
});

/** @param {{ url: string, token: string }} server */
export async function startRelease({ url, token }) {
  /** @type {(method: string, route: string, body?: object) => Promise<any>} */
  const admin = async (method, route, body) => {
    const response = await fetch(`${url}/api/v1${route}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body ? { "Content-Type": "application/json" } : {}) },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  const stages = [
    { name: "Staff", audience: { segment: "staff" }, minimumSeconds: 600 },
    stage(1_000, 900),
    stage(10_000, 1_800),
    stage(50_000, 3_600),
    stage(100_000, 3_600),
  ];
  await admin("PUT", `${FLAG}/plan`, { name: "Canary", variant: "on", baseline: "off", stages });
  await admin("POST", `${FLAG}/plan/start`, { stage: 2, comment: "Release day" });
  await admin("POST", `${FLAG}/plan/advance`, { from: 2, comment: "Looks good" });
  const keys = "/projects/demo/environments/production/keys";
  const { key } = await admin("POST", keys, { kind: "server", name: `Pictures ${randomUUID().slice(0, 4)}` });
  for (let from = 0; from < PEOPLE; from += 150) {
    await meet({ url, key }, from, 150);
    await new Promise((resolve) => setTimeout(resolve, 2_500));
  }
}

/**
 * @param {{ url: string, key: string }} server
 * @param {number} from
 * @param {number} count
 */
async function meet({ url, key }, from, count) {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const people = Array.from({ length: count }, (_, index) => `visitor-${from + index}`);
  const events = await Promise.all(
    people.map(async (targetingKey) => {
      const body = JSON.stringify({ context: { targetingKey } });
      const asked = await fetch(`${url}/ofrep/v1/evaluate/flags/new-checkout`, { method: "POST", headers, body });
      const { variant, metadata } = /** @type {any} */ (await asked.json());
      const common = { unit: { targetingKey }, time: Date.now() };
      const slow = variant === "on" ? 0.8 : 1;
      const exposure = { id: randomUUID(), type: "exposure", flag: "new-checkout", variant, rule: metadata?.ruleId };
      const outcome = { id: randomUUID(), type: "outcome", ok: Math.random() > 0.02 };
      const latencyMs = (60 + Math.random() * 90) * slow;
      const converts = Math.random() < (variant === "on" ? 0.36 : 0.3);
      return [
        { ...common, ...exposure },
        { ...common, ...outcome, latencyMs },
        ...(converts ? [{ ...common, id: randomUUID(), type: "conversion" }] : []),
      ];
    }),
  );
  const batch = JSON.stringify({ batchId: randomUUID(), sentAt: Date.now(), events: events.flat() });
  const sent = await fetch(`${url}/v1/events`, { method: "POST", headers, body: batch });
  if (!sent.ok) throw new Error(`the events were answered ${sent.status}: ${await sent.text()}`);
}
