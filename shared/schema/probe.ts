import { z } from "zod";
import { keyName } from "./names.ts";

/** Calls that one order may make: Cloudflare allows an invocation 1,000 subrequests on the paid plan. */
export const PROBE_CALLS = 600;
const PROBE_READS = 20;

/** What an isolate is asked of itself, beside the values that it serves. */
export const probeQuestion = z.strictObject({
  flags: z.array(keyName).max(100).default([]).meta({ description: "Flags whose values are wanted" }),
  pointerReads: z
    .int()
    .min(0)
    .max(PROBE_READS)
    .default(0)
    .meta({ description: "Reads of the store's pointer at once" }),
  readKv: z.boolean().default(false).meta({ description: "Reads the published snapshot from KV" }),
  keep: z.uuid().optional().meta({ description: "Keeps an entry of this name in the Cache API, for one second" }),
  look: z.uuid().optional().meta({ description: "Looks for an entry of this name" }),
});
export type ProbeQuestion = z.input<typeof probeQuestion>;

export const probeAnswer = z.object({
  colo: z.string(),
  isolate: z.string().meta({ description: "A random name that this isolate keeps" }),
  version: z.string().nullable().meta({ description: "The deployed version; null where none is known" }),
  values: z.record(z.string(), z.unknown()),
  openStreams: z.int().meta({ description: "Event streams of this project in this isolate" }),
  pointer: z.object({ answered: z.int(), refused: z.int(), failed: z.int(), longestMs: z.number() }).optional(),
  kv: z.enum(["found", "null", "failed"]).optional(),
  kept: z.boolean().optional().meta({ description: "Whether the entry that was looked for is there" }),
});
export type ProbeAnswer = z.infer<typeof probeAnswer>;

/** What a probe does in its region: the same question again and again. */
export const probeOrder = z
  .strictObject({
    key: z.string().min(1).max(200).meta({ description: "A server key of the environment to look at" }),
    question: probeQuestion.default(probeQuestion.parse({})),
    forMs: z.int().min(0).max(20_000).default(0),
    everyMs: z.int().min(50).max(10_000).default(200),
    atOnce: z.int().min(1).max(6).default(1).meta({ description: "Connections, to meet several isolates" }),
  })
  .refine(({ forMs, everyMs, atOnce }) => (Math.floor(forMs / everyMs) + 1) * atOnce <= PROBE_CALLS, {
    message: `one order makes ${PROBE_CALLS} calls at most: send a shorter time, a longer interval or fewer connections`,
    path: ["forMs"],
  })
  .meta({ id: "ProbeOrder" });
export type ProbeOrder = z.output<typeof probeOrder>;

const probeSample = z.object({
  at: z.number().meta({ description: "When the call began (epoch ms, clock of the probe)" }),
  ms: z.number(),
  status: z.int().meta({ description: "0: no answer" }),
  answer: probeAnswer.nullable(),
});
export type ProbeSample = z.infer<typeof probeSample>;

export const probeReport = z
  .object({
    version: z.string().nullable().meta({ description: "The version that the probe itself runs" }),
    samples: z.array(probeSample),
  })
  .meta({ id: "ProbeReport" });
export type ProbeReport = z.infer<typeof probeReport>;
