/*
 * Random files of vendors, for tests that compare with their SDKs: small pools, so that conditions meet the attributes
 * that contexts have.
 */

/** @param {number} seed equal seeds make equal files */
export function chooser(seed) {
  let state = seed >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
  const below = (count) => next() % count;
  const of = (pool) => pool[below(pool.length)];
  const some = (most, make) => Array.from({ length: below(most + 1) }, make);
  return { below, of, some, maybe: (make) => (below(2) ? make() : undefined) };
}

const POOL = {
  email: ["a@shop.example", "A@SHOP.EXAMPLE", "admin@x.example", "", "x", 5, null, true],
  age: [5, 10, 18, "18", "20", 41, "x", "", null, true, false, 17.5, 0, "5abc", " 7 "],
  country: ["DE", "FR", "US", "CA", 5, true, "5", "de", "true"],
  plan: ["pro", "free", "pro-1", "pro-x", "", 0, 7, "Pro"],
  version: ["1.2.3", "1.2.4", "v2.0.0", "2", "2.0.0-beta.1", "1.9.9-rc", "x", 2, "1.10", "1.2.3+build"],
  staff: [true, false, "true", "false", 1, "", null],
  address: [{ city: "Bonn" }, {}, "x", null, { city: "" }],
  currentTime: ["2022-01-29T13:00:00.000Z", "2022-01-29T13:00:00.001Z", "2021-01-01", "2030-01-01T00:00:00Z"],
  sessionId: ["s1", "s2", "s99"],
  remoteAddress: ["127.0.0.1", "10.2.3.4", "::1", "2001:db8::1", "zz"],
};
const NAMES = ["email", "age", "country", "plan", "version", "staff"];

/** @param {ReturnType<typeof chooser>} c */
export function randomContext(c, index) {
  const context = {};
  if (c.below(10) > 0)
    context.targetingKey = c.below(5) ? `user-${index}-${c.below(1e6)}` : c.of(["u1", "u2", "12", "ü1", "日本", "a,b"]);
  for (const [name, values] of Object.entries(POOL)) if (c.below(4) > 0) context[name] = c.of(values);
  return context;
}

const text = (value) => String(value ?? "");

