import { readFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { root } from "../process/server.ts";

const built = (name: string) => readFileSync(path.join(root, "dist", "dashboard", name));
const script = built("blastdoor.js");

test("the browser script is at most 2 KB, as it travels", () => {
  const { length } = gzipSync(script, { level: 9 });
  console.log(`blastdoor.js: ${length} bytes gzipped, ${script.length} unpacked`);
  expect(length).toBeLessThanOrEqual(2_048);
});

test("its part for fake doors is at most 600 bytes", () => {
  expect(gzipSync(built("blastdoor-doors.js"), { level: 9 }).length).toBeLessThanOrEqual(600);
});

test("it asks of a content security policy nothing but its own address", () => {
  for (const part of [script, built("blastdoor-doors.js")])
    expect(part.toString()).not.toMatch(/\beval\b|new Function|innerHTML|\.style\b|<style|setAttribute\("on/);
});
