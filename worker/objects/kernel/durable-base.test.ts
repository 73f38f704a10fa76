import { describe, expect, test } from "vitest";
import { env } from "../../testing/bindings.ts";
import { newProject, storeOf, stubOf } from "../../testing/store.ts";
import type { FlagStoreMethods } from "../flag-store/methods.ts";
import { DurableUnavailable, durableStub } from "./durable-stub.ts";

const ask = (stub: DurableObjectStub, path: string, init: RequestInit = { method: "POST", body: "[]" }) =>
  stub.fetch(`https://durable/${path}`, init);

/** What itty-durable's router would answer to, what classes inherit, and what the store keeps to itself. */
const UNREACHABLE = [
  "destroy",
  "set",
  "get",
  "toJSON",
  "persist",
  "reset",
  "initialize",
  "loadFromStorage",
  "getPersistable",
  "optionalReturn",
  "do/destroy",
  "call/destroy",
  "set/state",
  "get-prop/state",
  "set-prop/state",
  "call/execute",
  "state",
  "storage",
  "router",
  "methods",
  "fetch",
  "alarm",
  "constructor",
  "then",
  "__proto__",
  "toString",
  "hasOwnProperty",
  "",
  "/execute",
  "execute/",
  "Execute",
  "getProject/x",
  "getProject%20",
];

describe("through an object's fetch", () => {
  test.each(UNREACHABLE)("POST /%s is not there", async (path) => {
    const project = await newProject();
    const answer = await ask(stubOf(project), path);
    expect([answer.status, await answer.text()]).toEqual([404, ""]);
    expect(await storeOf(project).getProject()).toMatchObject({ key: project });
  });

  test.each(["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])("no method answers to %s", async (method) => {
    const project = await newProject();
    for (const path of ["getProject", "execute", "pointer"]) {
      expect((await ask(stubOf(project), path, { method })).status).toBe(404);
    }
  });

  test("the directory answers to its own list only", async () => {
    const directory = env.DIRECTORY.get(env.DIRECTORY.idFromName("directory"));
    for (const path of UNREACHABLE) expect((await ask(directory, path)).status).toBe(404);
    expect((await ask(directory, "listProjects")).status).toBe(200);
  });
});

describe("a stub", () => {
  test("can be awaited and is itself: no call named then", async () => {
    const store = storeOf(await newProject());
    expect(await store).toBe(store);
  });

  test("turns a fault of the object into DurableUnavailable, however it fails", async () => {
    const withAnswer = (fetch: () => Promise<Response>) =>
      durableStub<FlagStoreMethods>({ idFromName: () => "", get: () => ({ fetch }) } as never, "shop");
    const faults = [
      () => Promise.reject(new Error("overloaded")),
      () => Promise.resolve(new Response("no", { status: 500 })),
      () => Promise.resolve(new Response(null, { status: 404 })),
      () => Promise.resolve(new Response('{"cut', { status: 200 })),
    ];
    for (const fault of faults) await expect(withAnswer(fault).getProject()).rejects.toThrow(DurableUnavailable);
  });
});
