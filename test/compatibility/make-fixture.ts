import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import { createStateDir, root, type Server, startServer } from "../process/server.ts";
import { ask, type Exchange, NAMES, packState, type Recorded, writeFixture } from "./fixture.ts";
import { storedSchemas } from "./stored-schemas.ts";

// Makes the fixture of test/compatibility anew, with the code of the present checkout:
//
//   node scripts/run.mjs test/compatibility/make-fixture.ts
//
// README.md beside it says when that is right (hardly ever) and what is in it.

const BREAK_GLASS = "bg_throw-away-secret-of-the-compatibility-fixture";
const ADMIN = "bda_throw-away-token-of-the-compatibility-fixture";
/** Of a segment's long list. */
const LISTED = 3_000;
const YEAR_MS = 365 * 86_400_000;
const at = "/projects/shop";
const production = `${at}/environments/production`;
const staging = `${at}/environments/staging`;
const flagAt = (flag: string, environment = production) => `${environment}/flags/${flag}`;
const everybody = { all: [] };
const half = [
  { variant: "on", weight: 50_000 },
  { variant: "off", weight: 50_000 },
];

// biome-ignore lint/suspicious/noExplicitAny: answers of many routes, read by name
type Json = any;
const secrets: Record<string, string> = { admin: ADMIN, breakGlass: BREAK_GLASS };
let server: Server;
let shownTheDoor: string[] = [];

