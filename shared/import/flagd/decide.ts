import type { Condition } from "../../schema/condition.ts";
import { ALWAYS, after, all, bucket, unless } from "../conditions.ts";
import { type Logic, listOf, operandOf, operatorOf } from "./operand.ts";
import { type Reading, truthOf, within } from "./truth.ts";

/** What an expression comes to: a variant's name; null: none, so the default variant; FAILED: the caller's default. */
export const FAILED = Symbol("failed");
export type Outcome = string | null | typeof FAILED;

/** For those whom no earlier one was for. */
export interface Branch {
  readonly when: Condition;
  readonly outcome: Outcome;
}

export interface Deciding extends Reading {
  /** Names of the flag's variants. */
  readonly variants: readonly string[];
  readonly algorithm: "flagd-murmur3-1" | "flagd-murmur3-2";
}

const isNever = (when: Condition): boolean => "any" in when && when.any.length === 0;

/** An expression as branches, of which the last is for everybody. */
export function branchesOf(logic: Logic, deciding: Deciding): Branch[] {
  return decide(logic, deciding).filter(({ when }) => !isNever(when));
}

function decide(logic: Logic, deciding: Deciding): Branch[] {
  const { flagKey, told, path } = deciding;
  const operand = operandOf(logic, flagKey);
  if (operand.kind === "constant")
    return [{ when: ALWAYS, outcome: operand.value === null ? null : String(operand.value) }];
  if (operand.kind === "attribute" || operand.kind === "joined") return fromAttribute(operand, deciding);
  const operator = operatorOf(logic);
  if (operator?.name === "if") {
    const parts = listOf(operator.args);
    return ifBranches(parts, within(deciding, parts.length));
  }
  if (operator?.name === "fractional") return fractional(operator.args, deciding);
  if (operator?.name === "and" || operator?.name === "or")
    return shortCircuit(operator.name, listOf(operator.args), deciding);
  if (operator === null) {
    told.refuse(path, "a list or an empty object chooses no variant");
    return [{ when: ALWAYS, outcome: null }];
  }
  const { when, fails, none } = truthOf(logic, deciding);
  return [
    { when: fails, outcome: FAILED },
    { when: none, outcome: null },
    { when, outcome: "true" },
    { when: ALWAYS, outcome: "false" },
  ];
}

function ifBranches([check, then, ...rest]: readonly Logic[], deciding: Deciding): Branch[] {
  if (check === undefined) return [{ when: ALWAYS, outcome: null }];
  if (then === undefined) return decide(check, deciding);
  const { when, fails } = truthOf(check, deciding);
  const yes = isNever(when) ? [] : decide(then, deciding);
  return [
    { when: fails, outcome: FAILED },
    ...yes.map((branch) => ({ ...branch, when: all([when, branch.when]) })),
    ...ifBranches(rest, deciding),
  ];
}

/** The last of them, unless an earlier one ends it. */
function shortCircuit(name: "and" | "or", parts: readonly Logic[], deciding: Deciding): Branch[] {
  const last = parts.at(-1);
  if (last === undefined) return [{ when: ALWAYS, outcome: null }];
  const branches: Branch[] = [];
  for (const part of parts.slice(0, -1)) {
    const { when, fails } = truthOf(part, deciding);
    branches.push({ when: fails, outcome: FAILED });
    // What ends it is the value itself, of which only true and false are told apart.
    if (name === "or") branches.push({ when, outcome: "true" });
    else branches.push({ when: unless(when), outcome: "false" });
    if (mayBeText(part))
      deciding.told.approximate(deciding.path, `"${name}" of an attribute's value chooses "true" or "false" here`);
  }
  return [...branches, ...branchesOf(last, deciding)];
}

/** Whether an expression may come to something that is neither true, false nor null. */
function mayBeText(logic: Logic): boolean {
  const operator = operatorOf(logic);
  if (operator === null) return typeof logic === "string" || typeof logic === "number";
  if (["and", "or"].includes(operator.name)) return listOf(operator.args).some(mayBeText);
  if (operator.name === "if") return listOf(operator.args).some((part, index) => index % 2 === 1 && mayBeText(part));
  return ["var", "val", "cat", "fractional"].includes(operator.name);
}

