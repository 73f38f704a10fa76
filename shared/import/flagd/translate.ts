import type { FlagStateInput, Rule } from "../../schema/flag.ts";
import type { Json } from "../../schema/primitives.ts";
import type { TranslatedFlag, Translation } from "../model.ts";
import { Told } from "../told.ts";
import { keyLike, typeOfValues } from "../variants.ts";
import { branchesOf, type Deciding, FAILED } from "./decide.ts";
import type { Document, FlagdFlag } from "./schema.ts";
import { context } from "./words.ts";

type Algorithm = Deciding["algorithm"];

export function translate(document: Document, algorithm: Algorithm = "flagd-murmur3-2"): Translation {
  const evaluators = document.$evaluators ?? {};
  const flags = Object.entries(document.flags).map(([key, flag]) => translateFlag(key, flag, evaluators, algorithm));
  return { flags, segments: [], context };
}

function translateFlag(
  key: string,
  flag: FlagdFlag,
  evaluators: Readonly<Record<string, unknown>>,
  algorithm: Algorithm,
): TranslatedFlag {
  const told = new Told();
  const path = `flags.${key}`;
  told.key(path, key);
  told.unknown(path, flag, ["state", "variants", "defaultVariant", "targeting", "metadata", "source", "selector"]);
  const names = namesOf(Object.keys(flag.variants));
  const variants = Object.fromEntries(
    Object.entries(flag.variants).map(([name, value]) => [names.get(name) as string, value as Json]),
  );
  for (const [name, ours] of names)
    if (name !== ours)
      told.note(`${path}.variants.${name}`, `the variant is called "${ours}" here; its value is the same`);
  const type = typeOfValues(Object.values(variants));
  if (type === null) told.refuse(`${path}.variants`, "all values have to be of one type, and none may be null");
  const standard = flag.defaultVariant || null;
  if (standard !== null && !names.has(standard))
    told.refuse(`${path}.defaultVariant`, `there is no variant "${standard}"`);
  const served = (name: string | null) => ({ variant: name === null ? null : (names.get(name) ?? null) });
  const rules: Rule[] = [];
  let fallthrough = served(standard);
  if (isTargeted(flag.targeting)) {
    const place = `${path}.targeting`;
    const logic = resolved(flag.targeting, evaluators, place, told);
    const deciding = { flagKey: key, compiled: true, path: place, told, variants: [...names.keys()], algorithm };
    for (const { when, outcome } of branchesOf(logic, deciding)) {
      const serve = outcome === FAILED ? { variant: null } : served(outcome ?? standard);
      if ("all" in when && when.all.length === 0) {
        fallthrough = serve;
        break;
      }
      const isMet = rules.some((rule) => JSON.stringify(rule.when) === JSON.stringify(when));
      if (!isMet) rules.push({ id: `rule-${rules.length + 1}`, when, serve });
    }
  }
  const { status, reasons } = told;
  if (told.refused || type === null) return { key, status, reasons };
  const state: FlagStateInput = { enabled: flag.state === "ENABLED", prerequisites: [], rules, fallthrough };
  const definition = { type, purpose: "release", variants, offVariant: null, seed: key } as const;
  return {
    key,
    status,
    reasons,
    flag: { ...definition, visibility: "server-only", description: "", owner: "", tags: [] },
    state,
  };
}

const isTargeted = (targeting: unknown): boolean =>
  typeof targeting === "object" && targeting !== null ? Object.keys(targeting).length > 0 : Boolean(targeting);

/** Each name as near as a key can be, and no two alike. */
function namesOf(wanted: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>(wanted.filter((name) => keyLike(name) === name));
  for (const name of wanted) {
    let ours = keyLike(name);
    for (let count = 2; ours !== name && taken.has(ours); count++) ours = `${keyLike(name).slice(0, 90)}-${count}`;
    taken.add(ours);
    names.set(name, ours);
  }
  return names;
}

/** How deep evaluators may name each other. */
const DEPTH = 16;

/** With evaluators in the place of their names. */
function resolved(
  logic: unknown,
  evaluators: Readonly<Record<string, unknown>>,
  path: string,
  told: Told,
  depth = 0,
): unknown {
  if (typeof logic !== "object" || logic === null) return logic;
  if (Array.isArray(logic)) return logic.map((one) => resolved(one, evaluators, path, told, depth));
  const entries = Object.entries(logic);
  const [only] = entries;
  if (entries.length === 1 && only?.[0] === "$ref") {
    const name = String(only[1]);
    if (depth >= DEPTH || !Object.hasOwn(evaluators, name)) {
      const why = depth >= DEPTH ? "evaluators name each other too deep" : `there is no evaluator "${name}"`;
      told.refuse(path, why);
      return null;
    }
    return resolved(evaluators[name], evaluators, path, told, depth + 1);
  }
  return Object.fromEntries(entries.map(([name, value]) => [name, resolved(value, evaluators, path, told, depth)]));
}
