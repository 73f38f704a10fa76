import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { env } from "../../testing/bindings.ts";
import { guardedShop, guardStub, isKilled, sendAll, visits } from "../../testing/guards.ts";
import { Guard } from "./guard.ts";

/** Everything there is, but one kind of object never answers. */
const silent = (binding: "TELEMETRY_SHARD" | "FLAG_STORE") => ({
  ...env,
  [binding]: {
    idFromName: (name: string) => env[binding].idFromName(name),
    get: () => ({ fetch: () => new Promise<Response>(() => {}) }),
  } as unknown as DurableObjectNamespace,
});

/** The object's own state, but its alarm is the test's to ring. */
function withoutAlarm(state: DurableObjectState): DurableObjectState {
  const storage = new Proxy(state.storage, {
    get(target, name) {
      if (name === "setAlarm") return async () => {};
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return new Proxy(state, {
    get: (target, name) => (name === "storage" ? storage : Reflect.get(target, name, target)),
  });
}

test.each(["TELEMETRY_SHARD", "FLAG_STORE"] as const)(
  "a %s that never answers ends a look, and the next one does what there is to do",
  async (binding) => {
    const { project, server, flag } = await guardedShop();
    // From here on only the test looks: the object's own look could come before its neighbours fall silent.
    await runInDurableObject(guardStub(project), (running: DurableObject) => {
      running.alarm = async () => {};
    });
    await sendAll(server, visits(200, { on: 40, off: 2 }));
    await runInDurableObject(guardStub(project), async (_running: DurableObject, state) => {
      const neighbours = silent(binding);
      const guard = new Guard(withoutAlarm(state), neighbours);
      await guard.alarm();
      expect(await isKilled(flag)).toBe(false);
      Object.assign(neighbours, env);
      await guard.alarm();
    });
    expect(await isKilled(flag)).toBe(true);
  },
  40_000,
);
