import { createHash } from "node:crypto";
import { bucket } from "../../shared/bucket.ts";
import type { Range } from "../../shared/schema/flag.ts";
import type { EventAnswer } from "../../shared/schema/telemetry.ts";
import { quantile, sendPaced } from "./paced.ts";

/*
 * A process of its own that reports like an app's servers: each unit is exposed to the arm that its bucket gives, fails
 * or succeeds with a latency, alike in every arm. Batches are made before the clock starts.
 */

export interface Sending {
  port: number;
  key: string;
  flag: string;
  ranges: Range[];
  eventsPerSecond: number;
  seconds: number;
  firstUnit: number;
}

export interface Sent {
  offered: number;
  accepted: number;
  duplicate: number;
  shed: number;
  /** Neither stored nor shed: refused or unavailable. */
  failed: number;
  /** Batches that were refused as a whole because too many were under way, and sent again. */
  again: number;
  /** Units offered, by arm. */
  units: Record<string, number>;
  failing: Record<string, number>;
  seconds: number;
  ackMs: { p50: number; p99: number };
}

const BATCH = 200;
const FAIL = 0.05;

/** 0 … 1, the same for the same text. */
const chance = (text: string): number => createHash("md5").update(text).digest().readUInt32LE() / 4_294_967_296;

function uuid(text: string): string {
  const hex = createHash("md5").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

process.on("message", (sending: Sending) => {
  run(sending).then(
    (sent) => process.send?.(sent),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run({ port, key, flag, ranges, eventsPerSecond, seconds, firstUnit }: Sending): Promise<Sent> {
  const sent: Sent = {
    offered: eventsPerSecond * seconds,
    accepted: 0,
    duplicate: 0,
    shed: 0,
    failed: 0,
    again: 0,
    units: {},
    failing: {},
    seconds: 0,
    ackMs: { p50: 0, p99: 0 },
  };
  const bodies: string[] = [];
  for (let from = 0; from < sent.offered; from += BATCH) {
    const events: object[] = [];
    for (let at = from; at < Math.min(sent.offered, from + BATCH); at += 2) {
      const name = `shopper-${firstUnit + at / 2}`;
      const bucketed = bucket(flag, name);
      const variant = ranges.find((range) => bucketed >= range.from && bucketed < range.to)?.variant ?? "";
      const ok = chance(`fail ${name}`) >= FAIL;
      sent.units[variant] = (sent.units[variant] ?? 0) + 1;
      if (!ok) sent.failing[variant] = (sent.failing[variant] ?? 0) + 1;
      const unit = { targetingKey: name };
      const time = Date.now();
      const latencyMs = Math.round(40 + 400 * chance(`ms ${name}`) ** 3);
      events.push({ id: uuid(`e${name}`), type: "exposure", unit, time, flag, variant });
      events.push({ id: uuid(`o${name}`), type: "outcome", unit, time, metric: "checkout", ok, latencyMs });
    }
    bodies.push(JSON.stringify({ batchId: uuid(`b${firstUnit}-${from}`), events }));
  }
  const acks: number[] = [];
  const began = performance.now();
  await sendPaced({
    port,
    path: "/v1/events",
    key,
    perSecond: eventsPerSecond / BATCH,
    bodies: bodies.values(),
    onAnswer: ({ status, body, latencyMs }) => {
      acks.push(latencyMs);
      // Refused as a whole: honest senders come again.
      if (status === 503 && !body.includes('"rejected"')) {
        sent.again++;
        return true;
      }
      if (status !== 202 && status !== 503) throw new Error(`answered ${status}: ${body}`);
      const { accepted = 0, duplicate = 0, rejected } = JSON.parse(body) as Partial<EventAnswer>;
      sent.accepted += accepted;
      sent.duplicate += duplicate;
      for (const { code } of rejected ?? []) {
        if (code === "shed") sent.shed++;
        else sent.failed++;
      }
      return false;
    },
  });
  sent.seconds = (performance.now() - began) / 1_000;
  sent.ackMs = { p50: quantile(acks, 0.5), p99: quantile(acks, 0.99) };
  return sent;
}
