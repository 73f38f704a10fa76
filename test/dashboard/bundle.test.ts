import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "../process/server.ts";

const assets = path.join(root, "dist", "dashboard", "assets");

// A schema is 90 KB and more by what it brings along, and looks for `eval`, which the page's policy reports. Only the
// server validates; the dashboard takes types and constants from modules without schemas.
test("no script of the dashboard contains the schema library", () => {
  const scripts = readdirSync(assets).filter((name) => name.endsWith(".js"));
  expect(scripts.length).toBeGreaterThan(10);
  const marks = /ZodError|"~standard"|_zod\b|discriminatedUnion/;
  // The marks are of the version that is installed.
  expect(readFileSync(path.join(root, "node_modules/zod/v4/core/schemas.js"), "utf8")).toMatch(marks);
  expect(scripts.filter((name) => marks.test(readFileSync(path.join(assets, name), "utf8")))).toEqual([]);
});
