import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { root } from "./server.ts";

/** Runs the test command over these files instead of the project's own. */
function runTests(files: Record<string, string>) {
  const folder = mkdtempSync(path.join(tmpdir(), "blastdoor-counts-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(path.join(folder, "tests"));
  const reporters = ["default", path.join(root, "scripts", "test-reporter.mjs")];
  writeFileSync(
    path.join(folder, "vitest.config.mjs"),
    `export default { test: { globals: true, reporters: ${JSON.stringify(reporters)} } };`,
  );
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, "tests", `${name}.test.ts`), text);
  // Variables of the surrounding run would make the inner one believe that it is a part of it.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("VITEST")));
  const { status, stdout } = spawnSync(
    process.execPath,
    [path.join(root, "scripts", "test.mjs"), "--root", folder, "--config", path.join(folder, "vitest.config.mjs")],
    { encoding: "utf8", env },
  );
  const lines = stdout.trimEnd().split("\n");
  return { status, lastLine: lines.at(-1), failed: lines.filter((line) => line.startsWith("FAILED ")) };
}

const passing = 'test("passes", () => {});';

test("passed and skipped tests are counted", () => {
  const files = { a: `${passing} test.skip("later", () => {}); test.todo("some day");`, b: passing };
  expect(runTests(files)).toEqual({ status: 0, lastLine: "2 passed, 0 failed, 2 skipped", failed: [] });
});

test.for([
  ["a failing test", "tests/b.test.ts > fails", 'test("fails", () => { throw new Error("as meant"); });'],
  [
    "a failure that is no error",
    "tests/b.test.ts > fails",
    'test("fails", () => { throw Object.create(null, { message: { value: { odd: 1 }, enumerable: true } }); });',
  ],
  ["a file that does not load", "tests/b.test.ts", 'import "./missing.ts";'],
  ["a file without a test", "tests/b.test.ts", "export {};"],
  [
    "an error outside of every test",
    "an error outside of every test",
    `${passing} setTimeout(() => { throw new Error("late"); }); test("x", () => {});`,
  ],
] as const)("%s is one failure, named at the end", ([, name, text]) => {
  const { status, lastLine, failed } = runTests({ a: passing, b: text });
  expect(status).toBe(1);
  expect(lastLine).toMatch(/^\d+ passed, 1 failed$/);
  expect(failed).toEqual([`FAILED ${name}`]);
});

test("a hook that throws is a failure", () => {
  const { status, lastLine } = runTests({
    a: passing,
    b: `describe("suite", () => { beforeAll(() => { throw new Error("as meant"); }); ${passing} });`,
  });
  expect(status).toBe(1);
  expect(lastLine).toMatch(/^1 passed, [1-9]\d* failed/);
});

test("a run without a test fails", () => {
  const { status, lastLine } = runTests({});
  expect({ status, lastLine }).toEqual({ status: 1, lastLine: "0 passed, 1 failed" });
});
