import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { Env } from "../../env.ts";
import { env } from "../../testing/bindings.ts";
import { done, newShop } from "../../testing/http.ts";
import { AuditLog } from "./audit.ts";
import { SecurityOutbox } from "./security-outbox.ts";
import { StoreMeta } from "./store-meta.ts";

const unreachable = {
  idFromName: () => ({}),
  get: () => ({ fetch: () => Promise.reject(new Error("out of reach")) }),
} as unknown as DurableObjectNamespace;

test("what the directory could not take stays owed, and is recorded once, however often it is told", async () => {
  const shop = await newShop();
  const owed = await runInDurableObject(
    env.FLAG_STORE.get(env.FLAG_STORE.idFromName(shop.project)),
    async (_object: DurableObject, { storage: { sql } }) => {
      const [audit, meta] = [new AuditLog(sql), new StoreMeta(sql)];
      const without = new SecurityOutbox(audit, meta, { ...(env as Env), DIRECTORY: unreachable });
      const outbox = new SecurityOutbox(audit, meta, env as Env);
      // As after a crash between telling and noting that it was told: everything is owed again.
      outbox.beginAnew(1);
      await without.handOver();
      const before = outbox.dueAt;
      await Promise.all([outbox.handOver(), outbox.handOver()]);
      return { before, after: outbox.dueAt };
    },
  );
  expect(owed).toEqual({ before: expect.any(Number), after: null });
  const { rows } = await done("GET", `/security-log?project=${shop.project}&kind=key.created`);
  expect(rows).toHaveLength(2);
});
