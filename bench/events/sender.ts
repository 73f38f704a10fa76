import { createHash } from "node:crypto";
import { bucket } from "../../shared/evaluation/bucketing/bucket.ts";
import type { Range } from "../../shared/schema/flag.ts";
import type { EventAnswer, EventRejection } from "../../shared/schema/telemetry.ts";
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

/** What became of the events, as their sender knows: each stands in exactly one of the first five. */
export interface Sent {
  /** Stored for good: answered as accepted, or known when a batch without an answer was sent again. */
  accepted: number;
  /** Known at the first attempt. */
  duplicate: number;
  shed: number;
  refused: number;
  /** A shard's answer was late, and the event then shed or late again: it may be stored or not. */
  unknown: number;
  offered: number;
  /** `shed` as it was told, at every attempt. */
  shedAnswers: number;
  /** Batches that were refused as a whole because too many were under way, and sent again. */
  busy: number;
  /** Batches sent again because a shard did not answer in time. */
  late: number;
  /** Units offered, by arm. */
  units: Record<string, number>;
  failing: Record<string, number>;
  seconds: number;
  ackMs: { p50: number; p99: number };
}

const BATCH = 200;
const FAIL = 0.05;
/** Attempts with a late answer; then a sender gives up. */
const ATTEMPTS = 5;

/** 0 … 1, the same for the same text. */
const chance = (text: string): number => createHash("md5").update(text).digest().readUInt32LE() / 4_294_967_296;

function uuid(text: string): string {
  const hex = createHash("md5").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** Everything is made before the clock starts, so that a measured sender only sends. */
let prepared: Prepared | undefined;

process.on("message", (message: Sending | "go") => {
  if (message !== "go") {
    prepared = prepare(message);
    process.send?.("ready");
    return;
  }
  run(prepared as Prepared).then(
    (sent) => process.send?.(sent),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

interface Prepared {
  sending: Sending;
  sent: Sent;
  bodies: Buffer[];
  batches: Map<Buffer, Batch>;
}

function prepare(sending: Sending): Prepared {
  const { flag, ranges, eventsPerSecond, seconds, firstUnit } = sending;
  const sent: Sent = {
    offered: eventsPerSecond * seconds,
    accepted: 0,
    duplicate: 0,
    shed: 0,
    refused: 0,
    unknown: 0,
    shedAnswers: 0,
    busy: 0,
    late: 0,
    units: {},
    failing: {},
    seconds: 0,
    ackMs: { p50: 0, p99: 0 },
  };
  const bodies: Buffer[] = [];
  const batches = new Map<Buffer, Batch>();
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
    const body = Buffer.from(JSON.stringify({ batchId: uuid(`b${firstUnit}-${from}`), events }));
    bodies.push(body);
    batches.set(body, { attempts: 0, known: 0, codes: new Array(events.length).fill("unsent") });
  }
  return { sending, sent, bodies, batches };
}

async function run({ sending: { port, key, eventsPerSecond }, sent, bodies, batches }: Prepared): Promise<Sent> {
  const acks: number[] = [];
  const began = performance.now();
  await sendPaced({
    port,
    path: "/v1/events",
    key,
    perSecond: eventsPerSecond / BATCH,
    bodies: bodies.values(),
    onAnswer: ({ sent: posted, status, body, latencyMs }) => {
      acks.push(latencyMs);
      // Refused as a whole: honest senders come again.
      if (status === 503 && !body.includes('"rejected"')) {
        sent.busy++;
        return true;
      }
      if (status !== 202 && status !== 503) throw new Error(`answered ${status}: ${body}`);
      const batch = batches.get(posted) as Batch;
      if (judge(batch, JSON.parse(body) as EventAnswer, sent) && batch.attempts < ATTEMPTS) {
        sent.late++;
        return true;
      }
      settle(batch, sent);
      return false;
    },
  });
  sent.seconds = (performance.now() - began) / 1_000;
  sent.ackMs = { p50: quantile(acks, 0.5), p99: quantile(acks, 0.99) };
  return sent;
}

/** One batch over its attempts. */
interface Batch {
  attempts: number;
  /** Known at the first attempt. */
  known: number;
  /** What is known of each event; null: it is stored. */
  codes: (EventRejection | "unsent" | "unsure" | null)[];
}

/**
 * Takes one answer in. What is stored stays so, whatever a later attempt is told.
 *
 * @returns whether the batch has to be sent again
 */
function judge(batch: Batch, { duplicate, rejected }: EventAnswer, sent: Sent): boolean {
  if (batch.attempts++ === 0) batch.known = duplicate;
  sent.shedAnswers += rejected.filter(({ code }) => code === "shed").length;
  const said = new Map(rejected.map(({ index, code }) => [index, code]));
  for (const [index, before] of batch.codes.entries()) {
    if (before === null) continue;
    const code = said.get(index) ?? null;
    batch.codes[index] = code === "shed" && (before === "unavailable" || before === "unsure") ? "unsure" : code;
  }
  return batch.codes.includes("unavailable");
}

function settle({ known, codes }: Batch, sent: Sent): void {
  sent.duplicate += known;
  sent.accepted -= known;
  for (const code of codes) {
    if (code === null) sent.accepted++;
    else if (code === "shed") sent.shed++;
    else if (code === "unavailable" || code === "unsure") sent.unknown++;
    else sent.refused++;
  }
}
