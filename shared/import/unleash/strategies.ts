import { parseNetwork } from "../../evaluation/operators/cidr/cidr.ts";
import { LIMITS } from "../../limits.ts";
import type { Condition } from "../../schema/condition.ts";
import { ALWAYS, all, any, bucket, NEVER, textIn, truthy, unless } from "../conditions.ts";
import type { Told } from "../told.ts";
import { attributeOf } from "./constraints.ts";
import type { Strategy } from "./schema.ts";

type Parameters = Readonly<Record<string, unknown>>;

const given = (parameters: Parameters, name: string): string => {
  const value = parameters[name];
  return value === undefined || value === null || value === "" || value === 0 || value === false ? "" : String(value);
};

/** Whom a strategy is on for, its constraints left out. */
export function strategyCondition(strategy: Strategy, path: string, told: Told): Condition {
  const parameters = strategy.parameters ?? {};
  switch (strategy.name) {
    case "default":
      return ALWAYS;
    case "userWithId":
      return listed("targetingKey", given(parameters, "userIds"), path, told);
    case "gradualRolloutUserId":
      return gradual("targetingKey", parameters);
    case "gradualRolloutSessionId":
      return gradual("sessionId", parameters);
    case "gradualRolloutRandom":
      return random(Number(parameters.percentage), `${path}.name`, told);
    case "remoteAddress":
      return addresses(given(parameters, "IPs"), path, told);
    case "flexibleRollout":
      return flexible(parameters, path, told);
    case "applicationHostname":
      told.refuse(`${path}.name`, "which host an app runs on is not known here");
      return NEVER;
    default:
      told.approximate(
        `${path}.name`,
        `"${strategy.name}" is a strategy of your own; it is off for everybody, as in an SDK that does not know it`,
      );
      return NEVER;
  }
}

/** Positions 1 to 100 up to a percentage. */
const below = (percentage: number): { from: number; to: number } => ({ from: 1, to: Math.floor(percentage) + 1 });

function gradual(by: string, parameters: Parameters): Condition {
  const percentage = Number(parameters.percentage);
  if (!(percentage >= 1)) return NEVER;
  const seed = [given(parameters, "groupId")];
  return bucket({ by, algorithm: "unleash-murmur3", seed, ...below(Math.min(percentage, 100)) });
}

function random(percentage: number, path: string, told: Told): Condition {
  if (percentage >= 100) return ALWAYS;
  if (!(percentage >= 1)) return NEVER;
  told.refuse(path, "a random share gives the same person another answer each time; choose a stickiness");
  return NEVER;
}

function flexible(parameters: Parameters, path: string, told: Told): Condition {
  const percentage = Number(parameters.rollout);
  const stickiness = given(parameters, "stickiness") || "default";
  if (!(percentage >= 1)) return NEVER;
  const share = {
    algorithm: "unleash-murmur3" as const,
    seed: [given(parameters, "groupId")],
    ...below(Math.min(percentage, 100)),
  };
  if (stickiness === "random") return random(percentage, `${path}.parameters.stickiness`, told);
  if (stickiness !== "default") return bucket({ by: attributeOf(stickiness), ...share });
  if (percentage >= 100) return ALWAYS;
  told.note(
    `${path}.parameters.stickiness`,
    "contexts without userId and sessionId are in a random share for the SDK, and in none here",
  );
  return any([
    bucket({ by: "targetingKey", ...share }),
    all([unless(truthy("targetingKey")), bucket({ by: "sessionId", ...share })]),
  ]);
}

function listed(attribute: string, list: string, path: string, told: Told): Condition {
  // What stands at the ends of the list is not trimmed.
  const texts = list === "" ? [] : list.split(/\s*,\s*/);
  const short = texts.filter(({ length }) => length <= LIMITS.conditionValueChars);
  if (short.length < texts.length)
    told.approximate(`${path}.parameters`, "users with very long ids are left out, and are not in the list");
  return textIn(attribute, short);
}

function addresses(list: string, path: string, told: Told): Condition {
  const texts = list === "" ? [] : list.split(/\s*,\s*/);
  const networks = texts.filter((text) => !text.includes(":") && parseNetwork(text));
  const inNetworks: Condition[] = [];
  for (let start = 0; start < networks.length; start += LIMITS.valuesPerCondition)
    inNetworks.push({
      attribute: "remoteAddress",
      op: "in_cidr",
      values: networks.slice(start, start + LIMITS.valuesPerCondition),
    });
  return any([listed("remoteAddress", list, path, told), ...inNetworks]);
}
