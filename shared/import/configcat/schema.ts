import { z } from "zod";

/*
 * The config JSON, version 6, that ConfigCat's SDKs download. Names are as short there as here; fields that are not known
 * pass.
 */

/** A value, under a name for its type. */
const value = z.looseObject({
  b: z.boolean().nullish(),
  s: z.string().nullish(),
  i: z.number().nullish(),
  d: z.number().nullish(),
});
export type SettingValue = z.infer<typeof value>;

const userCondition = z.looseObject({
  /** Attribute, comparator, and what it is compared with. */
  a: z.string(),
  c: z.number(),
  s: z.string().nullish(),
  d: z.number().nullish(),
  l: z.array(z.string()).nullish(),
});
export type UserCondition = z.infer<typeof userCondition>;

const condition = z.looseObject({
  u: userCondition.nullish(),
  /** A prerequisite: flag, comparator, value. */
  p: z.looseObject({ f: z.string(), c: z.number(), v: value }).nullish(),
  /** A segment, by its index, and comparator. */
  s: z.looseObject({ s: z.number(), c: z.number() }).nullish(),
});
export type ConfigcatCondition = z.infer<typeof condition>;

const served = z.looseObject({ v: value });
const option = z.looseObject({ p: z.number(), v: value });
export type PercentageOption = z.infer<typeof option>;

const rule = z.looseObject({
  c: z.array(condition).nullish(),
  s: served.nullish(),
  p: z.array(option).nullish(),
});

const setting = z.looseObject({
  /** Type: 0 boolean, 1 text, 2 whole number, 3 number. */
  t: z.number(),
  /** The attribute that percentages go by. */
  a: z.string().nullish(),
  r: z.array(rule).nullish(),
  p: z.array(option).nullish(),
  v: value,
});
export type Setting = z.infer<typeof setting>;

const segment = z.looseObject({ n: z.string().nullish(), r: z.array(userCondition).nullish() });

export const schema = z.looseObject({
  p: z.looseObject({ s: z.string().nullish() }).nullish(),
  s: z.array(segment).nullish(),
  f: z.record(z.string(), setting, { error: 'give the config JSON of version 6, with its settings in "f"' }),
});
export type ConfigcatDocument = z.infer<typeof schema>;
