import { z } from "zod";

/** What Unleash's server SDKs download from `/api/client/features`. Fields that are not known pass and are reported. */

const text = z.string();
const maybe = <S extends z.ZodType>(schema: S) => schema.nullish();

const constraint = z.looseObject({
  contextName: maybe(text),
  operator: text,
  values: maybe(z.array(maybe(z.union([text, z.number()])))),
  value: maybe(z.union([text, z.number()])),
  inverted: maybe(z.boolean()),
  caseInsensitive: maybe(z.boolean()),
});
export type Constraint = z.infer<typeof constraint>;

const variant = z.looseObject({
  name: text,
  weight: z.number(),
  stickiness: maybe(text),
  payload: maybe(z.looseObject({ type: maybe(text), value: z.union([text, z.number(), z.boolean()]) })),
  overrides: maybe(z.array(z.looseObject({ contextName: text, values: z.array(text) }))),
});
export type Variant = z.infer<typeof variant>;

const strategy = z.looseObject({
  name: text,
  parameters: maybe(z.record(text, z.unknown())),
  constraints: maybe(z.array(maybe(constraint))),
  segments: maybe(z.array(z.number())),
  variants: maybe(z.array(variant)),
});
export type Strategy = z.infer<typeof strategy>;

const dependency = z.looseObject({
  feature: text,
  enabled: maybe(z.boolean()),
  variants: maybe(z.array(text)),
});
export type Dependency = z.infer<typeof dependency>;

const feature = z.looseObject({
  name: text,
  enabled: z.boolean(),
  strategies: maybe(z.array(strategy)),
  variants: maybe(z.array(variant)),
  dependencies: maybe(z.array(dependency)),
  description: maybe(text),
  type: maybe(text),
});
export type Feature = z.infer<typeof feature>;

const segment = z.looseObject({
  id: z.number(),
  name: maybe(text),
  constraints: maybe(z.array(maybe(constraint))),
});
export type UnleashSegment = z.infer<typeof segment>;

export const schema = z.looseObject({
  version: maybe(z.number()),
  features: z.array(feature),
  segments: maybe(z.array(segment)),
});
export type Document = z.infer<typeof schema>;
