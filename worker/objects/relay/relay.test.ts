import { runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import type { Pointer } from "../../../shared/schema/pointer.ts";
import { env } from "../../testing/bindings.ts";
import { newName, PRODUCTION } from "../../testing/names.ts";
import { must, newProject, storeOf } from "../../testing/store.ts";
import { DurableUnavailable } from "../kernel/durable-stub.ts";
import { flagStore, relay } from "../stubs.ts";
import { followRequest } from "./follow-request.ts";
import { Followers } from "./followers.ts";
import type { RelayAsk } from "./methods.ts";
import { Relay, type RelayStore } from "./relay.ts";
import { markOf, RELAY_MAX_AGE_MS } from "./relay-memory.ts";

/** A store behind the relay, with faults. */
class FakeStore {
  fault: "error" | "hang" | null = null;
  readonly asked: (RelayAsk | undefined)[] = [];
  revision = 1;
  offset = 0;
  /** Of a version that knows of no relays: it takes no note of what a relay says with its question. */
  isOld = false;

  pointer(): Pointer {
    const environments = { production: { revision: this.revision, hash: "0".repeat(64), kills: [], tombstones: [] } };
    return {
      project: "shop" as never,
      epoch: 1,
      revision: this.revision,
      environments,
      asOf: Date.now() + this.offset,
    };
  }

  readonly stub: RelayStore = {
    pointer: async (_report, ask) => {
      this.asked.push(ask);
      if (this.fault === "error") throw new Error("injected");
      if (this.fault === "hang") return new Promise<never>(() => {});
      return this.pointer();
    },
    keysInForce: async (_environment, ids) => {
      if (this.isOld) throw new DurableUnavailable("keysInForce answered 404");
      return Object.fromEntries(ids.map((id) => [id, null]));
    },
  };
}

function inRelay<R>(work: (instance: Relay, store: FakeStore, state: DurableObjectState) => Promise<R>): Promise<R> {
  const store = new FakeStore();
  const stub = env.RELAY.get(env.RELAY.idFromName(`oc/${newName()}`));
  return runInDurableObject(stub, (_instance: DurableObject, state) =>
    work(new Relay(state, env, () => store.stub), store, state),
  );
}
const ask = (instance: Relay) => instance.pointer("shop", "oc");

describe("a relay that is asked for the first time", () => {
  test("says at once that it has nothing, asks the store, and answers the next one", async () => {
    await inRelay(async (instance, store) => {
      expect(ask(instance)).toBeNull();
      expect(store.asked).toEqual([{ region: "oc", follows: false }]);
      await expect.poll(() => ask(instance)?.pointer.revision).toBe(1);
    });
  });

  test("asks the store once, however many edges come meanwhile", async () => {
    await inRelay(async (instance, store) => {
      for (let time = 0; time < 100; time++) ask(instance);
      expect(store.asked.length).toBe(1);
    });
  });
});

describe("while the store", () => {
  test("hangs, nobody waits for the relay", async () => {
    await inRelay(async (instance, store) => {
      store.fault = "hang";
      for (let time = 0; time < 10; time++) expect(ask(instance)).toBeNull();
      expect(store.asked.length).toBe(1);
    });
  });

  test("fails, the relay has nothing, and asks again with the next question", async () => {
    await inRelay(async (instance, store) => {
      store.fault = "error";
      expect(ask(instance)).toBeNull();
      await scheduler.wait(0);
      store.fault = null;
      expect(ask(instance)).toBeNull();
      await expect.poll(() => ask(instance)?.pointer.revision).toBe(1);
    });
  });

  test("sends no signal, what the relay holds is answered until it is too old, and then the store is asked anew", async () => {
    await inRelay(async (instance, store) => {
      ask(instance);
      await expect.poll(() => ask(instance)).not.toBeNull();
      // Taken late: the store says that this was true long ago.
      store.revision = 2;
      const pointer = { ...store.pointer(), asOf: Date.now() - RELAY_MAX_AGE_MS - 1 };
      instance.take({ mark: markOf(pointer), asOf: pointer.asOf, pointer });
      const { length } = store.asked;
      expect(ask(instance)).toBeNull();
      expect(store.asked.length).toBe(length + 1);
    });
  });
});

test("a signal keeps it fresh, and the receipt says what is missing, wanted and followed", async () => {
  await inRelay(async (instance, store) => {
    const first = store.pointer();
    const unknown = instance.take({ mark: markOf(first), asOf: first.asOf });
    expect(unknown).toEqual({ holds: null, wanted: false, follows: false });
    ask(instance);
    await expect.poll(() => ask(instance)).not.toBeNull();
    expect(instance.take({ mark: markOf(first), asOf: Date.now() })).toMatchObject({
      holds: markOf(first),
      wanted: true,
    });
  });
});

describe("a socket", () => {
  const following = { project: "shop", region: "oc", environment: "production", key: "key_1" } as const;

  async function open(instance: Relay) {
    const { webSocket: socket, status } = await instance.fetch(followRequest(following));
    const heard: { versions: number[]; closed: number | null } = { versions: [], closed: null };
    socket?.addEventListener("message", ({ data }) => void heard.versions.push(JSON.parse(String(data)).version));
    socket?.addEventListener("close", ({ code }) => {
      heard.closed = code;
    });
    socket?.accept();
    return { status, heard };
  }

  test("hears of a version whose signal was lost, when the relay looks after it", async () => {
    await inRelay(async (instance, store, state) => {
      const { heard } = await open(instance);
      await expect.poll(() => heard.versions).toEqual([1]);
      expect(await state.storage.getAlarm()).not.toBeNull();
      store.revision = 2;
      await instance.alarm();
      await expect.poll(() => heard.versions).toEqual([1, 2]);
      // The store was told that somebody follows here.
      expect(store.asked.at(-1)).toEqual({ region: "oc", follows: true });
    });
  });

  test("stays while the store does not answer, and with one of an earlier version, which knows no such question", async () => {
    await inRelay(async (instance, store) => {
      store.isOld = true;
      const { heard } = await open(instance);
      await expect.poll(() => heard.versions).toEqual([1]);
      store.fault = "error";
      await instance.alarm();
      store.fault = null;
      store.revision = 2;
      await instance.alarm();
      await expect.poll(() => heard).toEqual({ versions: [1, 2], closed: null });
    });
  });

  test("of a key or a relay that holds too many is not opened; others are", async () => {
    const stub = env.RELAY.get(env.RELAY.idFromName(`oc/${newName()}`));
    await runInDurableObject(stub, async (_instance: DurableObject, state) => {
      const followers = new Followers(state, { ofRelay: 3, ofKey: 2 });
      const accept = (key: string) => followers.accept({ ...following, key })?.accept();
      const isOpened = (key: string) => {
        const before = state.getWebSockets().length;
        accept(key);
        return state.getWebSockets().length > before;
      };
      expect(["key_1", "key_1", "key_1", "key_2", "key_3"].map(isOpened)).toEqual([true, true, false, true, false]);
    });
  });

  test("is opened by nobody but the edge's own request", async () => {
    await inRelay(async (instance) => {
      const plain = new Request("https://durable/follow");
      expect((await instance.fetch(plain)).status).toBe(400);
      const elsewhere = followRequest({ ...following, project: "../x" });
      expect((await instance.fetch(elsewhere)).status).toBe(400);
    });
  });
});

describe("with the store of a project", () => {
  test("a relay holds a kill that came after it was asked, without asking again", async () => {
    const project = await newProject();
    const near = relay(env, project as never, "sam");
    await near.pointer(project, "sam");
    await expect.poll(async () => (await near.pointer(project, "sam")) !== null).toBe(true);
    const { revision } = await must(project, { type: "kill", environment: "production", flag: "checkout" });
    const kills = async () => (await near.pointer(project, "sam"))?.pointer.environments.production?.kills.length;
    await expect.poll(kills).toBe(1);
    expect((await near.pointer(project, "sam"))?.pointer.revision).toBe(revision);
  });

  test("a name that no project has leaves nothing", async () => {
    const project = newName();
    expect(await relay(env, project, "sam").pointer(project, "sam")).toBeNull();
    expect(await flagStore(env, project).pointer(undefined, { region: "sam", follows: false })).toBeNull();
  });

  test("only keys in force may follow: no client key, none that is gone, none of another environment", async () => {
    const project = await newProject();
    const key = (id: string, kind: "client" | "server", expiresAt?: string) =>
      must(project, {
        ...{ type: "createKey", environment: "production", id, kind, name: id, hash: "a".repeat(64), hint: "abcd" },
        ...(expiresAt ? { expiresAt } : {}),
        origins: [],
      } as never);
    const end = new Date(Date.now() + 3_600_000).toISOString();
    await key("key_server", "server");
    await key("key_ending", "server", end);
    await key("key_client", "client");
    const ids = ["key_server", "key_ending", "key_client", "key_gone", "constructor"];
    expect(await storeOf(project).keysInForce(PRODUCTION, ids)).toEqual({
      key_server: null,
      key_ending: Date.parse(end),
    });
    expect(await storeOf(project).keysInForce("staging", ids)).toBeNull();
  });
});
