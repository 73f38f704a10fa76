import { pathOf } from "../conditions.ts";

/** JSON that a JsonLogic expression is made of. */
export type Logic = unknown;

/** What an expression stands for where it is compared. */
export type Operand =
  | { readonly kind: "constant"; readonly value: string | number | boolean | null }
  | { readonly kind: "list"; readonly values: readonly (string | number | boolean | null)[] }
  | { readonly kind: "attribute"; readonly path: string }
  /** Seconds since 1970. */
  | { readonly kind: "clock" }
  /** A text with one attribute in it. */
  | { readonly kind: "joined"; readonly before: string; readonly path: string; readonly behind: string }
  /** Anything else. */
  | { readonly kind: "other" };

const OTHER: Operand = { kind: "other" };

export const constant = (value: string | number | boolean | null): Operand => ({ kind: "constant", value });

export const isScalar = (value: unknown): value is string | number | boolean | null =>
  value === null || ["string", "number", "boolean"].includes(typeof value);

/** The one operator of an expression with its arguments; null for what is none. */
export function operatorOf(logic: Logic): { name: string; args: Logic } | null {
  if (typeof logic !== "object" || logic === null || Array.isArray(logic)) return null;
  const [entry] = Object.entries(logic);
  return entry ? { name: entry[0], args: entry[1] } : null;
}

export const listOf = (args: Logic): Logic[] => (Array.isArray(args) ? args : [args]);

/** @param flagKey what `$flagd.flagKey` means */
export function operandOf(logic: Logic, flagKey: string): Operand {
  if (isScalar(logic)) return constant(logic);
  if (Array.isArray(logic)) {
    const parts = logic.map((one) => operandOf(one, flagKey));
    return parts.every((one) => one.kind === "constant")
      ? { kind: "list", values: parts.map(({ value }) => value) }
      : OTHER;
  }
  const operator = operatorOf(logic);
  if (operator?.name === "var") return variable(operator.args, flagKey);
  if (operator?.name === "val") return valueAt(operator.args);
  if (operator?.name === "cat") return joined(listOf(operator.args), flagKey);
  return OTHER;
}

function variable(args: Logic, flagKey: string): Operand {
  const [name, otherwise] = listOf(args);
  if (otherwise !== undefined && otherwise !== null) return OTHER;
  if (name === "$flagd.flagKey") return constant(flagKey);
  if (name === "$flagd.timestamp") return { kind: "clock" };
  if ((typeof name !== "string" && typeof name !== "number") || name === "" || String(name).startsWith("../"))
    return OTHER;
  return { kind: "attribute", path: pathOf(...stepsOf(String(name))) };
}

/** Split at dots; a backslash takes a dot as it stands. */
const stepsOf = (name: string): string[] =>
  (name.match(/(?:\\.|[^.\\])+/g) ?? []).map((step) => step.replaceAll(/\\(.)/g, "$1"));

function valueAt(args: Logic): Operand {
  const steps = listOf(args);
  return steps.length > 0 && steps.every((step) => typeof step === "string" && step !== "")
    ? { kind: "attribute", path: pathOf(...(steps as string[])) }
    : OTHER;
}

function joined(parts: readonly Logic[], flagKey: string): Operand {
  let before = "";
  let path: string | null = null;
  let behind = "";
  for (const part of parts) {
    const operand = operandOf(part, flagKey);
    if (operand.kind === "constant") {
      const text = operand.value === null ? "" : String(operand.value);
      if (path === null) before += text;
      else behind += text;
    } else if (operand.kind === "attribute" && path === null) path = operand.path;
    else if (operand.kind === "joined" && path === null) {
      before += operand.before;
      path = operand.path;
      behind = operand.behind;
    } else return OTHER;
  }
  return path === null ? constant(before) : { kind: "joined", before, path, behind };
}
