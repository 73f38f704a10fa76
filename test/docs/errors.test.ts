import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { EVENT_REJECTIONS } from "../../shared/schema/telemetry.ts";
import { root } from "../process/server.ts";

// docs/errors.md lists each code that the code can answer, with its status, and none that it cannot.

const page = readFileSync(path.join(root, "docs", "errors.md"), "utf8");
const sources = globSync("worker/**/*.ts", { cwd: root })
  .filter((file) => !file.endsWith(".test.ts"))
  .map((file) => readFileSync(path.join(root, file), "utf8"));

/** Codes with their status: those thrown where they arise, and those of rejections (`worker/http/problem.ts`). */
function answered(): Set<string> {
  const thrown = sources.flatMap((source) => [...source.matchAll(/ProblemError\(\s*(\d{3}),\s*"([a-z-]+)"/g)]);
  const problem = readFileSync(path.join(root, "worker", "http", "problem.ts"), "utf8");
  const rejections = problem.slice(problem.indexOf("const STATUS")).matchAll(/^ {2}"?([a-z-]+)"?: (\d{3}),$/gm);
  return new Set([
    ...thrown.map(([, status, code]) => `${code} ${status}`),
    ...[...rejections].map(([, code, status]) => `${code} ${status}`),
  ]);
}

/** The resources without a code of their own answer NAME-not-found. */
const GENERIC = "document-not-found 404";
/** Written without a status of its own: hono's refusals of a malformed request. */
const UNLISTED = ["bad-request 400"];

test("every problem code is on the page with its status, and no other", () => {
  const listed = [...page.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \|/gm)].map(([, code, status]) => `${code} ${status}`);
  const expected = [...answered(), ...UNLISTED].filter((one) => one !== GENERIC);
  expect(expected.length).toBeGreaterThan(60);
  expect(listed.toSorted()).toEqual([...new Set(expected)].toSorted());
});

test("every reason to reject an event is on the page, and no other", () => {
  const section = page.slice(page.indexOf("## Events that are rejected"), page.indexOf("## Evaluation"));
  const listed = [...section.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  expect(listed.toSorted()).toEqual(Object.keys(EVENT_REJECTIONS).toSorted());
});
