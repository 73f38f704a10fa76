import { expect, test } from "vitest";
import { must, newProject, storeOf } from "../../testing/store.ts";
import { ENTITIES } from "./entities.ts";
import { type Readable, showOf } from "./resources.ts";

const definition = { name: "Night", from: "2026-12-24T00:00:00Z", until: "2026-12-27T00:00:00Z" };

test("documents are read by the name of their entity, each in the place that it belongs to", async () => {
  const project = await newProject();
  const store = storeOf(project);
  await must(project, { type: "putSegment", segment: "staff", definition: { included: ["u1"] } });
  await must(project, { type: "putFreeze", environment: "production", freeze: "night", definition });
  const night = { id: "night", environment: "production", version: 1, ...definition };
  expect(await store.listDocuments("freeze", "production")).toEqual([night]);
  expect(await store.getDocument("freeze", "night", "production")).toEqual(night);
  const staff = await store.getDocument("segment", "staff");
  expect(staff).toMatchObject({ key: "staff", version: 1, included: ["u1"] });
  expect(await store.listDocuments("segment")).toEqual([staff]);
  // As edges of an earlier version ask.
  expect(await store.listFreezes("production")).toEqual([night]);
  expect(await store.getDefinition("segment", "staff")).toEqual(staff);
});

test("null: no such document, environment or project, and no environment where one is needed", async () => {
  const store = storeOf(await newProject());
  for (const read of [
    store.getDocument("segment", "nobody"),
    store.getDocument("freeze", "never", "production"),
    store.listDocuments("freeze", "nowhere"),
    store.listDocuments("freeze"),
    store.listDocuments("segment", "production"),
    storeOf("there-is-none").listDocuments("segment"),
    storeOf("there-is-none").getDocument("segment", "staff"),
  ])
    expect(await read).toBeNull();
});

test("what no resource shows is not read by its name: hashes of keys, sealed addresses, names of no entity", async () => {
  const project = await newProject();
  const key = { id: "key_1", kind: "server" as const, name: "A", hash: "0".repeat(64), hint: "abcd", origins: [] };
  await must(project, { type: "createKey", environment: "production", ...key });
  const hidden = [...Object.keys(ENTITIES).filter((entity) => !showOf(entity)), "constructor", "__proto__"];
  expect(hidden).toEqual(expect.arrayContaining(["key", "webhook", "trigger"]));
  for (const entity of hidden)
    for (const environment of [null, "production"]) {
      expect(await storeOf(project).listDocuments(entity as Readable, environment), entity).toBeNull();
      expect(await storeOf(project).getDocument(entity as Readable, "key_1", environment), entity).toBeNull();
    }
});
