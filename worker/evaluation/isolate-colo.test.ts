import { expect, test } from "vitest";
import { env } from "../testing/bindings.ts";
import { isolateColo, isolateEdge } from "./edge/isolate.ts";

const from = (colo: string) => new Request("https://blastdoor.test/", { cf: { colo } } as RequestInit) as Request;

test("an isolate that the cron woke takes its data centre's name from the first request", () => {
  const edge = isolateEdge(env);
  expect(isolateColo()).toBeNull();
  expect(isolateEdge(env, from("FRA"))).toBe(edge);
  isolateEdge(env, from("AMS"));
  isolateEdge(env);
  expect(isolateColo()).toBe("FRA");
});
