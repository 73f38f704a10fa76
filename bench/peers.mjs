// Each peer as its documentation recommends for a server, with telemetry, logging and network off. Plain
// JavaScript, since the peers are installed only for a run and the type check must not need them.
import { GrowthBookClient } from "@growthbook/growthbook";
import * as LaunchDarkly from "@launchdarkly/node-server-sdk";
import { InMemStorageProvider, Unleash } from "unleash-client";
import { flagd } from "./peers/flagd.mjs";
import { vercel } from "./peers/vercel.mjs";

/** @param {import("./workloads.ts").BenchFlag[]} flags */
export async function makePeers(flags) {
  return [
    vercel(flags),
    flagd("flagd-core, compiled", flags, {}),
    flagd("flagd-core, no code generation", flags, { disableDynamicCodeGeneration: true }),
    await unleash(flags),
    growthbook(flags),
    await launchdarkly(flags),
  ];
}

async function unleash(flags) {
  const constraint = (contextName, operator, more) => ({ contextName, operator, inverted: false, values: [], ...more });
  const strategy = (constraints, parameters) => ({ name: "flexibleRollout", constraints, parameters });
  const everyone = (key, rollout) => ({ rollout, stickiness: "userId", groupId: key });
  const features = flags.map((flag) => {
    const head = { name: flag.key, enabled: true, variants: [] };
    if (flag.kind === "static") return { ...head, strategies: [{ name: "default", constraints: [], parameters: {} }] };
    if (flag.kind === "split") return { ...head, strategies: [strategy([], everyone(flag.key, "50"))] };
    const { countries, plan, major, suffix, country, orPlan, age } = flag.rules;
    const rules = [
      [constraint("country", "IN", { values: [...countries] })],
      [constraint("plan", "IN", { values: [plan] })],
      [constraint("version", "SEMVER_GTE", { value: `${major}.0.0` })],
      [constraint("email", "STR_ENDS_WITH", { values: [suffix] })],
      [
        constraint("country", "IN", { values: [country] }),
        constraint("plan", "IN", { values: [orPlan] }),
        constraint("age", "NUM_GTE", { value: String(age) }),
      ],
    ];
    return { ...head, strategies: rules.map((one) => ({ name: "default", constraints: one, parameters: {} })) };
  });
  const client = new Unleash({
    url: "http://127.0.0.1:9/",
    appName: "bench",
    refreshInterval: 0,
    disableMetrics: true,
    skipInstanceCountWarning: true,
    storageProvider: new InMemStorageProvider(),
    bootstrap: { data: features },
  });
  client.on("error", () => {});
  client.on("warn", () => {});
  await new Promise((resolve) => {
    client.once("ready", resolve);
    setTimeout(resolve, 3_000);
  });
  const keys = flags.map((flag) => flag.key);
  return {
    name: "unleash-client",
    context: ({ id, ...properties }) => ({ userId: id, properties }),
    one: (key, context) => client.isEnabled(key, context),
    all: (context) => keys.map((key) => client.isEnabled(key, context)),
    close: () => client.destroy(),
  };
}

function growthbook(flags) {
  const force = (condition) => ({ condition, force: true });
  const features = Object.fromEntries(
    flags.map((flag) => {
      if (flag.kind === "static") return [flag.key, { defaultValue: true }];
      if (flag.kind === "split")
        return [
          flag.key,
          { defaultValue: false, rules: [{ force: true, coverage: 0.5, hashAttribute: "id", seed: flag.key }] },
        ];
      const { countries, plan, major, suffix, country, orPlan, age } = flag.rules;
      const rules = [
        force({ country: { $in: [...countries] } }),
        force({ plan }),
        force({ version: { $vgte: `${major}.0.0` } }),
        force({ email: { $regex: `${suffix.replaceAll(".", "\\.")}$` } }),
        force({ country, plan: orPlan, age: { $gte: age } }),
      ];
      return [flag.key, { defaultValue: false, rules }];
    }),
  );
  const client = new GrowthBookClient({ debug: false }).initSync({ payload: { features } });
  const keys = flags.map((flag) => flag.key);
  return {
    name: "@growthbook/growthbook",
    context: (user) => ({ attributes: { ...user } }),
    one: (key, context) => client.isOn(key, context),
    all: (context) => keys.map((key) => client.isOn(key, context)),
    close: () => client.destroy(),
  };
}

async function launchdarkly(flags) {
  const source = new LaunchDarkly.integrations.TestData();
  const clause = (attribute, op, values, more) => ({
    attribute,
    op,
    values,
    negate: false,
    contextKind: "user",
    ...more,
  });
  for (const flag of flags) {
    const rules = [];
    if (flag.kind === "five") {
      const { countries, plan, major, suffix, country, orPlan, age } = flag.rules;
      for (const clauses of [
        [clause("country", "in", [...countries])],
        [clause("plan", "in", [plan])],
        [clause("version", "semVerLessThan", [`${major}.0.0`], { negate: true })],
        [clause("email", "endsWith", [suffix])],
        [
          clause("country", "in", [country]),
          clause("plan", "in", [orPlan]),
          clause("age", "greaterThanOrEqual", [age]),
        ],
      ])
        rules.push({ id: `rule-${rules.length + 1}`, variation: 1, clauses, trackEvents: false });
    }
    const half = [
      { variation: 0, weight: 50_000 },
      { variation: 1, weight: 50_000 },
    ];
    source.usePreconfiguredFlag({
      key: flag.key,
      on: true,
      version: 1,
      salt: flag.key,
      variations: [false, true],
      offVariation: 0,
      prerequisites: [],
      targets: [],
      rules,
      fallthrough:
        flag.kind === "split"
          ? { rollout: { kind: "rollout", contextKind: "user", variations: half } }
          : { variation: flag.kind === "static" ? 1 : 0 },
    });
  }
  const silent = { error() {}, warn() {}, info() {}, debug() {} };
  const client = LaunchDarkly.init("sdk-bench", {
    updateProcessor: source.getFactory(),
    sendEvents: false,
    diagnosticOptOut: true,
    logger: silent,
  });
  await client.waitForInitialization({ timeout: 5 });
  return {
    name: "@launchdarkly/node-server-sdk",
    asynchronous: true,
    context: ({ id, ...rest }) => ({ kind: "user", key: id, ...rest }),
    one: (key, context) => client.variation(key, context, false),
    all: async (context) => (await client.allFlagsState(context)).allValues(),
    close: () => client.close(),
  };
}
