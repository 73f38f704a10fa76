import { expect, test } from "vitest";
import { GUARD_STEPS, WRITE_STEPS } from "./checkpoint.ts";

const sources = import.meta.glob<string>("../**/*.ts", { query: "?raw", import: "default", eager: true });

test("every step that tests stop the process at is announced somewhere", () => {
  const code = Object.entries(sources)
    .flatMap(([file, text]) => (file.endsWith(".test.ts") ? [] : [text]))
    .join("\n");
  for (const step of [...WRITE_STEPS, ...GUARD_STEPS]) expect(code, step).toContain(`reach("${step}")`);
});
