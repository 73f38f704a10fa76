import type { Condition } from "../../schema/condition.ts";
import type { Rule } from "../../schema/flag.ts";
import type { Json } from "../../schema/primitives.ts";
import { all, any, bucket, textIn, truthy, unless } from "../conditions.ts";
import type { Told } from "../told.ts";
import type { Variants } from "../variants.ts";
import { attributeOf } from "./constraints.ts";
import type { Variant } from "./schema.ts";

/** MurmurHash3's seed for variants. */
const VARIANT_SEED = "86028157";
const KNOWN = ["name", "weight", "weightType", "stickiness", "payload", "overrides"];

/** How payloads become values: all numbers, all JSON, or else texts. */
export type PayloadReader = (variant: Variant) => Json;

export function payloadReader(all: readonly Variant[]): PayloadReader {
  const payloads = all.map(({ payload }) => payload);
  const every = (type: string, reads: (text: string) => boolean) =>
    payloads.length > 0 && payloads.every((one) => one?.type === type && reads(String(one.value)));
  if (every("number", (text) => text.trim() !== "" && Number.isFinite(Number(text))))
    return ({ payload }) => Number(payload?.value);
  if (every("json", isObject)) return ({ payload }) => JSON.parse(String(payload?.value)) as Json;
  return ({ name, payload }) => (payload ? String(payload.value) : name);
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null;
  } catch {
    return false;
  }
}

interface Choice {
  readonly id: string;
  readonly when: Condition;
  readonly group: string;
  readonly stickiness: string;
  readonly path: string;
  readonly told: Told;
}

/** Rules that give each his variant. The last is for those whom the SDK gives a random one. */
export function variantRules(
  variants: readonly Variant[],
  { id, when, group, stickiness, path, told }: Choice,
  nameOf: (variant: Variant) => string,
): Rule[] {
  const rules: Rule[] = [];
  for (const [index, variant] of variants.entries()) {
    told.unknown(`${path}.${index}`, variant, KNOWN);
    const overrides = (variant.overrides ?? []).map((one) => textIn(attributeOf(one.contextName), one.values));
    if (overrides.length > 0)
      rules.push({
        id: `${id}-override-${index + 1}`,
        when: all([when, any(overrides)]),
        serve: { variant: nameOf(variant) },
      });
  }
  const total = variants.reduce((sum, { weight }) => sum + weight, 0);
  const arms: { variant: Variant; from: number; to: number }[] = [];
  let counted = 0;
  for (const variant of variants) {
    if (variant.weight > 0) arms.push({ variant, from: counted + 1, to: counted + variant.weight + 1 });
    counted += variant.weight;
  }
  const [first] = arms;
  if (first === undefined) return rules;
  if (arms.length > 1 && stickiness !== "random")
    told.note(
      `${path}.0.stickiness`,
      `contexts without ${stickiness === "default" ? "userId, sessionId and remoteAddress" : stickiness} get a random variant from the SDK, and "${first.variant.name}" here`,
    );
  if (arms.length > 1 && stickiness === "random")
    told.refuse(`${path}.0.stickiness`, "a random variant is another one each time; choose a stickiness");
  if (arms.length > 1)
    for (const [index, { variant, from, to }] of arms.entries()) {
      const share = { algorithm: "unleash-murmur3" as const, seed: [group, VARIANT_SEED], positions: total, from, to };
      rules.push({
        id: `${id}-variant-${index + 1}`,
        when: all([when, sticky(stickiness, (by) => bucket({ by, ...share }))]),
        serve: { variant: nameOf(variant) },
      });
    }
  rules.push({ id: `${id}-otherwise`, when, serve: { variant: nameOf(first.variant) } });
  return rules;
}

/** By the first of the fields that the context has. */
function sticky(stickiness: string, share: (by: string) => Condition): Condition {
  if (stickiness !== "default") return share(attributeOf(stickiness));
  const [user, session, address] = ["targetingKey", "sessionId", "remoteAddress"] as const;
  return any([
    share(user),
    all([unless(truthy(user)), share(session)]),
    all([unless(truthy(user)), unless(truthy(session)), share(address)]),
  ]);
}

/** Whether somebody who is on gets any of them. */
export const hasVariant = (variants: readonly Variant[] | null | undefined): boolean =>
  (variants ?? []).reduce((sum, { weight }) => sum + weight, 0) > 0;

/** Names of variants as keys here: those of equal name and value are one. */
export const namer =
  (variants: Variants, read: PayloadReader) =>
  (variant: Variant): string =>
    variants.of(read(variant), variant.name);