async function send(
  method: string,
  route: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Json> {
  const response = await fetch(server.url + route, {
    method,
    headers: {
      Authorization: `Bearer ${ADMIN}`,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${text}`);
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
const api = (method: string, route: string, body?: unknown, headers?: Record<string, string>) =>
  send(method, `/api/v1${route}`, body, headers);
const put = (route: string, body: unknown) => api("PUT", route, body);
const post = (route: string, body: unknown = {}) => api("POST", route, body);

/** All rows of the audit. */
async function auditRows(): Promise<Json[]> {
  const all: Json[] = [];
  for (let after: number | null = 0; after !== null; ) {
    const page = await api("GET", `${at}/audit?after=${after}&limit=200`);
    all.push(...page.rows);
    after = page.next;
  }
  return all;
}

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 300; turn++) {
    if (await holds()) return;
    await sleep(200);
  }
  throw new Error(`it did not come to this: ${what}`);
}

const bool = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
async function flag(key: string, definition: object, state?: object, environment = production): Promise<void> {
  await put(`${at}/flags/${key}`, { ...bool, visibility: "public", ...definition });
  if (state) await put(flagAt(key, environment), { enabled: true, ...state });
}

/** Every operator, as a rule of one flag: the variant says which rule matched. */
const OPERATORS: [op: string, values: unknown[] | undefined, matching: unknown, more?: object][] = [
  ["equals", ["red"], "red"],
  ["equals", ["Grün"], "GRÜN", { ignoreCase: true }],
  ["in", [1, true, "x"], true],
  ["contains", ["needle"], "hay needle hay"],
  ["starts_with", ["pre"], "prefix"],
  ["ends_with", ["fix"], "suffix"],
  ["matches", ["^[a-c]{2,3}\\d+$"], "abc42"],
  ["gt", [10], 11],
  ["gte", [10], 10],
  ["lt", [10], 9.5],
  ["lte", [10], 10],
  ["before", ["2026-01-01T00:00:00Z"], "2025-12-31T23:59:59Z"],
  ["after", ["2026-01-01T00:00:00Z"], "2026-01-02T00:00:00+01:00"],
  ["semver_eq", ["1.2.3"], "1.2.3+build"],
  ["semver_gt", ["1.2.3"], "1.10.0"],
  ["semver_gte", ["2.0.0"], "2.0.0"],
  ["semver_lt", ["1.0.0"], "1.0.0-rc.1"],
  ["semver_lte", ["1.0.0"], "1.0.0"],
  ["in_cidr", ["10.0.0.0/8", "2001:db8::/32"], "2001:db8::7"],
  ["exists", undefined, "anything"],
  ["equals", ["red"], "blue", { negate: true }],
];
const nameOf = (index: number) => `r${index}-${OPERATORS[index]?.[0].replaceAll("_", "-")}`;

async function makeShop(): Promise<void> {
  await put(at, {
    name: "Shop",
    environments: ["development", "staging", "production"],
    comment: "made for the fixture",
  });
  await put(`${at}/environments/temporary`, { name: "For a moment" });
  await api("DELETE", `${at}/environments/temporary`);

  const staff = { attribute: "email", op: "ends_with", values: ["@shop.example"], ignoreCase: true };
  await put(`${at}/segments/staff`, { name: "Staff", when: staff });
  const listed = {
    included: ["ada", "grace"],
    excluded: ["linus"],
    when: { attribute: "beta", op: "equals", values: [true] },
  };
  await put(`${at}/segments/beta`, { description: "Who asked for it", ...listed });
  await put(`${at}/segments/members`, { by: "memberId", description: "A long list" });
  const members = Array.from({ length: LISTED }, (_, n) => `member-${n}`).join("\n");
  await api("PUT", `${at}/segments/members/list`, members, { "Content-Type": "text/plain" });
  await api("PATCH", `${at}/segments/members/list`, { add: ["late-comer"], remove: ["member-7"] });
  await put(`${at}/segments/gone`, { included: ["x"] });
  await api("PUT", `${at}/segments/gone/list`, "x\ny\n", { "Content-Type": "text/plain" });
  await api("DELETE", `${at}/segments/gone/list`);
  await api("DELETE", `${at}/segments/gone`);
  await put(`${at}/layers/home-page`, { description: "One experiment at a time", seed: "home-seed" });
  await put(`${at}/layers/gone`, {});
  await api("DELETE", `${at}/layers/gone`);
  await put(`${at}/holdouts/yearly`, { share: 10_000, description: "Sees nothing new" });
  await put(`${at}/holdouts/gone`, { share: 1 });
  await api("DELETE", `${at}/holdouts/gone`);

  // Flags of each type, purpose and visibility.
  const variants = Object.fromEntries([
    ["none", "none"],
    ...OPERATORS.map((_, index) => [nameOf(index), nameOf(index)]),
  ]);
  const rules = OPERATORS.map(([op, values, , more], index) => ({
    id: nameOf(index),
    when: { attribute: `a${index}`, op, ...(values ? { values } : {}), ...more },
    serve: { variant: nameOf(index) },
  }));
  await flag(
    "operators",
    { type: "string", purpose: "config", variants, offVariant: "none" },
    {
      rules,
      fallthrough: { variant: "none" },
    },
  );
  const split = [
    { variant: "on", weight: 12_345 },
    { variant: "off", weight: 87_655 },
  ];
  await flag(
    "checkout",
    { description: "The new one", owner: "payments", tags: ["money"], expiresAt: "2027-06-01T00:00:00Z" },
    {
      holdout: "yearly",
      killVariant: "off",
      rules: [
        { id: "staff", name: "Staff see it", when: { segment: "staff" }, serve: { variant: "on" } },
        { id: "canary", when: everybody, serve: { split } },
      ],
      fallthrough: { variant: "off" },
    },
  );
  // A second edit of the weights: ranges that no first edit would make.
  split[0]!.weight = 40_000;
  split[1]!.weight = 60_000;
  await put(flagAt("checkout"), {
    enabled: true,
    holdout: "yearly",
    killVariant: "off",
    onStale: { action: "keep", afterSeconds: 60 },
    rules: [
      { id: "staff", name: "Staff see it", when: { segment: "staff" }, serve: { variant: "on" } },
      { id: "canary", when: everybody, serve: { split } },
    ],
    fallthrough: { variant: "off" },
  });
  await flag(
    "express",
    {},
    { prerequisites: [{ flag: "checkout", variants: ["on"] }], fallthrough: { variant: "on" } },
  );
  const colours = { red: "#f00", green: "#0f0", blue: "#00f" };
  await flag(
    "colour",
    { type: "string", purpose: "experiment", variants: colours, offVariant: "red", seed: "colour-seed" },
    {
      layer: { layer: "home-page", from: 0, to: 50_000 },
      rules: [
        {
          id: "companies",
          when: { attribute: "company", op: "exists" },
          serve: {
            by: "company",
            split: [
              { variant: "red", weight: 33_334 },
              { variant: "green", weight: 33_333 },
              { variant: "blue", weight: 33_333 },
            ],
          },
        },
      ],
      fallthrough: { variant: "green" },
    },
  );
  const prices = { type: "number", variants: { today: 4.9, lower: 2.9, free: 0 }, offVariant: "today" };
  await flag(
    "price",
    { ...prices, purpose: "experiment" },
    {
      layer: { layer: "home-page", from: 50_000, to: 100_000 },
      rules: [
        { id: "paused", paused: true, when: everybody, serve: { variant: "free" } },
        {
          id: "for-long",
          expiresAt: "2099-01-01T00:00:00Z",
          when: { attribute: "country", op: "in", values: ["DE", "AT"] },
          serve: { variant: "lower" },
        },
        {
          id: "over",
          expiresAt: "2027-01-01T00:00:00Z",
          when: { attribute: "never", op: "exists" },
          serve: { variant: "free" },
        },
      ],
      fallthrough: { variant: "today" },
    },
  );
  const layouts = { plain: { columns: 1, deep: { list: [1, "two", null] } }, rich: { columns: 3, deep: {} } };
  await flag(
    "layout",
    { type: "json", purpose: "config", variants: layouts, offVariant: "plain", visibility: "targeted" },
    {
      rules: [
        {
          id: "nested",
          when: {
            all: [
              {
                any: [
                  { attribute: "address.city", op: "equals", values: ["Ulm"] },
                  { attribute: "/odd.name", op: "exists" },
                ],
              },
              { not: { attribute: "plan", op: "equals", values: ["free"] } },
              { not: { segment: "beta" } },
            ],
          },
          serve: { variant: "rich" },
        },
        { id: "by-flag", when: { flag: "checkout", variants: ["on"] }, serve: { variant: "rich" } },
      ],
      fallthrough: { variant: "plain" },
    },
  );
  await flag("queue", { purpose: "ops", visibility: "server-only" }, { enabled: false });
  await flag(
    "members-only",
    {},
    {
      rules: [{ id: "members", when: { segment: "members" }, serve: { variant: "on" } }],
      fallthrough: { variant: "off" },
    },
  );
  await flag(
    "beta-only",
    { visibility: "targeted" },
    {
      rules: [{ id: "beta", when: { segment: "beta" }, serve: { variant: "on" } }],
      fallthrough: { variant: "off" },
    },
  );
  await flag("bare", { type: "string", variants: { hello: "hello" }, offVariant: null }, { enabled: false });
  await flag("old-banner", {}, { fallthrough: { variant: "on" } });
  await api("DELETE", `${at}/flags/old-banner`);
  for (const key of ["older-1", "older-2"]) await flag(key, {});
  await post(`${at}/flags/archive`, { flags: ["older-1", "older-2"] });
  await api("PATCH", `${at}/flags/express`, { description: "Depends on the new checkout" });
  await api("PATCH", flagAt("express", staging), { enabled: true });

  // A revert and an import.
  const { revision } = await api("GET", at);
  await put(flagAt("queue"), { enabled: true, fallthrough: { variant: "on" } });
  await post(`${at}/revert`, { version: revision, comment: "not yet" });
  const document = await api("GET", `${at}/export`);
  document.flags.imported = { ...bool, visibility: "public", description: "From a document" };
  document.states.production.imported = { enabled: true, fallthrough: { split: half } };
  await post(`${at}/import?dryRun=false`, document);
}

async function makeCredentials(): Promise<void> {
  const keyOf = async (name: string, kind: string, environment = production, more: object = {}) => {
    const made = await post(`${environment}/keys`, { kind, name, ...more });
    secrets[name] = made.key;
    return made.id as string;
  };
  await keyOf("client", "client", production, { origins: ["https://shop.example"] });
  await keyOf("server", "server");
  await keyOf("stagingServer", "server", staging);
  const limited = await keyOf("limited", "server");
  await put(`${production}/keys/${limited}/limit`, { perSecond: 500, burst: 1_000 });
  await api("DELETE", `${production}/keys/${await keyOf("revokedKey", "server")}`);
  for (const role of ["viewer", "marketer", "engineer", "admin"]) {
    const made = await post("/tokens", { name: `a ${role}`, role });
    secrets[`${role}Token`] = made.token;
  }
  secrets.ofShop = (await post("/tokens", { name: "of one project", role: "engineer", project: "shop" })).token;
  const revoked = await post("/tokens", { name: "revoked", role: "admin" });
  secrets.revokedToken = revoked.token;
  await api("DELETE", `/tokens/${revoked.id}`);
  // Stored, and over within hours and days: no test relies on them.
  const { code } = await post("/session/links");
  await post("/session", { code });
  await post("/session/links");
}

async function makeKills(): Promise<void> {
  for (const key of ["killed", "killed-arm", "restored", "by-trigger", "broken-glass", "mended-glass"])
    await flag(key, {}, { fallthrough: { split: half } });
  await post(`${flagAt("killed")}/kill`, {
    comment: "errors at the payment step",
    onsetAt: new Date(Date.now() - 60_000).toISOString(),
  });
  await post(`${flagAt("killed-arm")}/kill`, { variant: "on" });
  await post(`${flagAt("restored")}/kill`, {});
  await post(`${flagAt("restored")}/restore`, { comment: "mended" });

  const trigger = await post(`${flagAt("by-trigger")}/triggers`, { name: "Alertmanager" });
  secrets.trigger = trigger.token;
  const spare = await post(`${flagAt("by-trigger")}/triggers`, { name: "spare", variant: "on" });
  secrets.spareTrigger = spare.token;
  const gone = await post(`${flagAt("by-trigger")}/triggers`, { name: "gone" });
  await api("DELETE", `${flagAt("by-trigger")}/triggers/${gone.id}`);
  await send("POST", `/v1/triggers/${secrets.trigger}`, { status: "firing" });

  for (const key of ["broken-glass", "mended-glass"])
    await send(
      "POST",
      `/api/v1/break-glass/projects/shop/environments/production/flags/${key}/kill`,
      {},
      {
        Authorization: `Bearer ${BREAK_GLASS}`,
      },
    );
  await post(`${flagAt("mended-glass")}/restore`, {});
}

const errors = { kind: "error", name: "errors", event: "pay" };
const guards = [errors, { kind: "conversion", name: "orders" }, { kind: "slow", name: "slow", event: "pay" }];

async function makePlans(): Promise<void> {
  const stages = [
    { name: "Staff", audience: { segment: "staff" }, advance: "by-hand" },
    { name: "Canary", audience: { share: 10_000 }, advance: "by-hand", minimumUnits: 100, guards },
    { name: "Most", audience: { share: 60_000 }, advance: "by-hand" },
    { name: "All", audience: { share: 100_000 }, minimumSeconds: 600, advance: "by-hand" },
  ];
  const plan = { variant: "on", baseline: "off", stages, holdback: 1_000 };
  await put(`${at}/plan-templates/careful`, { name: "Careful", description: "Four stages", stages });
  await put(`${at}/plan-templates/gone`, { name: "Gone", stages });
  await api("DELETE", `${at}/plan-templates/gone`);
  for (const key of ["plan-new", "plan-running", "plan-paused", "plan-done", "plan-back", "plan-halted"]) {
    await flag(key, {}, { fallthrough: { variant: "off" } });
    await put(`${flagAt(key)}/plan`, plan);
    if (key !== "plan-new") await post(`${flagAt(key)}/plan/start`, { stage: key === "plan-done" ? 2 : 1 });
  }
  await post(`${flagAt("plan-paused")}/plan/pause`, { comment: "lunch" });
  await post(`${flagAt("plan-done")}/plan/pause`);
  await post(`${flagAt("plan-done")}/plan/resume`);
  await post(`${flagAt("plan-done")}/plan/advance`, { from: 2 });
  await post(`${flagAt("plan-back")}/plan/rollback`, { comment: "no" });
  await post(`${flagAt("plan-halted")}/kill`, { comment: "stop" });
  const { revision } = await api("GET", at);
  const due = { title: "Alert on errors", owner: "Grace", due: "2098-12-01" };
  const { id } = await post(`${production}/incidents/${revision}/follow-ups`, due);
  await api("PATCH", `${production}/follow-ups/${id}`, { done: true });
  const gone = await post(`${production}/incidents/${revision}/follow-ups`, due);
  await api("DELETE", `${production}/follow-ups/${gone.id}`);
  await flag("plan-gone", {}, { fallthrough: { variant: "off" } });
  await put(`${flagAt("plan-gone")}/plan`, plan);
  await api("DELETE", `${flagAt("plan-gone")}/plan`);

  const once = { name: "Holidays", from: "2098-12-24T00:00:00Z", until: "2098-12-27T00:00:00Z" };
  await put(`${production}/freezes/holidays`, once);
  const weekly = { days: ["saturday", "sunday"], from: "00:00", until: "23:59", timeZone: "Europe/Berlin" };
  await put(`${staging}/freezes/weekend`, { name: "Weekends", weekly });
  await put(`${staging}/freezes/gone`, once);
  await api("DELETE", `${staging}/freezes/gone`);
}

async function makeSchedules(): Promise<void> {
  await flag("scheduled", {}, { enabled: false }, staging);
  const schedules = `${flagAt("scheduled", staging)}/schedules`;
  const patch = { enabled: true };
  const soon = new Date(Date.now() + 3_000).toISOString();
  const applied = await post(schedules, { at: soon, patch, comment: "the launch" });
  const cancelled = await post(schedules, {
    at: new Date(Date.now() + YEAR_MS).toISOString(),
    patch: { enabled: false },
  });
  await api("DELETE", `${schedules}/${cancelled.id}`);
  // As far ahead as may be: before it comes, the fixture is to be made anew (README.md).
  const year = new Date(Date.now() + 2 * YEAR_MS - 86_400_000).toISOString().slice(0, 10);
  await post(schedules, { at: { local: `${year}T09:00`, timeZone: "Europe/Berlin" }, patch: { enabled: false } });
  await eventually("the schedule is applied", async () => {
    const { schedules: all } = await api("GET", schedules);
    return all.find((one: Json) => one.id === applied.id)?.status === "applied";
  });
}

/** Exposures and outcomes of so many people, half of them in each arm as they are served. */
async function traffic(key: string, flags: string[], people: number, failing: number): Promise<void> {
  const events = [];
  for (const name of flags) {
    for (let n = 0; n < people; n++) {
      const targetingKey = `person-${n}`;
      const answer = await fetch(`${server.url}/ofrep/v1/evaluate/flags/${name}`, {
        method: "POST",
        headers: { Authorization: `Bearer ${secrets.server}`, "Content-Type": "application/json" },
        body: JSON.stringify({ context: { targetingKey } }),
      });
      const { variant } = (await answer.json()) as { variant: string };
      const common = { unit: { targetingKey }, time: Date.now() };
      const ok = variant !== "on" || n % 100 >= failing;
      events.push({ ...common, id: randomUUID(), type: "exposure", flag: name, variant });
      events.push({ ...common, id: randomUUID(), type: "outcome", metric: "pay", ok, latencyMs: 50 + (n % 40) });
      if (n % 3 === 0) events.push({ ...common, id: randomUUID(), type: "conversion", metric: "orders", value: n });
      if (n % 5 === 0) events.push({ ...common, id: randomUUID(), type: "click", metric: "teaser" });
    }
  }
  for (let from = 0; from < events.length; from += 400) {
    const batch = { batchId: randomUUID(), sentAt: Date.now(), events: events.slice(from, from + 400) };
    await send("POST", "/v1/events", batch, { Authorization: `Bearer ${key}` });
  }
}

async function makeGuards(): Promise<void> {
  const kinds = [
    ...guards,
    { kind: "missing", name: "silent", afterSeconds: 3_600 },
    { kind: "mean", name: "basket", event: "orders", direction: "down-is-bad", min: 0, max: 500 },
  ];
  for (const [key, over] of [
    ["guarded", { metrics: kinds }],
    ["guard-kills", { metrics: [errors] }],
    ["guard-tells", { metrics: [errors], onBreach: "alert" }],
    ["guard-gone", { metrics: [errors] }],
  ] as const) {
    await flag(
      key,
      {},
      { rules: [{ id: "all", when: everybody, serve: { split: half } }], fallthrough: { variant: "off" } },
    );
    await put(`${flagAt(key)}/guard`, over);
  }
  await api("DELETE", `${flagAt("guard-gone")}/guard`);
  await flag("plan-steps", {}, { fallthrough: { variant: "off" } });
  const stages = [
    { audience: { share: 10_000 }, advance: "by-hand" },
    { audience: { share: 50_000 }, advance: "by-hand", guards: [errors] },
  ];
  const stepping = { variant: "on", baseline: "off", stages, onBreach: "step-back" };
  await put(`${flagAt("plan-steps")}/plan`, stepping);
  await post(`${flagAt("plan-steps")}/plan/start`, { stage: 1 });
  const activeOf = async (key: string) => (await api("GET", `${flagAt(key)}/guard`)).watch?.active === true;
  await eventually("guards watch", async () => (await activeOf("guard-kills")) && (await activeOf("guard-tells")));
  // An edge learns of a series with its next snapshot.
  await sleep(2_500);
  await traffic(secrets.server as string, ["guarded"], 200, 0);
  await traffic(secrets.client as string, ["guarded"], 40, 0);
  await traffic(secrets.server as string, ["guard-kills", "guard-tells", "plan-steps"], 400, 60);
  await eventually("the guard kills", async () => (await api("GET", flagAt("guard-kills"))).kills.length > 0);
  await eventually("the guards tell and step back", async () => {
    const actions = new Set((await auditRows()).map((row: Json) => row.action));
    return actions.has("reportBreach") && actions.has("stepBackPlan");
  });
}

const BROWSER = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/153.0 Safari/537.36";

async function makeTests(): Promise<void> {
  const door = (over: object = {}) => ({
    kind: "fake-door",
    share: 50_000,
    wording: { message: "Not there yet", thanks: "Thank you" },
    bar: 0.03,
    targetPeople: 10_000,
    networkCap: 10_000,
    ...over,
  });
  const withTest = async (key: string, settings: object) => {
    await put(`${flagAt(key)}/test`, { settings, description: "A test of demand" });
    return `${flagAt(key)}/test`;
  };
  const open = await withTest("gift-cards", door());
  await post(`${open}/start`);
  const over = await withTest("loyalty", door({ share: 10_000 }));
  await post(`${over}/start`);
  await post(`${over}/stop`);
  const gone = await withTest("door-gone", door({ share: 1_000 }));
  await api("DELETE", gone);
  const email = { attribute: "email", op: "ends_with", values: ["@shop.example"] };
  const segment = { attribute: "edge.ip", op: "in_cidr", values: ["203.0.113.0/24"] };
  const dark = await withTest("photo-search", { kind: "dark-launch", segment, staff: email, percent: 20_000 });
  for (const stage of ["synthetic", "segment", "staff", "percent"]) await post(`${dark}/stage`, { stage });
  const wizard = { kind: "wizard-of-oz", share: 100_000, deadlineSeconds: 600, fallback: { text: "Later" } };
  await post(`${await withTest("adviser", wizard)}/start`);
  await sleep(2_500);

  const asPage = (route: string, body: object) =>
    send("POST", route, JSON.stringify({ key: secrets.client, ...body }), {
      Authorization: "",
      "Content-Type": "text/plain",
      "User-Agent": BROWSER,
      Origin: "https://shop.example",
    });
  await asPage("/v1/pages", { flags: ["gift-cards"] });
  // Everybody who is shown the door looks at it for long enough to count; every third clicks.
  const shown: { targetingKey: string; nonce: string; user?: string }[] = [];
  for (let n = 0; shown.length < 12; n++) {
    const targetingKey = `visitor-${n}`;
    const opened = await asPage("/v1/doors/gift-cards/open", { context: { targetingKey } }).catch(() => null);
    if (opened) shown.push({ targetingKey, nonce: opened.nonce, ...(n % 4 === 0 ? { user: `user-${n}` } : {}) });
  }
  await sleep(1_500);
  shownTheDoor = shown.map(({ targetingKey }) => targetingKey);
  for (const [n, { targetingKey, ...more }] of shown.entries()) {
    await asPage("/v1/doors/gift-cards/seen", { context: { targetingKey }, ...more });
    if (n % 3 === 0) await asPage("/v1/doors/gift-cards/click", { context: { targetingKey }, ...more });
  }
  const people = Array.from({ length: 5 }, (_, n) => ({
    id: randomUUID(),
    type: "exposure",
    flag: "gift-cards",
    variant: "on",
    unit: { targetingKey: `server-${n}` },
    time: Date.now(),
  }));
  const definition = await api("GET", `${at}/flags/gift-cards`);
  const variant = Object.keys(definition.variants).find((name) => name !== definition.offVariant);
  const batch = { batchId: randomUUID(), sentAt: Date.now(), events: people.map((one) => ({ ...one, variant })) };
  await send("POST", "/v1/events", batch, { Authorization: `Bearer ${secrets.server}` });

  const ids = [];
  for (let n = 0; n < 3; n++) {
    const id = randomUUID();
    ids.push(id);
    await asPage("/v1/ask/adviser", { id, context: { targetingKey: `asker-${n}` }, input: { question: `tent ${n}` } });
  }
  const desk = `${production}/desk/requests`;
  await post(`${desk}/${ids[0]}/claim`);
  await post(`${desk}/${ids[0]}/answer`, { answer: { text: "Dome 2" } });
  await post(`${desk}/${ids[1]}/claim`);
  await post(`${desk}/${ids[1]}/release`);
  secrets.answered = ids[0] as string;
}

async function makeRest(receiver: string): Promise<string> {
  const events = ["flag.changed", "flag.killed", "flag.restored", "guard.breached", "plan.waiting", "budget.warning"];
  const signed = await post(`${at}/webhooks`, { name: "Signed", url: `${receiver}/signed`, events });
  const rotated = await post(`${at}/webhooks/${signed.id}/rotate`);
  secrets.webhook = rotated.secret;
  await post(`${at}/webhooks`, {
    name: "Slack",
    url: `${receiver}/slack`,
    events: ["flag.killed"],
    environments: ["production"],
    format: "slack",
  });
  const paused = await post(`${at}/webhooks`, { name: "Paused", url: `${receiver}/paused`, events });
  await api("PATCH", `${at}/webhooks/${paused.id}`, { paused: true });
  const gone = await post(`${at}/webhooks`, { name: "Gone", url: `${receiver}/gone`, events });
  await api("DELETE", `${at}/webhooks/${gone.id}`);
  await post(`${at}/webhooks/${signed.id}/test`);

  const finishedAt = new Date(Date.now() - 120_000).toISOString();
  const committedAt = new Date(Date.now() - 3_600_000).toISOString();
  await post(`${at}/deployments`, {
    id: "dep-1",
    environment: "production",
    version: "1.2.3",
    finishedAt,
    committedAt,
    service: "shop",
    url: "https://ci.example/1",
  });
  await post(`${at}/deployments`, {
    id: "dep-2",
    environment: "production",
    version: "1.2.4",
    finishedAt,
    committedAt,
  });
  await post(`${at}/deployments`, {
    id: "dep-2",
    environment: "production",
    version: "1.2.4",
    status: "rolled-back",
    finishedAt,
  });
  await put(`${at}/budget`, { evaluationsPerMonth: 10 });
  await api("DELETE", `${at}/budget`);
  await put(`${at}/budget`, { evaluationsPerMonth: 100, warnAt: 0.1 });
  await put(`${production}/drill`, { everyHours: 24 });
  await post(`${production}/drill/run`);
  await api("DELETE", `${production}/drill`);
  await put(`${staging}/drill`, { everyHours: 168 });
  return signed.id;
}

/** A project of its own, that is in the state no more when it is kept: only its backup is. */
async function makeAttic(): Promise<void> {
  await put("/projects/attic", { name: "Attic", environments: ["production"] });
  await put("/projects/attic/segments/some", { included: ["u1", "u2"] });
  await api("PUT", "/projects/attic/segments/some/list", "l1\nl2\nl3\n", { "Content-Type": "text/plain" });
  for (const key of ["lamp", "chest", "trunk"]) {
    await put(`/projects/attic/flags/${key}`, { ...bool, visibility: "public" });
    const rules = [{ id: "some", when: { segment: "some" }, serve: { variant: "on" } }];
    const state = { enabled: true, rules, fallthrough: { split: half } };
    await put(`/projects/attic/environments/production/flags/${key}`, state);
  }
  await post("/projects/attic/environments/production/flags/trunk/kill");
  for (const kind of ["client", "server"]) {
    const made = await post("/projects/attic/environments/production/keys", { kind, name: kind });
    secrets[`attic-${kind}`] = made.key;
  }
}

const people: Record<string, unknown>[] = [
  {},
  ...Array.from({ length: 12 }, (_, n) => ({ targetingKey: `u${n}` })),
  { targetingKey: "kim", email: "Kim@Shop.Example", country: "DE" },
  { targetingKey: "ada", company: "acme" },
  { targetingKey: "linus", beta: true, company: "umbrella" },
  { targetingKey: "m1", memberId: "member-11" },
  { targetingKey: "m2", memberId: "member-7" },
  { targetingKey: "m3", memberId: "late-comer", company: 7 },
  { targetingKey: "n1", address: { city: "Ulm" }, plan: "pro" },
  { targetingKey: "n2", "odd.name": 1, plan: "free" },
  ...OPERATORS.map(([, , matching], index) => ({ targetingKey: "op", [`a${index}`]: matching })),
  { targetingKey: "op", ...Object.fromEntries(OPERATORS.map((_, index) => [`a${index}`, ["a list"]])) },
];

const bulk = "/ofrep/v1/evaluate/flags";
const evaluation = (as: string, context: unknown, flag = "", headers?: Record<string, string>) =>
  ask(server.url, secrets, {
    method: "POST",
    path: bulk + flag,
    as,
    body: { context },
    ...(headers ? { headers } : {}),
  });

async function recordEvaluations(): Promise<Exchange[]> {
  const recorded: Exchange[] = [];
  const origin = { Origin: "https://shop.example" };
  for (const context of people) {
    recorded.push(await evaluation("server", context));
    recorded.push(await evaluation("client", context, "", origin));
  }
  const { flags } = await api("GET", `${at}/flags`);
  for (const { key } of flags) {
    for (const context of [people[1], people[13], people[14], people[16]]) {
      recorded.push(await evaluation("server", context, `/${key}`));
      recorded.push(await evaluation("client", context, `/${key}`, origin));
    }
  }
  recorded.push(await evaluation("limited", people[1]));
  recorded.push(await evaluation("stagingServer", people[1]));
  recorded.push(await evaluation("revokedKey", people[1]));
  recorded.push(await evaluation("server", people[1], "/no-such-flag"));
  return recorded;
}

/** Documents whose answer does not depend on the time of asking, or by the rules of `timeless` no more. */
async function documentRoutes(): Promise<string[]> {
  const { flags } = await api("GET", `${at}/flags`);
  const { flags: archived } = await api("GET", `${at}/flags?archived=true`);
  const ofFlags = [...flags, ...archived].flatMap(({ key }: Json) => [
    `${at}/flags/${key}`,
    flagAt(key),
    flagAt(key, staging),
  ]);
  const with_ = (suffix: string, ...keys: string[]) => keys.map((key) => `${flagAt(key)}/${suffix}`);
  return [
    "/projects",
    "/tokens",
    ...[
      "",
      "/environments",
      "/flags",
      "/flags?archived=true",
      "/segments",
      "/layers",
      "/holdouts",
      "/plan-templates",
    ].map((one) => at + one),
    ...["/webhooks", "/deployments", "/export"].map((one) => at + one),
    ...["staff", "beta", "members"].map((one) => `${at}/segments/${one}`),
    `${at}/segments/members/list`,
    ...ofFlags,
    `${flagAt("checkout")}/dependants`,
    ...with_("plan", "plan-new", "plan-running", "plan-paused", "plan-done", "plan-back", "plan-halted", "plan-steps"),
    ...with_("guard", "guarded", "guard-kills", "guard-tells"),
    ...with_("triggers", "by-trigger"),
    ...with_("test", "gift-cards", "loyalty", "photo-search", "adviser"),
    ...with_("results", "gift-cards"),
    `${flagAt("scheduled", staging)}/schedules`,
    ...["/plans", "/guards", "/freezes", "/keys", "/schedules", "/synthetic-key"].map((one) => production + one),
    ...["/freezes", "/keys", "/schedules", "/drill"].map((one) => staging + one),
    `${production}/drill`,
  ];
}

const recordDocuments = async (): Promise<Exchange[]> => {
  const recorded: Exchange[] = [];
  for (const route of await documentRoutes())
    recorded.push(await ask(server.url, secrets, { method: "GET", path: `/api/v1${route}`, as: "admin" }));
  for (const role of ["viewerToken", "marketerToken", "engineerToken", "adminToken", "ofShop", "revokedToken"])
    recorded.push(await ask(server.url, secrets, { method: "GET", path: "/api/v1/session", as: role }));
  // Doors know their people again: asked as a page asks.
  for (const targetingKey of [...shownTheDoor, "nobody-yet"]) {
    const headers = { "Content-Type": "text/plain", Origin: "https://shop.example" };
    const body = { key: secrets.client, context: { targetingKey } };
    const path = "/v1/doors/gift-cards/open";
    recorded.push(await ask(server.url, secrets, { method: "POST", path, as: "nobody", headers, body }));
  }
  const answered = `/v1/ask/shop/production/${secrets.answered}?wait=0`;
  recorded.push(await ask(server.url, secrets, { method: "GET", path: answered, as: "nobody" }));
  return recorded;
};

async function backup(project: string, into: string): Promise<string> {
  rmSync(into, { force: true });
  execFileSync(process.execPath, [path.join(root, "scripts", "backup.mjs"), project, into], {
    cwd: root,
    env: { ...process.env, BLASTDOOR_URL: server.url, ADMIN_TOKEN: ADMIN },
  });
  return readFileSync(into, "utf8");
}

/** What is in no row of the store's tables: then the fixture would not hold it. */
function lacking(stateDir: string, entities: string[], commands: string[]): { entities: string[]; commands: string[] } {
  const folder = path.join(stateDir, "v3/do/blastdoor-FlagStore");
  const found = new Set<string>();
  for (const name of execFileSync("ls", [folder], { encoding: "utf8" }).split("\n")) {
    if (!/^[0-9a-f]{64}\.sqlite$/.test(name)) continue;
    const database = new DatabaseSync(path.join(folder, name), { readOnly: true });
    const has = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'document'").all().length > 0;
    if (has) {
      for (const row of database.prepare("SELECT DISTINCT entity AS name FROM document").all())
        found.add(`entity ${row.name}`);
      for (const row of database.prepare("SELECT DISTINCT action AS name FROM audit").all())
        found.add(`command ${row.name}`);
    }
    database.close();
  }
  return {
    entities: entities.filter((one) => !found.has(`entity ${one}`)),
    commands: commands.filter((one) => !found.has(`command ${one}`)),
  };
}

/** `npm start` reads the break-glass secret from .dev.vars only: it is put there for as long as the fixture is made. */
async function withBreakGlassSecret(run: () => Promise<void>): Promise<void> {
  const file = path.join(root, ".dev.vars");
  const before = existsSync(file) ? readFileSync(file, "utf8") : null;
  writeFileSync(
    file,
    `${(before ?? "").replace(/^BREAK_GLASS_SECRET=.*\n?/m, "")}\nBREAK_GLASS_SECRET=${BREAK_GLASS}\n`,
  );
  try {
    await run();
  } finally {
    if (before === null) rmSync(file);
    else writeFileSync(file, before);
  }
}

await withBreakGlassSecret(async () => {
  const sink = http.createServer((request, response) => {
    request.resume();
    response.writeHead(204).end();
  });
  await new Promise<void>((listening) => sink.listen(0, "127.0.0.1", listening));
  const receiver = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;
  const stateDir = createStateDir();
  const files = mkdtempSync(path.join(tmpdir(), "blastdoor-fixture-"));
  try {
    server = await startServer({ stateDir, env: { ADMIN_TOKEN: ADMIN, WEBHOOK_LOCAL_TARGETS: "allow" } });
    await makeShop();
    await makeCredentials();
    const webhook = await makeRest(receiver);
    await makePlans();
    await makeSchedules();
    await makeTests();
    await makeGuards();
    await makeKills();
    await makeAttic();
    const sealed = await post(`${flagAt("checkout")}/previews`, { variant: "on", hours: 168 });
    // Edges tell of use once a minute; the budget's warning follows from it.
    await eventually("the budget warns", async () => {
      await evaluation("server", people[1]);
      const rows = await auditRows();
      return rows.some((row: Json) => row.action === "warnBudget");
    });
    // A month later it would warn again, and make a revision.
    await put(`${at}/budget`, { evaluationsPerMonth: 1_000_000_000 });
    await sleep(3_000);

    const attic = [];
    for (const as of ["attic-server", "attic-client"])
      for (const targetingKey of ["u1", "u2", "u3", "l1", "l2", "x1", "x2", "x3"])
        attic.push(await evaluation(as, { targetingKey }));
    const atticBackup = await backup("attic", path.join(files, "attic.jsonl"));
    await api("DELETE", "/projects/attic");
    await sleep(2_500);
    // An edge looks every fifteen seconds for a kill by break-glass, and for its being lifted.
    const servedTo = async (flag: string) => (await evaluation("server", people[1], `/${flag}`)).answer as Json;
    await eventually("break-glass is in force", async () => (await servedTo("broken-glass")).reason === "DISABLED");
    await eventually("the other one is lifted", async () => (await servedTo("mended-glass")).reason !== "DISABLED");
    // An edge reads a long list behind a request's back: what is recorded is what it says once it has.
    await eventually("the list is read", async () => {
      const { answer } = await evaluation("server", { targetingKey: "m", memberId: "member-11" }, "/members-only");
      return (answer as Json).value === true;
    });
    const evaluations = await recordEvaluations();
    const documents = await recordDocuments();
    const rows = await auditRows();
    const shopBackup = await backup("shop", path.join(files, "shop.jsonl"));
    const openapi = JSON.stringify(await api("GET", "/openapi.json"));
    await sleep(3_000);
    await server.stop();

    const { ENTITIES } = await import("../../worker/objects/flag-store/entities.ts");
    const { command } = await import("../../worker/objects/flag-store/commands.ts");
    const types = command.options.map((one) => one.shape.type.value as string);
    const lacks = lacking(stateDir, Object.keys(ENTITIES), types);
    if (lacks.entities.length > 0) throw new Error(`nothing of these was made: ${lacks.entities.join(", ")}`);
    console.log(`commands that no row of the audit holds: ${lacks.commands.join(", ") || "none"}`);

    const recorded: Recorded = {
      madeAt: new Date().toISOString(),
      commit: execFileSync("git", ["rev-parse", "HEAD"], { cwd: root, encoding: "utf8" }).trim(),
      secrets,
      evaluations,
      attic,
      documents,
      audit: rows.map(({ revision, hash, previousHash }: Json) => ({ revision, hash, previousHash })),
      preview: { token: sealed.token, flag: "checkout", value: true, expires: sealed.expiresAt },
      webhook,
    };
    const sizes = {
      state: packState(stateDir),
      recorded: writeFixture(NAMES.recorded, JSON.stringify(recorded)),
      openapi: writeFixture(NAMES.openapi, openapi),
      schemas: writeFixture(NAMES.schemas, JSON.stringify(storedSchemas())),
      backup: writeFixture(NAMES.backup, shopBackup),
      attic: writeFixture(NAMES.attic, atticBackup),
    };
    console.log(`${evaluations.length} evaluations, ${documents.length} documents, ${rows.length} revisions;`, sizes);
    const bad = [...evaluations, ...documents, ...attic].filter(({ status }) => status >= 300);
    console.log(bad.map(({ path: route, as, status }) => `${status} ${as} ${route}`).join("\n"));
  } finally {
    await server?.stop().catch(() => {});
    sink.close();
    for (const one of [stateDir, files]) rmSync(one, { recursive: true, force: true });
  }
});
