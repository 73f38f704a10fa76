import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { env } from "../testing/bindings.ts";
import { guardedShop, guardStub } from "../testing/guards.ts";
import { newName } from "../testing/names.ts";
import { inStore, must, newProject, stubOf } from "../testing/store.ts";
import { Courier } from "./courier/courier.ts";
import { Desk } from "./desk/desk.ts";
import { FlagStore } from "./flag-store/flag-store.ts";
import { Guard } from "./guard/guard.ts";
import type { DoorEvent } from "./test-ledger/methods.ts";
import { TestLedger } from "./test-ledger/test-ledger.ts";

const later = (ms: number) => new Date(Date.now() + ms).toISOString();
const schedule = (project: string, at: string) =>
  must(project, { type: "createSchedule", environment: "production", flag: "checkout", at, patch: { enabled: true } });

/** Takes the alarm away, as the platform does with one that has failed too often, and starts the object anew. */
async function revived(stub: DurableObjectStub, begin: (state: DurableObjectState) => unknown): Promise<number | null> {
  return runInDurableObject(stub, async (_running: DurableObject, state) => {
    await state.storage.deleteAlarm();
    begin(state);
    // The constructor looks for the alarm first, and then sets it.
    for (let turn = 0; turn < 100 && (await state.storage.getAlarm()) === null; turn++) await scheduler.wait(10);
    const at = await state.storage.getAlarm();
    await state.storage.deleteAlarm();
    return at;
  });
}

/** An object of this kind with something to do. */
const OBJECTS: Record<string, () => Promise<[DurableObjectStub, (state: DurableObjectState) => unknown]>> = {
  FlagStore: async () => {
    const project = await newProject();
    await schedule(project, later(3_600_000));
    return [stubOf(project), (state) => new FlagStore(state, env)];
  },
  Guard: async () => {
    const { project } = await guardedShop();
    return [guardStub(project), (state) => new Guard(state, env)];
  },
  Courier: async () => {
    const stub = env.COURIER.get(env.COURIER.idFromName(newName()));
    await runInDurableObject(stub, (_running: DurableObject, state) => {
      new Courier(state, env);
      state.storage.sql.exec(
        `INSERT INTO delivery (webhook, message_id, type, message, created_at, status, attempts, due_at)
         VALUES ('wh_1', 'msg_1', 'ping', '{}', 1, 'pending', 0, ?)`,
        Date.now() + 3_600_000,
      );
    });
    return [stub, (state) => new Courier(state, env)];
  },
  Desk: async () => {
    const stub = env.DESK.get(env.DESK.idFromName(newName()));
    const asked = { flag: "advice", unit: "u", input: {}, deadlineSeconds: 3_600, fallback: {} };
    await runInDurableObject(stub, (_running: DurableObject, state) =>
      new Desk(state, env).ask({ id: crypto.randomUUID(), ...asked }),
    );
    return [stub, (state) => new Desk(state, env)];
  },
  TestLedger: async () => {
    const stub = env.TEST_LEDGER.get(env.TEST_LEDGER.idFromName(newName()));
    const settings = { kind: "fake-door", bar: 0.03, windowDays: 7, targetPeople: 10, networkCap: 3 };
    const seen = {
      project: "shop",
      environment: "production",
      flag: "door",
      run: 1,
      action: "seen",
      unit: "u",
    } as const;
    const person = { ageMs: 60_000, network: "n", country: "DE", device: "phone", bot: false, at: Date.now() } as const;
    await runInDurableObject(stub, (_running: DurableObject, state) =>
      new TestLedger(state, env).record({ ...seen, ...person, settings: settings as unknown as DoorEvent["settings"] }),
    );
    return [stub, (state) => new TestLedger(state, env)];
  },
};

test.each(Object.entries(OBJECTS))("a %s that has lost its alarm sets it again when it starts", async (_name, make) => {
  const [stub, begin] = await make();
  expect(await revived(stub, begin)).not.toBeNull();
});

test("a store whose schedules cannot be read goes on with the rest, and its alarm comes again", async () => {
  const project = await newProject();
  await schedule(project, later(3_600_000));
  await inStore(project, {}, async (_store, { storage }) => {
    storage.sql.exec("UPDATE document SET body = '{' WHERE entity = 'schedule'");
  });
  await inStore(project, {}, async (store, { storage }) => {
    storage.sql.exec(
      `INSERT OR REPLACE INTO outbox (environment, revision, committed_at, attempts, due_at)
       VALUES ('production', 1, 1, 0, 0)`,
    );
    await store.alarm();
    expect(storage.sql.exec("SELECT * FROM outbox").toArray()).toEqual([]);
    expect(await storage.getAlarm()).toBeGreaterThan(Date.now() + 1_000);
  });
});
