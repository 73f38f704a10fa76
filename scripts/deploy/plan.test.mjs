import { readFileSync } from "node:fs";
import path from "node:path";
import { parseEnv } from "node:util";
import { expect, test } from "vitest";
import { isExampleSecret } from "../../shared/weak-secret.ts";
import { root } from "../root.mjs";
import { domainWarning, planLines, secretsToMake, WITHOUT } from "./plan.mjs";

const config = {
  name: "blastdoor",
  kv_namespaces: [{ binding: "SNAPSHOTS" }],
  durable_objects: { bindings: [{ class_name: "FlagStore" }, { class_name: "Guard" }] },
  triggers: { crons: ["*/10 * * * *"] },
};
const text = (/** @type {string} */ file) => readFileSync(path.join(root, file), "utf8");

test("the plan names everything that a deployment makes", () => {
  const plan = planLines(config, ["ADMIN_TOKEN"]).join("\n");
  for (const named of ["blastdoor, at workers.dev", "FlagStore, Guard", "SNAPSHOTS", "*/10 * * * *", "ADMIN_TOKEN"])
    expect(plan).toContain(named);
});

test("the plan is that of the setting, and the paid one without", () => {
  expect(planLines({ ...config, vars: { PLAN: "free" } }, []).join("\n")).toMatch(/Plan +free/);
  expect(planLines(config, []).join("\n")).toMatch(/Plan +paid/);
});

test("a deployment without a custom domain is warned of, one with is not", () => {
  expect(domainWarning(config)).toContain("custom_domain = true");
  const routes = [{ pattern: "flags.example.net", custom_domain: true }];
  expect(domainWarning({ ...config, routes })).toBeNull();
  expect(planLines({ ...config, routes }, []).join("\n")).toContain("at flags.example.net");
});

test("no secret that has to be shown is made where others read the log", () => {
  const unshown = new Set(["KEY_CHECKSUM_SECRET"]);
  const missing = Object.keys(WITHOUT);
  expect(secretsToMake(missing, { isLogged: false, unshown })).toEqual({ make: missing, leave: [] });
  expect(secretsToMake(missing, { isLogged: true, unshown })).toEqual({
    make: ["KEY_CHECKSUM_SECRET"],
    leave: ["ADMIN_TOKEN", "BREAK_GLASS_SECRET", "METRICS_TOKEN"],
  });
});

test("the example file has every secret, described in package.json, and no value that a Worker takes", () => {
  const examples = parseEnv(text(".dev.vars.example"));
  expect(Object.keys(examples).sort()).toEqual(Object.keys(WITHOUT).sort());
  for (const value of Object.values(examples)) expect(isExampleSecret(String(value))).toBe(true);
  const { cloudflare } = JSON.parse(text("package.json"));
  for (const name of [...Object.keys(WITHOUT), "SNAPSHOTS"])
    expect([name, cloudflare.bindings[name]?.description]).toEqual([name, expect.any(String)]);
});

test("the README shows a deploy button for the repository in package.json, or none", () => {
  const { repository } = JSON.parse(text("package.json"));
  const buttons = text("README.md").match(/deploy\.workers\.cloudflare\.com\/\?url=[^)\s]+/g) ?? [];
  const address = repository ? [`deploy.workers.cloudflare.com/?url=${repository.url ?? repository}`] : [];
  expect(buttons).toEqual(address);
});
