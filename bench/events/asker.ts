import { mixedUser } from "../workloads.ts";
import { quantile, sendPaced } from "./paced.ts";

/** A process of its own that evaluates all flags for one user after another, at a fixed rate. */
export interface Asking {
  port: number;
  key: string;
  perSecond: number;
  seconds: number;
  firstUser: number;
}

export interface Asked {
  answers: number;
  /** Other statuses than 200. */
  refused: number;
  p50: number;
  p99: number;
  max: number;
}

process.on("message", (asking: Asking) => {
  run(asking).then(
    (asked) => process.send?.(asked),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function run({ port, key, perSecond, seconds, firstUser }: Asking): Promise<Asked> {
  const latencies: number[] = [];
  let refused = 0;
  const bodies = Array.from({ length: perSecond * seconds }, (_, index) => {
    const { id, ...rest } = mixedUser(firstUser + index);
    return Buffer.from(JSON.stringify({ context: { targetingKey: id, ...rest } }));
  });
  await sendPaced({
    port,
    path: "/ofrep/v1/evaluate/flags",
    key,
    perSecond,
    bodies: bodies.values(),
    onAnswer: ({ status, latencyMs }) => {
      latencies.push(latencyMs);
      if (status !== 200) refused++;
      return false;
    },
  });
  return {
    answers: latencies.length,
    refused,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    max: Math.max(...latencies),
  };
}
