import { beforeAll, expect, test } from "vitest";
import {
  CALL_CHARS,
  LIST_CHARS_AT_ONCE,
  LIST_CHARS_PER_S,
  POINT_CHARS_AT_ONCE,
} from "../../objects/kernel/admission.ts";
import { api, done, newShop, newToken } from "../../testing/http.ts";
import { inStore } from "../../testing/store.ts";

// What reads may cost keeps a viewer's loop from delaying a kill. Five people at work in a large project are no loop: none
// of them may be told to come back. The clock of a store stands still while it works, so a burst is paid at once.

const FLAGS = 1_000;
const PEOPLE = 5;
let shop: Awaited<ReturnType<typeof newShop>>;
let there: string;
let tokens: string[];

beforeAll(async () => {
  shop = await newShop();
  there = `${shop.at}/environments/production`;
  const document = await done("GET", `${shop.at}/export`);
  const values = Array.from({ length: 20 }, (_, n) => `customer-${n}@shop.example`);
  const state = {
    enabled: true,
    rules: ["staff", "customers"].map((id) => ({
      id,
      name: `Everybody among the ${id}`,
      when: {
        all: [
          { attribute: "email", op: "in", values },
          { attribute: "country", op: "equals", values: ["DE"] },
        ],
      },
      serve: { variant: "on" },
    })),
    fallthrough: { variant: "off" },
  };
  for (let n = 0; n < FLAGS; n++) {
    const description = `The flag number ${n} decides whether a part of the shop is shown in its new form.`;
    document.flags[`flag-${n}`] = {
      ...{ type: "boolean", variants: { on: true, off: false }, offVariant: "off" },
      ...{ description, owner: "Team shop", tags: ["shop", "checkout"] },
    };
    for (const environment of ["staging", "production"]) document.states[environment][`flag-${n}`] = state;
  }
  await done("POST", `${shop.at}/import`, document);
  tokens = await Promise.all(
    Array.from({ length: PEOPLE }, async () => (await newToken("viewer", shop.project)).token),
  );
}, 120_000);

/** What everybody asks for at once; the statuses that they get. */
async function everybody(paths: readonly string[], body?: object): Promise<number[]> {
  const method = body === undefined ? "GET" : "POST";
  const asked = tokens.flatMap((token) => paths.map((path) => api(method, path, body, { token })));
  return [...new Set((await Promise.all(asked)).map(({ status }) => status))];
}

test("five people open a project of a thousand flags, and go over its pages, without being told to come back", async () => {
  const start = [shop.at, `${shop.at}/flags`, `${shop.at}/segments`, `${there}/usage`];
  // They open it, and open it again when somebody has changed more than a few flags at once.
  expect(await everybody(start)).toEqual([200]);
  await done("POST", `${shop.at}/flags/archive`, { flags: ["flag-1", "flag-2"] });
  expect(await everybody(start)).toEqual([200]);
  const lists = ["guards", "plans", "tests", "propagation", "keys", "schedules", "freezes", "drill"];
  expect(await everybody(lists.map((list) => `${there}/${list}`))).toEqual([200]);
  expect(await everybody([`${there}/flags/flag-7`, `${there}/flags/flag-7/dependants`])).toEqual([200]);
});

test("what they ask for costs less than there is, however fast the machine answers", async () => {
  await inStore(shop.project, {}, async (store) => {
    const { tables } = store as unknown as { tables: { charsRead: number } };
    const cost = (read: () => unknown): number => {
      const before = tables.charsRead;
      const text = JSON.stringify(read());
      return CALL_CHARS + tables.charsRead - before + text.length;
    };
    const place = "production";
    const open = () =>
      cost(() => store.listFlags(false)) +
      cost(() => store.listDefinitions("segment")) +
      cost(() => store.usage(place));
    const pages = () =>
      [
        ...[() => store.listGuards(place), () => store.listPlans(place), () => store.listTests(place)],
        ...[() => store.propagation(place), () => store.listKeys(place), () => store.listSchedules(place)],
        ...[() => store.listFreezes(place), () => store.listTriggers(place, "flag-7"), () => store.listPlanTemplates()],
      ].reduce((sum, read) => sum + cost(read), 0);
    const draft = () => cost(() => store.draft(place));
    let all = 0;
    for (let person = 0; person < PEOPLE; person++) all += open() + pages();
    // The playground and the list of dependants share what an isolate keeps; each person may meet another isolate.
    for (let person = 0; person < PEOPLE; person++) all += draft();
    expect(all).toBeLessThan(LIST_CHARS_AT_ONCE);
    // While they look on, a guard's page asks every two seconds and a plan's every three.
    const watching = cost(() => store.listGuards(place, "flag-7")) + cost(() => store.listPlans(place, "flag-7"));
    expect(PEOPLE * watching * 10).toBeLessThan(LIST_CHARS_PER_S);
    expect(PEOPLE * cost(() => store.getProject()) * 10).toBeLessThan(POINT_CHARS_AT_ONCE);
  });
});

test("and type contexts into the playground", async () => {
  for (let keystroke = 0; keystroke < 4; keystroke++)
    expect(await everybody([`${there}/evaluate`], { context: { email: `k${keystroke}` } })).toEqual([200]);
});
