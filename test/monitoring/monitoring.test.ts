import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root, type Server, startServer } from "../process/server.ts";
import { findPromtool } from "./promtool.ts";

const found = findPromtool();
const promtool = "promtool" in found ? found.promtool : "";
const why = "missing" in found ? ` (skipped: ${found.missing})` : "";
const FOLDER = path.join(root, "docs", "monitoring");
const read = (name: string) => readFileSync(path.join(FOLDER, name), "utf8");
const check = (args: string[], input?: string) => {
  const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: FOLDER, encoding: "utf8", input });
  return { status, output: stdout + stderr };
};

interface Panel {
  title: string;
  targets: { expr: string }[];
}
const dashboard = JSON.parse(read("grafana-dashboard.json")) as { panels: Panel[] };
const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

// On a developer's machine these tests are skipped by name without it; CI must not pass without them.
test.runIf(process.env.CI === "true")("promtool is there", () => {
  expect(found).toHaveProperty("promtool");
});

describe.skipIf(why !== "")(`by promtool${why}`, () => {
  test("the alert rules are valid", () => {
    expect(check(["check", "rules", "blastdoor.rules.yml"])).toMatchObject({ status: 0 });
  });

  test("each alert fires on what it is for, and not before", () => {
    expect(check(["test", "rules", "blastdoor.rules.test.yml"])).toMatchObject({ status: 0 });
  });

  test("every expression of the Grafana dashboard is valid PromQL", () => {
    const filled = expressions.map((expr) => expr.replaceAll("$__rate_interval", "5m").replaceAll(/\$\w+/g, ".*"));
    const rules = filled.map((expr, n) => `      - { record: "panel:${n}", expr: ${JSON.stringify(expr)} }`);
    const file = path.join(tmpdir(), `blastdoor-panels-${process.pid}.yml`);
    writeFileSync(file, `groups:\n  - name: panels\n    rules:\n${rules.join("\n")}\n`);
    try {
      expect(check(["check", "rules", file])).toMatchObject({ status: 0 });
    } finally {
      rmSync(file);
    }
  });
});

describe("the metrics of a running Worker", () => {
  let server: Server;
  const TOKEN = "bdm_a-token-for-these-tests";
  const scrape = (token: string | null) =>
    fetch(`${server.url}/metrics`, { headers: token === null ? {} : { Authorization: `Bearer ${token}` } });
  let text = "";

  beforeAll(async () => {
    server = await startServer({ env: { SEED: "", METRICS_TOKEN: TOKEN } });
    const at = "/projects/demo/environments/production";
    const { key } = await (
      await server.admin(`${at}/keys`, { method: "POST", body: { kind: "server", name: "k" } })
    ).json();
    const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
    for (const flag of ["", "", "", "/new-checkout"])
      await fetch(`${server.url}/ofrep/v1/evaluate/flags${flag}`, { method: "POST", headers, body: '{"context":{}}' });
    await server.admin(`${at}/flags/banner-text/kill`, { method: "POST", body: {} });
    const until = async (wanted: RegExp, meanwhile: () => Promise<unknown>) => {
      for (let turn = 0; turn < 100 && !wanted.test(text); turn++) {
        await sleep(100);
        await meanwhile();
        text = await (await scrape(TOKEN)).text();
      }
    };
    await until(/blastdoor_evaluations_total{[^}]*bulk"} 3/, () => Promise.resolve());
    const ask = () => fetch(`${server.url}/ofrep/v1/evaluate/flags`, { method: "POST", headers, body: "{}" });
    await until(/blastdoor_propagation_seconds{/, ask);
  });
  afterAll(async () => {
    await server?.stop();
  });

  const sample = (name: string, labels: string) => {
    const line = text.split("\n").find((one) => one.startsWith(`${name}{`) && one.includes(labels));
    return Number(line?.slice(line.lastIndexOf(" ")));
  };

  test("need their own token: not none, not the administrator's", async () => {
    expect((await scrape(null)).status).toBe(401);
    expect((await scrape("bdm_wrong")).status).toBe(401);
    expect((await scrape(server.adminToken)).status).toBe(401);
    const answer = await scrape(TOKEN);
    expect([answer.status, answer.headers.get("Content-Type")]).toEqual([
      200,
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    expect((await server.admin("/projects", { headers: { Authorization: `Bearer ${TOKEN}` } })).status).toBe(401);
  });

  test("count what was asked, and show what is killed", () => {
    const production = 'project="demo",environment="production"';
    expect(sample("blastdoor_evaluations_total", `${production},key="server",shape="bulk"`)).toBe(3);
    expect(sample("blastdoor_evaluations_total", `${production},key="server",shape="one"`)).toBe(1);
    expect(sample("blastdoor_knowledge_age_seconds_count", production)).toBe(4);
    expect(sample("blastdoor_kills", production)).toBe(1);
    expect(sample("blastdoor_store_up", 'project="demo"')).toBe(1);
  });

  test("name no flag, no key and no data centre", () => {
    for (const secret of ["new-checkout", "banner-text", "key_", "bds_", "colo"]) expect(text).not.toContain(secret);
  });

  test("have every metric that the rules and the dashboard ask for", () => {
    const asked = new Set([...expressions, read("blastdoor.rules.yml")].join("\n").match(/(?<!:)\bblastdoor_\w+/g));
    const known = new Set(text.match(/\bblastdoor_\w+/g));
    expect([...asked].filter((name) => !known.has(name) && !EMPTY_WITHOUT.has(name))).toEqual([]);
  });

  test.skipIf(why !== "")(`pass promtool's own check of the text format${why}`, () => {
    expect(check(["check", "metrics"], text)).toEqual({ status: 0, output: "" });
  });
});

/** Metrics that have no samples until somebody uses what they measure. */
const EMPTY_WITHOUT = new Set(["blastdoor_events_total"]);
