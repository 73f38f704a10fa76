import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { root } from "../process/server.ts";

/** Words that make a reader stop; put together, so that this file does not hold them. */
const RIDDLES = ["who" + "ever", "whom" + "ever", "how-" + "manieth", "pre" + "paredAnew", "#tid" + "ings"];

test("code and docs are free of words that are read twice", () => {
  const pattern = RIDDLES.flatMap((word) => ["-e", word]);
  const args = ["grep", "-n", "-i", "-F", ...pattern, "--", ".", ":!CHANGELOG.md"];
  let found = "";
  try {
    found = execFileSync("git", args, { cwd: root, encoding: "utf8" });
  } catch (error) {
    // git grep ends with 1 when it finds nothing.
    if ((error as { status?: number }).status !== 1) throw error;
  }
  expect(found).toBe("");
});
