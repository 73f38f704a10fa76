import { beforeAll, expect, test } from "vitest";
import { api, done, newShop } from "../../testing/http.ts";

let shop: Awaited<ReturnType<typeof newShop>>;
let at: string;
beforeAll(async () => {
  shop = await newShop();
  at = `${shop.state}/public`;
});
const crowd = Array.from({ length: 1_000 }, (_, index) => ({
  targetingKey: `u${index}`,
  plan: index < 10 ? "fan" : "x",
}));
const split = (on: number) => ({
  split: [
    { variant: "on", weight: on * 1_000 },
    { variant: "off", weight: 100_000 - on * 1_000 },
  ],
});
const share = (got: { variant: string }[]) => got.filter(({ variant }) => variant === "on").length;

test("everybody of a sample gets what an evaluation would give them, and why is said", async () => {
  const { before, after } = await done("POST", `${at}/sample`, { contexts: crowd.slice(0, 11) });
  expect(before.slice(0, 10)).toEqual(Array(10).fill({ variant: "on", cause: "rule", ruleId: "fans" }));
  expect(before[10]).toEqual({ variant: "off", cause: "fallthrough", ruleId: null });
  expect(after).toBeNull();
});

test("a state that is not saved is shown beside what is, moves nobody who need not, and changes nothing", async () => {
  await done("PATCH", at, { rules: [], fallthrough: split(10) });
  const { version } = await done("GET", at);
  const state = { enabled: true, rules: [], fallthrough: split(30) };
  const { before, after } = await done("POST", `${at}/sample`, { contexts: crowd, state });
  expect(share(before)).toBeGreaterThan(50);
  expect(share(after)).toBeGreaterThan(share(before) + 100);
  const lost = before.filter(
    (one: { variant: string }, index: number) => one.variant === "on" && after[index].variant !== "on",
  );
  expect(lost).toEqual([]);
  expect((await done("GET", at)).version).toBe(version);
});

test("a sample has its limit, and a state that is not valid is named", async () => {
  const over = await api("POST", `${at}/sample`, { contexts: [...crowd, {}] });
  expect(over.status).toBe(422);
  const wrong = await api("POST", `${at}/sample`, { contexts: [{}], state: { rules: 7 } });
  expect(wrong.json.errors[0].field).toBe("state.rules");
});
