import { beforeAll, expect, test } from "vitest";
import { api, done, newShop } from "../../testing/http.ts";

// The same reckoning stands in a flag's summary, in its state, and in the answer for what is not saved.

let shop: Awaited<ReturnType<typeof newShop>>;
let at: string;
const split = (on: number) => ({
  split: [
    { variant: "on", weight: on * 1_000 },
    { variant: "off", weight: 100_000 - on * 1_000 },
  ],
});
const rules = [{ id: "fans", when: { attribute: "plan", op: "equals", values: ["fan"] }, serve: { variant: "on" } }];

beforeAll(async () => {
  shop = await newShop();
  at = `${shop.state}/public`;
  await done("PATCH", at, { enabled: true, rules, fallthrough: split(20) });
});

test("a flag's reach is answered with how it was reckoned", async () => {
  const { before, after } = await done("POST", `${at}/reach`, {});
  expect(before).toMatchObject({
    share: 0.2,
    groups: [{ rule: "fans", segments: [], share: 1 }],
    steps: [{ cause: { by: "fallthrough" }, share: 1 }],
  });
  expect(after).toBeNull();
});

test("the state and the list say the same; where the split says it all, they say no more", async () => {
  const { before } = await done("POST", `${at}/reach`, {});
  const { steps: _, ...summary } = before;
  expect((await done("GET", at)).reach).toEqual(summary);
  await done("PATCH", at, { rules: [] });
  expect(await done("GET", at)).not.toHaveProperty("reach");
  await done("PATCH", at, { rules });
});

test("a state that was read, with its reach, is taken back as it is", async () => {
  const state = await done("GET", at);
  expect(state.reach.share).toBe(0.2);
  const back = await api("PUT", at, state);
  expect([back.status, back.json.reach]).toEqual([200, state.reach]);
});

test("a state that is not saved is reckoned beside what is, also as if it were on, and changes nothing", async () => {
  const { version } = await done("GET", at);
  const state = { enabled: false, rules: [], fallthrough: split(50) };
  const off = await done("POST", `${at}/reach`, { state });
  expect([off.before.share, off.after.share]).toEqual([0.2, 0]);
  const on = await done("POST", `${at}/reach`, { state, ifOn: true });
  expect(on.after.share).toBe(0.5);
  expect((await done("GET", at)).version).toBe(version);
});

test("a flag that is not there, and a state that is not valid, are refused by name", async () => {
  expect((await api("POST", `${shop.state}/gone/reach`, {})).status).toBe(404);
  const wrong = await api("POST", `${at}/reach`, { state: { rules: 7 } });
  expect([wrong.status, wrong.json.errors[0].field]).toEqual([422, "state.rules"]);
});
