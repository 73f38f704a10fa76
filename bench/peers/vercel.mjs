import { evaluate as vercelEvaluate } from "@vercel/flags-core";

/** @param {import("../workloads.ts").BenchFlag[]} flags */
export function vercel(flags) {
  const at = (attribute) => ["user", attribute];
  const rule = (...conditions) => ({ conditions, outcome: 1 });
  const definitions = new Map();
  for (const flag of flags) {
    const config =
      flag.kind === "static"
        ? 1
        : flag.kind === "split"
          ? {
              fallthrough: { type: "split", base: at("id"), weights: [50_000, 50_000], defaultVariant: 0 },
            }
          : {
              rules: [
                rule([at("country"), "oneOf", [...flag.rules.countries]]),
                rule([at("plan"), "eq", flag.rules.plan]),
                // It has no operator for versions: the regular expression that says the same of releases.
                rule([at("version"), "regex", { type: "regex", pattern: majorAtLeast(flag.rules.major), flags: "" }]),
                rule([at("email"), "endsWith", flag.rules.suffix]),
                rule(
                  [at("country"), "eq", flag.rules.country],
                  [at("plan"), "eq", flag.rules.orPlan],
                  [at("age"), "gte", flag.rules.age],
                ),
              ],
              fallthrough: 0,
            };
    definitions.set(flag.key, {
      variants: [false, true],
      variantIds: ["off", "on"],
      seed: seedOf(flag.key),
      environments: { production: config },
    });
  }
  const result = (key, entities) =>
    vercelEvaluate({ definition: definitions.get(key), environment: "production", entities, segments: {} });
  const one = (key, entities) => result(key, entities).value;
  const keys = flags.map((flag) => flag.key);
  return {
    name: "@vercel/flags-core",
    context: (user) => ({ user: { ...user } }),
    one,
    all: (context) => keys.map((key) => one(key, context)),
    ofrep: (context) =>
      keys.map((key) => {
        const { value, variantId, reason } = result(key, context);
        return { key, reason, variant: variantId, value };
      }),
  };
}

const seedOf = (key) => [...key].reduce((sum, character) => (sum * 31 + character.charCodeAt(0)) | 0, 7) >>> 0;

/** Versions `N.x.y` with N from `major` on: the last digit is greater, or one before it, or there are more. */
function majorAtLeast(major) {
  const digits = String(major);
  const greater = [...digits].map((digit, place) => {
    const rest = digits.length - 1 - place;
    const least = Number(digit) + (rest === 0 ? 0 : 1);
    return least > 9 ? [] : `${digits.slice(0, place)}[${least}-9]${"\\d".repeat(rest)}`;
  });
  return `^(${[...greater.flat().reverse(), `[1-9]${"\\d".repeat(digits.length - 1)}\\d+`].join("|")})\\.`;
}
