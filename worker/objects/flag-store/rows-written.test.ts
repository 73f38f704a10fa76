import { expect, test } from "vitest";
import { COUNTS } from "../../../shared/cost/counts.ts";
import { env } from "../../testing/bindings.ts";
import { counting } from "../../testing/rows.ts";
import { envelope, inStore, newProject } from "../../testing/store.ts";
import { FlagStore } from "./flag-store.ts";

test("a kill, its restore and an edit write no more rows than the bill is reckoned with", async () => {
  const project = await newProject();
  const at = { environment: "production", flag: "checkout" } as const;
  const rows = await inStore(project, {}, async (_store, state) => {
    const { state: counted, rows: written } = counting(state);
    const store = new FlagStore(counted, env);
    const taken: number[] = [];
    for (const command of [
      { type: "kill", ...at },
      { type: "restore", ...at, breakGlassIds: [] },
      { type: "patchState", ...at, patch: { enabled: true } },
    ] as const) {
      const before = written();
      const result = await store.execute(envelope(project, command as never));
      expect(result.ok).toBe(true);
      await store.alarm();
      taken.push(written() - before);
    }
    return taken;
  });
  for (const count of rows) expect(count).toBeLessThanOrEqual(COUNTS.rowsAChange);
});
