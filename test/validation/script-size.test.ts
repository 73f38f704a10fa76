import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { root } from "../process/server.ts";

const script = readFileSync(path.join(root, "dist", "dashboard", "blastdoor.js"));

test("the browser script is at most 2 KB, as it travels", () => {
  const { length } = gzipSync(script, { level: 9 });
  console.log(`blastdoor.js: ${length} bytes gzipped, ${script.length} unpacked`);
  expect(length).toBeLessThanOrEqual(2_048);
});

test("it asks of a content security policy nothing but its own address", () => {
  expect(script.toString()).not.toMatch(/\beval\b|new Function|innerHTML|\.style\b|<style|setAttribute\("on/);
});
