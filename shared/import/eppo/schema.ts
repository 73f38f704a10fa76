import { z } from "zod";
import { json } from "../../schema/primitives.ts";

/*
 * The universal flag configuration of Eppo and Datadog, as their server SDKs download it. Fields that are not known pass.
 */

const condition = z.looseObject({ attribute: z.string(), operator: z.string(), value: z.unknown().optional() });
export type EppoCondition = z.infer<typeof condition>;

const shard = z.looseObject({
  salt: z.string(),
  /** Datadog writes it here, Eppo at the flag. */
  totalShards: z.number().nullish(),
  ranges: z.array(z.looseObject({ start: z.number(), end: z.number() })),
});

const split = z.looseObject({ variationKey: z.string(), shards: z.array(shard).nullish() });
export type Split = z.infer<typeof split>;

const allocation = z.looseObject({
  key: z.string().nullish(),
  rules: z.array(z.looseObject({ conditions: z.array(condition).nullish() })).nullish(),
  startAt: z.string().nullish(),
  endAt: z.string().nullish(),
  splits: z.array(split).nullish(),
});
export type Allocation = z.infer<typeof allocation>;

const flag = z.looseObject({
  enabled: z.boolean().nullish(),
  variationType: z.string(),
  variations: z.record(z.string(), z.looseObject({ key: z.string().nullish(), value: json })),
  allocations: z.array(allocation).nullish(),
  totalShards: z.number().nullish(),
});
export type EppoFlag = z.infer<typeof flag>;

/** An answer of JSON:API has the same in `data.attributes`. */
function unwrapped(document: unknown): unknown {
  if (typeof document !== "object" || document === null || "flags" in document || !("data" in document))
    return document;
  const { data } = document;
  return typeof data === "object" && data !== null && "attributes" in data ? data.attributes : data;
}

export const schema = z.preprocess(
  unwrapped,
  z.looseObject({
    format: z
      .string()
      .refine(
        (format) => format !== "CLIENT",
        "names and values are hashed for clients; give the configuration of a server SDK",
      )
      .nullish(),
    flags: z.record(z.string(), flag, { error: 'give a universal flag configuration with its "flags"' }),
  }),
);
export type EppoDocument = z.infer<typeof schema>;
