import { expect, test } from "vitest";
import { env } from "../testing/bindings.ts";
import { Isolate } from "./edge/isolate.ts";

const from = (colo: string) => new Request("https://blastdoor.test/", { cf: { colo } } as RequestInit) as Request;

test("an isolate that the cron woke takes its data centre's name from the first request", () => {
  const isolate = new Isolate();
  const edge = isolate.edge(env);
  expect(isolate.colo).toBeNull();
  expect(isolate.edge(env, from("FRA"))).toBe(edge);
  isolate.edge(env, from("AMS"));
  isolate.edge(env);
  expect(isolate.colo).toBe("FRA");
});
