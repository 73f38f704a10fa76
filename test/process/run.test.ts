import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { root } from "./server.ts";

const run = path.join(root, "scripts", "run.mjs");
const { scripts } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
  scripts: Record<string, string>;
};

test.each(Object.entries(scripts).filter(([, command]) => command.includes(".ts")))(
  "npm run %s works on a fresh clone: it sets up first, under whatever Node",
  (_, command) => expect(command).toMatch(/^exec node scripts\/run\.mjs \S+\.ts$/),
);

test("a program that there is not is named", () => {
  const { status, stderr } = spawnSync(process.execPath, [run, "bench/nothing.ts"], { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toContain("bench/nothing.ts");
});

test("a measurement that cannot do what its arguments ask says so and fails", () => {
  const args = [run, "bench/http.ts", "--only=floor", "--write"];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  expect(status).toBe(1);
  expect(stderr).toContain("leave out --only");
});
