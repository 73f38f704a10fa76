import { FlagdCore } from "@openfeature/flagd-core";

/**
 * @param {string} name
 * @param {import("../workloads.ts").BenchFlag[]} flags
 * @param {{ disableDynamicCodeGeneration?: boolean }} options
 */
export function flagd(name, flags, options) {
  const read = (attribute) => ({ var: attribute });
  const targeting = (flag) => {
    if (flag.kind === "static") return {};
    if (flag.kind === "split")
      return {
        targeting: {
          fractional: [
            ["on", 50],
            ["off", 50],
          ],
        },
      };
    const { countries, plan, major, suffix, country, orPlan, age } = flag.rules;
    const rules = [
      { in: [read("country"), [...countries]] },
      { "==": [read("plan"), plan] },
      { sem_ver: [read("version"), ">=", `${major}.0.0`] },
      { ends_with: [read("email"), suffix] },
      { and: [{ "==": [read("country"), country] }, { "==": [read("plan"), orPlan] }, { ">=": [read("age"), age] }] },
    ];
    return { targeting: { if: [...rules.flatMap((rule) => [rule, "on"]), "off"] } };
  };
  const silent = { error() {}, warn() {}, info() {}, debug() {} };
  const core = new FlagdCore(undefined, silent, options);
  core.setConfigurations(
    JSON.stringify({
      flags: Object.fromEntries(
        flags.map((flag) => [
          flag.key,
          {
            state: "ENABLED",
            variants: { on: true, off: false },
            defaultVariant: flag.kind === "static" ? "on" : "off",
            ...targeting(flag),
          },
        ]),
      ),
    }),
  );
  return {
    name,
    context: ({ id, ...rest }) => ({ targetingKey: id, ...rest }),
    one: (key, context) => core.resolveBooleanEvaluation(key, false, context).value,
    all: (context) => core.resolveAll(context).map((details) => details.value),
    ofrep: (context) =>
      core.resolveAll(context).map(({ flagKey, reason, variant, value }) => ({ key: flagKey, reason, variant, value })),
    order: [...core.getFlags().keys()],
  };
}
