import { z } from "zod";

/** flagd's flag definitions (flagd.dev/schema). Fields that are not known pass and are reported. */

const flag = z.looseObject({
  state: z.enum(["ENABLED", "DISABLED"]),
  variants: z.record(z.string(), z.unknown()),
  defaultVariant: z.string().nullish(),
  targeting: z.unknown().optional(),
});
export type FlagdFlag = z.infer<typeof flag>;

export const schema = z.looseObject({
  flags: z.record(z.string(), flag),
  $evaluators: z.record(z.string(), z.unknown()).nullish(),
});
export type Document = z.infer<typeof schema>;
