import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Server, startServer } from "../process/server.ts";

// Over the API's own description: a parameter that is added is sent junk from then on. A malformed one is the sender's
// fault, so it is answered with a 4xx that names it, and never with a 5xx, which says "try again".

interface Parameter {
  name: string;
  in: "path" | "query" | "header";
}
interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: Record<string, unknown> };
  servers?: unknown;
}

const LONG = "x".repeat(4_000);
const JUNK = [
  ...["", " ", "-1", "0", "1.5", "1e3", "1e309", "NaN", "-Infinity", "0x10", "9007199254740993", "9".repeat(40)],
  ...[
    "null",
    "undefined",
    "[]",
    "{}",
    "'",
    '"',
    '"1"',
    "%",
    "%00",
    "%ff",
    "%E0%A4%A",
    "a\tb",
    "../..",
    "..%2f..",
    ";",
    "*",
  ],
  ...["__proto__", "constructor", "toString", "hasOwnProperty", "😀", "\ufffd", LONG, "true", "W/", ":", "a:b:c"],
  ...["2026-13-45T00:00:00Z", "+275760-09-13T00:00:01Z", "0000-01-01T00:00:00Z", "2026-11-22"],
];
/** Names and write headers have one schema each, whatever route they stand in: these few show that it is asked there. */
const SHORT_JUNK = ["", "-1", "%00", "..%2f..", "__proto__", "constructor", "😀", LONG];
/** Shapes of cursors, right at the start and wrong behind it. */
const CURSORS = [
  ...[
    "document",
    "document:",
    "document:x",
    "document:-1",
    "document:1e3",
    "document:1.5",
    `document:${"9".repeat(30)}`,
  ],
  ...["document:0:0", "list:x", "list:-1", "audit:x", "audit:", "audit:1:2", "start:0", "constructor:0", "ledger"],
  ...[
    "ledger:",
    "ledger:a:b:c:d",
    "ledger:0:0:x:",
    "ledger:x:0:0:",
    "ledger:-1:0:0:",
    "ledger:0:-1:0:",
    "ledger:0:0:-1:",
  ],
  ...[
    "ledger:0:0:0:nosuch:x",
    "ledger:0:0:0:person:x:y",
    "ledger:0:0:0:person:1",
    "ledger:9:0:NaN:",
    "ledger:0:0:1e9:",
  ],
];

let server: Server;
let operations: { name: string; method: string; path: string; operation: Operation }[];

beforeAll(async () => {
  server = await startServer();
  const definition = { type: "boolean", variants: { on: true, off: false }, offVariant: "off" };
  for (const [method, route, body] of [
    ["PUT", "/projects/shop", { environments: ["x"] }],
    ["PUT", "/projects/shop/flags/x", definition],
    ["PUT", "/projects/shop/segments/x", {}],
    [
      "PUT",
      "/projects/shop/environments/x/flags/door/test",
      { create: { type: "boolean", variants: { on: true, off: false }, offVariant: "off" } },
    ],
  ] as const)
    await server.admin(route, { method, body });
  const document = (await (await server.admin("/openapi.json")).json()) as {
    paths: Record<string, Record<string, Operation>>;
  };
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => !operation.servers)
      .map(([method, operation]) => ({ name: `${method} ${path}`, method: method.toUpperCase(), path, operation })),
  );
});
afterAll(async () => {
  await server?.stop();
});

/** What is sent when another parameter of the route is under test; a long poll must not wait for news. */
const PLAIN: Record<string, string> = { wait: "0" };

async function send(at: (typeof operations)[number], parameter: Parameter, junk: string) {
  const { method, path, operation } = at;
  const query = new URLSearchParams();
  for (const { name } of (operation.parameters ?? []).filter((one) => one.in === "query"))
    if (PLAIN[name] !== undefined) query.set(name, PLAIN[name]);
  if (parameter.in === "query") query.set(parameter.name, junk);
  // What a route would delete must be there for the other routes.
  const project = method === "DELETE" ? "gone" : "shop";
  const url = path.replaceAll(/\{(\w+)\}/g, (_, name) => {
    if (parameter.in === "path" && name === parameter.name) return encodeURIComponent(junk);
    return name === "project" ? project : "x";
  });
  const headers: Record<string, string> = {};
  if (parameter.in === "header") headers[parameter.name] = Buffer.from(junk).toString("latin1");
  const type = Object.keys(operation.requestBody?.content ?? {})[0];
  const body = type === undefined ? undefined : "{}";
  const ask = () =>
    fetch(`${server.url}/api/v1${url}?${query}`, {
      method,
      headers: {
        Authorization: `Bearer ${server.adminToken}`,
        ...(type === undefined ? {} : { "Content-Type": type }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });
  let response = await ask();
  // Large reads have a rate; what is refused for that says nothing about the parameter.
  for (let attempt = 0; response.status === 429 && attempt < 100; attempt++) {
    await response.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, 500));
    response = await ask();
  }
  const text = await response.text();
  const answer = `${parameter.in} ${parameter.name}=${JSON.stringify(junk.slice(0, 40))}: ${response.status} ${text.slice(0, 200)}`;
  return { status: response.status, text, answer };
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const one = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) await work(next);
  };
  await Promise.all(Array.from({ length: 8 }, one));
}