/** The attribute names the variant. */
function fromAttribute(
  operand: { kind: "attribute"; path: string } | { kind: "joined"; before: string; path: string; behind: string },
  { variants, told, path }: Deciding,
): Branch[] {
  const { before, behind } = operand.kind === "joined" ? operand : { before: "", behind: "" };
  const attribute = operand.path;
  if (operand.kind === "joined")
    told.approximate(path, `contexts without ${attribute} may get another variant, since nothing is joined`);
  const named = variants.flatMap((variant): Branch[] => {
    const fits =
      variant.startsWith(before) && variant.endsWith(behind) && variant.length >= before.length + behind.length;
    if (!fits) return [];
    const value = variant.slice(before.length, variant.length - behind.length);
    return [{ when: { attribute, op: "equals", values: [value], as: "text" }, outcome: variant }];
  });
  const missing: Condition = unless({ attribute, op: "exists" });
  return [...named, { when: missing, outcome: null }, { when: ALWAYS, outcome: FAILED }];
}

const MOST_WEIGHT = 2_147_483_647;

function fractional(args: Logic, deciding: Deciding): Branch[] {
  const none: Branch[] = [{ when: ALWAYS, outcome: null }];
  if (!Array.isArray(args) || args.length === 0) return none;
  const { flagKey, told, path, algorithm } = deciding;
  const [first] = args as Logic[];
  const key = Array.isArray(first) ? null : operandOf(first, flagKey);
  if (key?.kind === "constant" && typeof key.value !== "string") return none;
  if (key?.kind === "other") {
    told.refuse(path, "fractional takes a key that is one attribute, alone or with fixed texts around it");
    return none;
  }
  const arms: { outcome: Branch[]; weight: number }[] = [];
  for (const entry of key === null ? args : args.slice(1)) {
    if (!Array.isArray(entry) || entry.length === 0 || entry.length > 2) return none;
    const weight = entry.length === 1 ? 1 : weightOf(entry[1], deciding);
    if (weight === null) return none;
    arms.push({ outcome: branchesOf(entry[0], deciding), weight: Math.max(0, weight) });
  }
  const total = arms.reduce((sum, { weight }) => sum + weight, 0);
  const ends = endsOf(arms, total, algorithm);
  if (total > MOST_WEIGHT || total === 0) return none;
  const [by, seed] =
    key === null
      ? ["targetingKey", [flagKey, "", "joined"]]
      : key.kind === "attribute"
        ? [key.path, ["", ""]]
        : key.kind === "joined"
          ? [key.path, [key.before, key.behind, deciding.compiled ? "joined" : "joined-or-empty"]]
          : [null, []];
  if (by === null) {
    told.refuse(path, "fractional by a fixed text gives everybody the same variant; write that variant");
    return none;
  }
  const branches: Branch[] = [];
  if (key === null)
    branches.push({ when: unless({ attribute: by, op: "equals", values: [true], as: "truthy" }), outcome: null });
  const positions = algorithm === "flagd-murmur3-2" ? { positions: total } : {};
  for (const [index, { outcome }] of arms.entries()) {
    const [from, to] = [ends[index] as number, ends[index + 1] as number];
    if (from === to) continue;
    const share = bucket({ by, algorithm, seed, ...positions, from, to });
    for (const branch of outcome) branches.push({ ...branch, when: all([share, branch.when]) });
  }
  return [...branches, ...none];
}

/** Null: none that can be read. */
function weightOf(logic: Logic, { flagKey, told, path }: Deciding): number | null {
  const operand = operandOf(logic, flagKey);
  if (operand.kind === "constant")
    return typeof operand.value === "number" && Number.isInteger(operand.value) ? operand.value : null;
  told.refuse(path, "a weight that is computed is not taken over");
  return null;
}

/** Where each arm begins and the last one ends. The older hash counts hundredths, and its arms hold their upper ends. */
function endsOf(arms: readonly { weight: number }[], total: number, algorithm: Deciding["algorithm"]): number[] {
  const ends = [0];
  let counted = 0;
  for (const { weight } of arms) {
    counted += algorithm === "flagd-murmur3-2" ? weight : (weight * 100) / total;
    ends.push(algorithm === "flagd-murmur3-2" ? counted : after(counted));
  }
  return ends;
}
