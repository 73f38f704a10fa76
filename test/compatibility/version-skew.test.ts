import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { brotliDecompressSync } from "node:zlib";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PATIENCE_MS } from "../promises.ts";
import { bundle, COMPATIBILITY_DATE, objects } from "../propagation/fleet.ts";

// During a deployment, and after a rollback, edges and stores of two versions work together. `previous/` holds the Worker
// of an earlier commit; README.md says how it was made. Here each version's edge runs on the other version's store.

const previous = path.join(import.meta.dirname, "previous");
const packed = brotliDecompressSync(readFileSync(path.join(previous, "worker.js.br")));
const about = JSON.parse(readFileSync(path.join(previous, "worker.json"), "utf8")) as { sha256: string };
const ADMIN_TOKEN = "bda_version-skew-tests";
/** Declared since: the earlier store has none, so the edge has its own. */
const SINCE = ["RELAY", "PROPAGATION_REPORTS", "PROBE"];

let miniflare: Miniflare;
beforeAll(async () => {
  const worker = (name: string, contents: string, durableObjects: object) => ({
    name,
    modules: [{ type: "ESModule" as const, path: "index.js", contents }],
    compatibilityDate: COMPATIBILITY_DATE,
    compatibilityFlags: ["nodejs_compat", "global_fetch_strictly_public"],
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    bindings: { ADMIN_TOKEN, EVENT_STREAMS: "on" },
    durableObjects,
    kvNamespaces: { SNAPSHOTS: name.split("-")[0] as string },
  });
  const [then, now] = [packed.toString("utf8"), bundle("worker/index.ts")];
  const all = Object.entries(objects());
  const kept = Object.fromEntries(all.filter(([name]) => !SINCE.includes(name)));
  const of = (store: string) => ({
    ...Object.fromEntries(Object.entries(kept).map(([name, one]) => [name, { ...one, scriptName: store }])),
  });
  const own = Object.fromEntries(all.filter(([name]) => SINCE.includes(name)));
  miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [
        worker("older-store", then, kept),
        worker("older-edge", now, { ...of("older-store"), ...own }),
        worker("newer-store", now, Object.fromEntries(all)),
        worker("newer-edge", then, of("newer-store")),
      ],
      cf: false,
      handleStructuredLogs: () => {},
    } as never),
  );
  await miniflare.ready;
});
afterAll(() => miniflare?.dispose());

/** An edge on the store of another version. */
class Skewed {
  readonly #store: string;
  readonly project: string;
  key = "";

  constructor(store: string, project: string) {
    this.#store = store;
    this.project = project;
  }

  async admin(method: string, route: string, body?: unknown) {
    const url = new URL(
      `/api/v1/projects/${this.project}${route}`,
      await miniflare.unsafeGetDirectURL(`${this.#store}-store`),
    );
    const response = await fetch(url, {
      method,
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${route} answered ${response.status}: ${text}`);
    return text === "" ? null : JSON.parse(text);
  }

  async edge(route: string, body: unknown) {
    const url = new URL(route, await miniflare.unsafeGetDirectURL(`${this.#store}-edge`));
    const response = await fetch(url, {
      method: "POST",
      headers: { Authorization: `Bearer ${this.key}`, "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, json: (await response.json()) as Record<string, unknown> };
  }

  evaluate = (flag: string) => this.edge(`/ofrep/v1/evaluate/flags/${flag}`, { context: { targetingKey: "u1" } });

  /** Asks until the flag has the value. Evaluation never answers 5xx meanwhile. */
  async serves(flag: string, value: unknown): Promise<void> {
    for (const end = Date.now() + PATIENCE_MS; ; await sleep(50)) {
      const { status, json } = await this.evaluate(flag);
      expect(status).toBeLessThan(500);
      if (json.value === value) return;
      if (Date.now() > end) throw new Error(`${flag} stayed ${JSON.stringify(json)}`);
    }
  }

  serve = (flag: string, variant: string) =>
    this.admin("PUT", `/environments/production/flags/${flag}`, { enabled: true, fallthrough: { variant } });

  async make(flags: readonly string[], words = ""): Promise<void> {
    await this.admin("PUT", "", { environments: ["production"] });
    for (const flag of flags) {
      const variants = { on: `on${words}`, off: "off" };
      await this.admin("PUT", `/flags/${flag}`, { type: "string", variants, offVariant: "off", visibility: "public" });
      await this.serve(flag, "on");
    }
    const { key } = await this.admin("POST", "/environments/production/keys", { kind: "server", name: "api" });
    this.key = key;
  }
}

test("the earlier Worker is the one that was built", () => {
  expect(createHash("sha256").update(packed).digest("hex")).toBe(about.sha256);
});

describe.each([
  ["a new edge with an old store", "older"],
  ["an old edge with a new store", "newer"],
])("%s", (_what, store) => {
  test("serves, follows changes, kills and restores, and takes events", async () => {
    const shop = new Skewed(store, "shop");
    await shop.make(["checkout", "search"]);
    await shop.serves("checkout", "on");
    await shop.serve("checkout", "off");
    await shop.serves("checkout", "off");
    await shop.serve("checkout", "on");
    await shop.serves("checkout", "on");
    await shop.admin("POST", "/environments/production/flags/checkout/kill", {});
    await shop.serves("checkout", "off");
    await shop.admin("POST", "/environments/production/flags/checkout/restore", {});
    await shop.serves("checkout", "on");
    const time = Date.now();
    const event = { id: crypto.randomUUID(), type: "conversion", unit: { targetingKey: "u1" }, time, metric: "m" };
    const sent = await shop.edge("/v1/events", { batchId: crypto.randomUUID(), events: [event] });
    expect(sent).toMatchObject({ status: 202, json: { accepted: 1 } });
    const { rows } = await shop.admin("GET", "/audit?after=0&limit=200");
    expect(rows.map(({ action }: { action: string }) => action)).toEqual(expect.arrayContaining(["kill", "restore"]));
  });

  test("goes on with what it holds where it cannot read what is published, and kills apply to it", async () => {
    const large = new Skewed(store, "large");
    // First small enough to be one whole snapshot for either version.
    await large.make(["first"]);
    await large.serves("first", "on");
    const words = "x".repeat(9_000);
    const more = Array.from({ length: 4 }, (_, index) => `long-${index}`);
    for (const flag of more) {
      const variants = { on: `on${words}`, off: "off" };
      await large.admin("PUT", `/flags/${flag}`, { type: "string", variants, offVariant: "off", visibility: "public" });
      await large.serve(flag, "on");
    }
    // The new store publishes it in blocks, which the old edge cannot read; the old store whole, which anybody can.
    if (store === "older") await large.serves("long-3", `on${words}`);
    else expect((await large.evaluate("first")).json.value).toBe("on");
    await large.admin("POST", "/environments/production/flags/first/kill", {});
    await large.serves("first", "off");
    await large.admin("POST", "/environments/production/flags/first/restore", {});
    // An old edge drops a kill only together with a snapshot at least that new.
    if (store === "older") await large.serves("first", "on");
    else expect((await large.evaluate("first")).status).toBe(200);
  });
});