test("no parameter of any route of administration can be sent that answers 5xx", async () => {
  const wrong: string[] = [];
  const seen = new Set<string>();
  const sent = operations.flatMap((at) =>
    (at.operation.parameters ?? []).flatMap((parameter) => {
      const isNew = parameter.in === "query" || !seen.has(parameter.name);
      seen.add(parameter.name);
      const junk = [...(isNew ? JUNK : SHORT_JUNK), ...(parameter.name === "cursor" ? CURSORS : [])];
      return junk.map((one) => ({ at, parameter, junk: one }));
    }),
  );
  expect(sent.length).toBeGreaterThan(1_000);
  await inParallel(sent, async ({ at, parameter, junk }) => {
    const { status, answer } = await send(at, parameter, junk);
    if (status >= 500) wrong.push(`${at.name} ${answer}`);
  });
  expect(wrong).toEqual([]);
}, 300_000);

test("a malformed cursor of a backup is refused by its name", async () => {
  const backup = operations.find(({ name }) => name === "get /projects/{project}/backup");
  if (!backup) throw new Error("the route is gone");
  for (const junk of ["x", ...CURSORS]) {
    const { status, text, answer } = await send(backup, { name: "cursor", in: "query" }, junk);
    expect([junk, status], answer).toEqual([junk, 422]);
    expect(JSON.parse(text).errors).toEqual([{ field: "cursor", message: expect.any(String) }]);
  }
});

test("a number's parameter takes decimal digits and nothing that merely becomes a number", async () => {
  for (const route of ["/projects/shop/audit?after=", "/projects/shop/audit?limit=", "/projects/shop/dora?days="])
    for (const junk of ["", "%20", "0x10", "1e1", "true", "1.0", "+1", "１"]) {
      const response = await server.admin(route + junk);
      const { errors } = (await response.json()) as { errors?: { field: string }[] };
      expect([route + junk, response.status, errors?.[0]?.field]).toEqual([
        route + junk,
        422,
        /\?(\w+)=/.exec(route)?.[1],
      ]);
    }
});

/** Half a minute. */
const MOST_TRIES = 60;

describe("outside administration", () => {
  test("no parameter can be sent that answers 5xx", async () => {
    const key = `bdc_shop_x_${"0".repeat(40)}`;
    const routes = (junk: string): [string, RequestInit][] => {
      const text = encodeURIComponent(junk);
      const header = Buffer.from(junk).toString("latin1");
      const post = (headers = {}): RequestInit => ({
        method: "POST",
        body: "{}",
        headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json", ...headers },
      });
      return [
        [`/ofrep/v1/evaluate/flags/${text}`, post()],
        [`/ofrep/v1/evaluate/flags?flagConfigEtag=${text}`, post()],
        [`/ofrep/v1/evaluate/flags?flagConfigLastModified=${text}`, post()],
        [`/ofrep/v1/evaluate/flags?blastdoorPreview=${text}`, post()],
        ["/ofrep/v1/evaluate/flags", post({ "If-None-Match": header, Authorization: `Bearer ${header}` })],
        ["/ofrep/v1/evaluate/flags", post({ "Blastdoor-Synthetic": header, Origin: header })],
        [`/ofrep/v1/streams/shop/x?token=${text}`, { headers: { "Last-Event-ID": header } }],
        [`/ofrep/v1/streams/${text}/x?token=1`, {}],
        [`/ofrep/v1/streams/shop/${text}?token=1`, {}],
        [`/v1/ask/shop/x/${text}?wait=0`, {}],
        [`/v1/ask/shop/x/${crypto.randomUUID()}?wait=${text}`, { headers: { Accept: "text/event-stream" } }],
        [`/v1/ask/${text}/x/${crypto.randomUUID()}?wait=0`, {}],
        [`/v1/ask/${text}`, post()],
        [`/v1/doors/${text}/open`, post()],
        [`/v1/pages?${text}=${text}`, post()],
        [`/v1/triggers/${text}`, post()],
        ["/v1/triggers", post({ Authorization: `Bearer bdk_shop_x_${header}` })],
        ["/v1/events", post({ "Content-Type": header, "X-API-Key": header })],
        [`/demo?key=${text}&consent=${text}`, {}],
        [`/blastdoor.js?${text}`, { headers: { "If-None-Match": header } }],
        [`/${text}`, {}],
        [`/api/v1/${text}`, {}],
        [`/healthz?${text}=${text}`, {}],
        ["/metrics", { headers: { Authorization: `Bearer ${header}` } }],
        ["/api/v1/openapi.json", { headers: { "If-None-Match": header, Range: header } }],
      ];
    };
    const wrong: string[] = [];
    await inParallel(JUNK.flatMap(routes), async ([url, init]) => {
      let status: number;
      let isBusy: boolean;
      let tries = 0;
      do {
        if (tries > 0) await sleep(500);
        const response = await fetch(server.url + url, init);
        await response.body?.cancel();
        status = response.status;
        // Made-up addresses of answers pass at a bounded rate; beyond it the answer says when to ask again.
        isBusy = status === 503 && response.headers.has("Retry-After");
      } while (isBusy && ++tries < MOST_TRIES);
      if (status >= 500)
        wrong.push(`${status} ${url.slice(0, 100)} ${JSON.stringify(init.headers ?? {}).slice(0, 200)}`);
    });
    expect(wrong).toEqual([]);
  });
});
