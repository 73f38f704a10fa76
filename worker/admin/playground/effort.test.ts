import { beforeAll, expect, test } from "vitest";
import { LIMITS } from "../../../shared/limits.ts";
import { api, done, newShop, newToken } from "../../testing/http.ts";

// The playground's interpreter is slow on purpose. A viewer who sends long arrays must not have it work for minutes in
// the isolate that evaluates for everybody.

let shop: Awaited<ReturnType<typeof newShop>>;
let at: string;
let token: string;
const FLAGS = 60;
const NETWORKS = 40;
const addresses = (count: number) => Array.from({ length: count }, (_, n) => `10.251.${n % 250}.${n % 200}`);

beforeAll(async () => {
  shop = await newShop();
  at = `${shop.at}/environments/production`;
  token = (await newToken("viewer", shop.project)).token;
  const document = await done("GET", `${shop.at}/export`);
  const values = Array.from({ length: NETWORKS }, (_, n) => `10.1.${n}.0/24`);
  for (let n = 0; n < FLAGS; n++) {
    document.flags[`net-${n}`] = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
    document.states.production[`net-${n}`] = {
      enabled: true,
      rules: [{ id: "r", when: { attribute: "ip", op: "in_cidr", values }, serve: { variant: "on" } }],
      fallthrough: { variant: "off" },
    };
  }
  await done("POST", `${shop.at}/import`, document);
});

const evaluate = (body: object) => api("POST", `${at}/evaluate`, body, { token });

test("a context whose arrays meet too many conditions is refused, naming the field and the way out", async () => {
  const refused = await evaluate({ context: { ip: addresses(1_000) } });
  expect([refused.status, refused.json.errors[0].field]).toEqual([422, "context"]);
  expect(refused.json.errors[0].message).toContain("flag");
  // Of the one flag that is named, nothing but what it depends on is worked out.
  const one = await evaluate({ context: { ip: addresses(1_000) }, flag: "net-3" });
  expect(one.json.flags.map(({ key }: { key: string }) => key)).toEqual(["net-3"]);
});

test("ordinary arrays, and any single values, are explained for every flag", async () => {
  for (const ip of [addresses(50), "10.1.3.9", addresses(1)]) {
    const answer = await evaluate({ context: { ip } });
    expect([answer.status, answer.json.flags.length]).toEqual([200, FLAGS + 3]);
  }
});

test("a context that evaluation would not take is not explained or sampled either", async () => {
  const large = { text: "x".repeat(LIMITS.evaluationBodyBytes) };
  const refused = await evaluate({ context: large });
  expect([refused.status, refused.json.errors[0].field]).toEqual([422, "context"]);
  const sampled = await api("POST", `${at}/flags/public/sample`, { contexts: [{}, large] }, { token });
  expect([sampled.status, sampled.json.errors[0].field]).toEqual([422, "contexts.1"]);
});

test("segments that mention each other many times over are worked out once, and shown within bounds", async () => {
  await done("PUT", `${shop.at}/segments/level-0`, { when: { attribute: "plan", op: "equals", values: ["fan"] } });
  for (let level = 1; level <= 12; level++) {
    const any = Array.from({ length: 10 }, () => ({ segment: `level-${level - 1}` }));
    await done("PUT", `${shop.at}/segments/level-${level}`, { when: { any } });
  }
  await done("PATCH", `${at}/flags/public`, {
    rules: [{ id: "deep", when: { segment: "level-12" }, serve: { variant: "on" } }],
  });
  const refused = await evaluate({ context: { plan: "x" }, flag: "public" });
  expect([refused.status, refused.json.errors[0].field]).toEqual([422, "context"]);
  await done("PATCH", `${at}/flags/public`, {
    rules: [{ id: "deep", when: { segment: "level-4" }, serve: { variant: "on" } }],
  });
  const { flags } = (await evaluate({ context: { plan: "fan" }, flag: "public" })).json;
  expect(flags[0].ruleId).toBe("deep");
});