function unleashConstraint(c) {
  const contextName = c.of([...NAMES, "userId", "sessionId", "remoteAddress", "currentTime"]);
  const pool = POOL[contextName] ?? ["u1", "u2", "12"];
  const operator = c.of(
    "IN NOT_IN STR_ENDS_WITH STR_STARTS_WITH STR_CONTAINS NUM_EQ NUM_GT NUM_GTE NUM_LT NUM_LTE DATE_AFTER DATE_BEFORE SEMVER_EQ SEMVER_GT SEMVER_LT SEMVER_GTE SEMVER_LTE REGEX IN_CIDR UNKNOWN".split(
      " ",
    ),
  );
  const constraint = { contextName, operator };
  if (c.below(3) === 0) constraint.inverted = c.of([true, true, false]);
  if (c.below(3) === 0) constraint.caseInsensitive = true;
  constraint.values = c.some(3, () => text(c.of(c.below(3) ? pool : POOL.email)));
  if (operator === "IN_CIDR")
    constraint.values = c.some(3, () => c.of(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32", "bad", "::1"]));
  constraint.value = text(c.of(pool));
  if (operator.startsWith("DATE")) constraint.value = c.of([...POOL.currentTime, "bad"]);
  if (operator.startsWith("SEMVER")) constraint.value = text(c.of(POOL.version));
  if (operator === "REGEX") constraint.value = c.of(["^pro", "[0-9]+$", "(", "sh.p", "^$"]);
  return constraint;
}

const STICKY = ["default", "userId", "sessionId", "plan"];

function unleashVariants(c) {
  const payload = c.of([
    undefined,
    (name) => ({ type: "string", value: `v-${name}` }),
    () => ({ type: "number", value: String(c.below(9)) }),
    (name) => ({ type: "json", value: JSON.stringify({ name }) }),
  ]);
  const stickiness = c.of([undefined, ...STICKY]);
  return ["a", "b", "c"].slice(0, c.below(4)).map((name) => ({
    name,
    weight: c.of([0, 1, 100, 333, 500]),
    weightType: "variable",
    ...(stickiness && { stickiness }),
    ...(payload && { payload: payload(name) }),
    ...(c.below(4) === 0 && {
      overrides: [{ contextName: c.of(["userId", "country", "age"]), values: [c.of(["u1", "DE", "5", "18"])] }],
    }),
  }));
}

function unleashStrategy(c, name, withVariants) {
  const strategy = {
    name: c.of([
      "default",
      "flexibleRollout",
      "flexibleRollout",
      "userWithId",
      "gradualRolloutUserId",
      "gradualRolloutSessionId",
      "remoteAddress",
      c.below(4) ? "default" : "custom",
    ]),
  };
  strategy.parameters = {
    default: {},
    custom: {},
    flexibleRollout: {
      rollout: String(c.of([0, 1, 20, 50, 99, 100])),
      stickiness: c.of(STICKY),
      groupId: c.of([name, "g", ""]),
    },
    userWithId: { userIds: c.of(["u1,u2", "", "12 , x", "u1"]) },
    gradualRolloutUserId: { percentage: String(c.below(101)), groupId: c.of([name, ""]) },
    gradualRolloutSessionId: { percentage: String(c.below(101)), groupId: "s" },
    remoteAddress: { IPs: c.of(["127.0.0.1", "10.0.0.0/8, ::1", "bad", ""]) },
  }[strategy.name];
  strategy.constraints = c.some(2, () => unleashConstraint(c));
  if (c.below(4) === 0) strategy.segments = c.some(2, () => c.of([1, 2, 9]));
  if (withVariants && strategy.name === "flexibleRollout") strategy.variants = unleashVariants(c);
  return strategy;
}

function unleash(c) {
  const segments = [1, 2].map((id) => ({
    id,
    name: `segment ${id}`,
    constraints: c.some(2, () => unleashConstraint(c)),
  }));
  const features = Array.from({ length: 8 }, (_, index) => {
    const name = `f${index}`;
    const withVariants = c.below(2) === 0;
    const feature = {
      name,
      enabled: c.below(8) > 0,
      strategies: c.some(3, () => unleashStrategy(c, name, withVariants)),
    };
    if (withVariants) feature.variants = unleashVariants(c);
    if (index > 3 && c.below(2) === 0)
      feature.dependencies = [
        {
          feature: `f${c.below(5)}`,
          ...(c.below(3) === 0 && { enabled: c.of([true, false]) }),
          ...(c.below(4) === 0 && { variants: [c.of(["a", "b"])] }),
        },
      ];
    return feature;
  });
  return { version: 2, segments, features };
}

const varOf = (c) => ({ var: c.of([...NAMES, "address.city", "targetingKey"]) });

function logicCondition(c, depth) {
  const value = () => c.of(["pro", "DE", "5", 5, 18, true, false, null, "", "x", 0]);
  const kinds = depth > 0 ? 14 : 9;
  switch (c.below(kinds)) {
    case 0:
    case 1:
      return { [c.of(["==", "!=", "===", "!=="])]: c.below(4) ? [varOf(c), value()] : [value(), varOf(c)] };
    case 2:
      return {
        [c.of(["<", "<=", ">", ">="])]: c.below(3)
          ? [varOf(c), c.of([5, 18, 40.5, 0])]
          : [c.of([5, 10]), varOf(c), c.of([18, 41])],
      };
    case 3:
      return { in: [varOf(c), [value(), value(), value()]] };
    case 4:
      return { in: [c.of(["pro", "shop", "5", 5]), varOf(c)] };
    case 5:
      return { [c.of(["starts_with", "ends_with"])]: [varOf(c), c.of(["pro", "@shop.example", "", "1"])] };
    case 6:
      return {
        sem_ver: [
          { var: "version" },
          c.of(["=", "!=", "<", "<=", ">", ">=", "^", "~", "?"]),
          c.of(["1.2.3", "v2.0.0", "2", "1.9.9-rc", "bad"]),
        ],
      };
    case 7:
      return varOf(c);
    case 8:
      return { in: [varOf(c), "DE,FR"] };
    case 9:
      return { "!": [logicCondition(c, depth - 1)] };
    case 10:
      return { "!!": logicCondition(c, depth - 1) };
    case 11:
    case 12:
      return { [c.of(["and", "or"])]: Array.from({ length: 1 + c.below(3) }, () => logicCondition(c, depth - 1)) };
    default:
      return { if: [logicCondition(c, depth - 1), c.of([true, false]), c.of([true, false])] };
  }
}

function logicValue(c, depth) {
  const name = () => c.of(["a", "b", "c", null, "nobody"]);
  switch (c.below(depth > 0 ? 6 : 3)) {
    case 0:
    case 1:
      return name();
    case 2: {
      const key = c.of([
        undefined,
        { cat: [{ var: "$flagd.flagKey" }, varOf(c)] },
        { var: "targetingKey" },
        { var: "email" },
      ]);
      const arms = ["a", "b", "c"]
        .slice(0, 1 + c.below(3))
        .map((one) => (c.below(4) ? [one, c.of([0, 1, 25, 50, 333])] : [one]));
      return { fractional: key === undefined ? arms : [key, ...arms] };
    }
    default: {
      const parts = [];
      for (let count = 1 + c.below(2); count > 0; count--) parts.push(logicCondition(c, 2), logicValue(c, depth - 1));
      if (c.below(3)) parts.push(logicValue(c, depth - 1));
      return { if: parts };
    }
  }
}

function flagd(c) {
  const flags = {};
  for (let index = 0; index < 8; index++)
    flags[`f${index}`] = {
      state: c.below(8) ? "ENABLED" : "DISABLED",
      variants: c.of([
        { a: "A", b: "B", c: "C" },
        { a: 1, b: 2, c: 3.5 },
        { a: { x: 1 }, b: { x: 2 }, c: {} },
      ]),
      ...(c.below(5) && { defaultVariant: c.of(["a", "b"]) }),
      ...(c.below(6) && { targeting: logicValue(c, 2) }),
    };
  for (let index = 8; index < 10; index++)
    flags[`f${index}`] = {
      state: "ENABLED",
      variants: { true: true, false: false },
      defaultVariant: "false",
      targeting: c.below(2) ? logicCondition(c, 2) : { if: [logicCondition(c, 1), true, false] },
    };
  for (const flag of Object.values(flags))
    if (typeof flag.targeting !== "object" || flag.targeting === null) delete flag.targeting;
  return { flags };
}

function flagsmithCondition(c) {
  const property_ = c.of([...NAMES, "$.identity.identifier", "$.identity.traits.plan", "$.environment.name"]);
  const operator = c.of(
    "EQUAL EQUAL NOT_EQUAL GREATER_THAN GREATER_THAN_INCLUSIVE LESS_THAN LESS_THAN_INCLUSIVE NOT_CONTAINS REGEX PERCENTAGE_SPLIT IS_SET IS_NOT_SET MODULO IN CONTAINS UNKNOWN".split(
      " ",
    ),
  );
  if (operator === "CONTAINS") return { operator, property_: "$.identity.identifier", value: c.of(["u", "1"]) };
  if (property_ === "$.environment.name")
    return { operator: c.of(["EQUAL", "NOT_EQUAL", "IN"]), property_, value: c.of(["Production", "x"]) };
  if (operator === "PERCENTAGE_SPLIT")
    return {
      operator,
      property_: c.of(["", "", "$.identity.identifier", "plan"]),
      value: String(c.of([0, 10, 50.5, 100])),
    };
  const values = {
    REGEX: ["^pro", "\\d+$", "(", "sh.p"],
    MODULO: ["2|1", "5|0", "x|1", "3"],
    IN: ["DE,FR,5", '["pro","free"]', "u1,u2", ""],
  };
  return {
    operator,
    property_,
    value: c.of(values[operator] ?? ["DE", "pro", "18", "5", "true", "False", "", "x", "17.5", "u1"]),
  };
}

const flagsmithRule = (c, depth) => ({
  type: c.of(["ALL", "ANY", "NONE"]),
  conditions: c.some(3, () => flagsmithCondition(c)),
  rules: depth > 0 ? c.some(2, () => flagsmithRule(c, depth - 1)) : [],
});

function flagsmith(c) {
  let next = 1;
  const state = (index, values, more = {}) => ({
    feature: { id: index + 1, name: `f${index}`, type: "STANDARD" },
    enabled: c.below(4) > 0,
    django_id: next++,
    feature_state_value: c.of(values),
    multivariate_feature_state_values:
      values.length > 1
        ? ["a", "b"].slice(0, c.below(3)).map(() => ({
            id: c.below(1000),
            percentage_allocation: c.of([0, 10, 33.3, 50]),
            multivariate_feature_option: { id: next, value: c.of(values) ?? "z" },
          }))
        : [],
    ...more,
  });
  const pools = Array.from({ length: 6 }, () => c.of([[null], ["x", "y", "z"], [1, 2, 3.5], ["on", "off", null]]));
  const segments = Array.from({ length: 4 }, (_, index) => ({
    id: 20 - index,
    name: `s${index}`,
    rules: c.some(2, () => flagsmithRule(c, 1)),
    feature_states: c.some(3, () => {
      const flag = c.below(6);
      return state(flag, pools[flag], { feature_segment: c.of([{ priority: c.below(3) }, null]) });
    }),
  }));
  const organisation = {
    id: 1,
    name: "o",
    feature_analytics: false,
    stop_serving_flags: false,
    persist_trait_data: true,
  };
  return {
    id: 1,
    api_key: "AbCd",
    name: "Production",
    project: { id: 1, name: "p", hide_disabled_flags: false, organisation, segments },
    feature_states: pools.map((values, index) => state(index, values)),
    identity_overrides: c.some(2, () => {
      const flag = c.below(6);
      return {
        identifier: c.of(["u1", "u2", "12"]),
        identity_uuid: "x",
        environment_api_key: "AbCd",
        created_date: "2024-01-01",
        identity_features: [state(flag, pools[flag])],
      };
    }),
  };
}

/** By vendor. */
export const RANDOM_FILES = { unleash, flagd, flagsmith };
