import { type KeyName, parseKeyName } from "../../shared/schema/names.ts";
import { telemetryEvent } from "../../shared/schema/telemetry.ts";
import { clockSkew, eventTime } from "../../shared/telemetry/event-time.ts";
import { keyedHash } from "../crypto/keyed-hash.ts";
import type { Env } from "../env.ts";
import type { Loaded } from "../evaluation/edge/loaded.ts";
import type { Intake } from "../events/intake.ts";
import { testLedger } from "../objects/stubs.ts";
import { LEAST_VIEW_MS } from "../objects/test-ledger/door-doubts.ts";
import type { DoorEvent } from "../objects/test-ledger/methods.ts";

/** A batch of events, and when it was sent, came, and was whole (epoch ms). */
export type SentEvents = Pick<Intake, "events" | "sentAt" | "arrivedAt" | "receivedAt">;

/**
 * Exposures and clicks of fake doors that a server reports with its events: pages that are made on a server need no
 * script. A server key is a secret, so its word needs no nonce; a client key's events count for no door.
 *
 * @param sent the batch as it came: an event whose time cannot be is refused, and counts here no more than elsewhere
 */
export async function countDoors(env: Env, loaded: Loaded, sent: SentEvents): Promise<void> {
  const { tests, sealKey, compiled, project, environment } = loaded;
  if (!sealKey || ![...tests.values()].some((test) => test.kind === "fake-door" && test.running)) return;
  const byFlag = new Map<KeyName, DoorEvent[]>();
  const { receivedAt } = sent;
  const skew = clockSkew(sent.sentAt, sent.arrivedAt);
  if (skew === "clock-skew") return;
  for (const one of sent.events) {
    // Most events are about no door: looking costs less than checking.
    if (tests.get((one as { flag?: string } | null)?.flag ?? "")?.kind !== "fake-door") continue;
    const parsed = telemetryEvent.safeParse(one);
    if (!parsed.success) continue;
    const { type, variant, unit: attributes, time, marks } = parsed.data;
    const flag = parseKeyName(parsed.data.flag ?? "");
    if (flag === null) continue;
    const test = tests.get(flag);
    const person = attributes.targetingKey;
    if (test?.kind !== "fake-door" || !test.running || person === undefined) continue;
    if (
      type !== "click" &&
      (type !== "exposure" || variant == null || variant === compiled.flags.get(flag)?.offVariant)
    )
      continue;
    const happened = eventTime(time, skew, receivedAt);
    if ("rejected" in happened) continue;
    const hashed = (use: string, text: string) => keyedHash(sealKey, use, text).slice(0, 32);
    const event: DoorEvent = {
      project,
      environment,
      flag,
      run: test.run,
      settings: test.settings,
      action: type === "click" ? "click" : "seen",
      unit: hashed("door/unit", String(person)),
      ageMs: LEAST_VIEW_MS,
      network: hashed("door/network", `server ${person}`),
      country: "unknown",
      device: "unknown",
      bot: marks !== undefined && marks.length > 0,
      at: happened.at,
    };
    byFlag.set(flag, [...(byFlag.get(flag) ?? []), event]);
  }
  for (const [flag, events] of byFlag)
    await testLedger(env, project, environment, flag).recordAll(events.sort((a, b) => a.at - b.at));
}
