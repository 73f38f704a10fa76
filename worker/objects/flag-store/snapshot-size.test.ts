import { expect, test } from "vitest";
import { LIMITS } from "../../../shared/limits.ts";
import { envelope, inTables, must, newProject, storeOf } from "../../testing/store.ts";
import type { Command } from "./commands.ts";

/** 750,000 bytes of JSON in one flag: characters of three bytes. */
const large = {
  type: "string",
  variants: Object.fromEntries(Array.from({ length: 5 }, (_, index) => [`v${index}`, "一".repeat(50_000)])),
  offVariant: "v0",
} as const;
const FLAG_BYTES = 5 * 150_000;
const FIT = Math.floor(LIMITS.snapshotBytes / FLAG_BYTES);

const documentCount = (project: string) =>
  inTables(project, (sql) => sql.exec<{ n: number }>("SELECT count(*) AS n FROM document").one().n);

test("a snapshot beyond the limit is refused when it is saved, with its size; kills and smaller states are not", {
  timeout: 120_000,
}, async () => {
  const project = await newProject();
  const put = (flag: string, definition: object): Command =>
    ({ type: "putFlag", flag, definition }) as unknown as Command;
  for (let index = 0; index < FIT; index++) await must(project, put(`large-${index}`, large));
  const before = await documentCount(project);
  const { revision } = await must(project, { type: "putProject", name: "Another name" });

  const refused = await storeOf(project).execute(envelope(project, put("one-too-many", large)));
  expect(refused).toMatchObject({
    ok: false,
    rejection: { code: "limit-exceeded", limit: "snapshotBytes", max: LIMITS.snapshotBytes },
  });
  const actual = !refused.ok && refused.rejection.code === "limit-exceeded" ? refused.rejection.actual : 0;
  expect(actual).toBeGreaterThan((FIT + 1) * FLAG_BYTES);
  expect(actual).toBeLessThan((FIT + 1) * FLAG_BYTES + 100_000);
  expect(await documentCount(project)).toBe(before);
  expect(await storeOf(project).getFlag("one-too-many")).toBeNull();

  // Should it be that large all the same, one can still stop flags and make them smaller.
  await inTables(project, (sql) => {
    const columns = "version, body, created_at, updated_at, revision";
    sql.exec(`INSERT INTO document (entity, environment, key, ${columns})
      SELECT entity, environment, 'copy', ${columns} FROM document WHERE key = 'large-0'`);
  });
  const killed = await must(project, { type: "kill", environment: "production", flag: "large-1" });
  const small = { ...large, variants: Object.fromEntries(Object.keys(large.variants).map((name) => [name, "x"])) };
  const shrunk = await must(project, put("large-1", small));
  expect([killed.revision, shrunk.revision]).toEqual([revision + 1, revision + 2]);
});
