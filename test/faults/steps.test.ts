import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { GUARD_STEPS, WRITE_STEPS } from "../../worker/objects/kernel/checkpoint.ts";
import { root } from "../process/server.ts";

test("every step that tests stop the process at is announced somewhere", () => {
  const files = globSync("worker/objects/**/*.ts", { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
  const code = files.map((file) => readFileSync(path.join(root, file), "utf8")).join("\n");
  for (const step of [...WRITE_STEPS, ...GUARD_STEPS]) expect(code, step).toContain(`reach("${step}")`);
});
