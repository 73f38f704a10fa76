import { expect, test } from "vitest";
import { doubts } from "./name-warnings.ts";

const flags = new Map([["checkout", { variants: { on: true, off: null } }]]);
const kill = (more: object) => ({ id: "bg_1", flag: "checkout", serve: "off", revision: 1, ...more });
const codes = (more: object, known: Parameters<typeof doubts>[1] = flags) =>
  doubts({ project: "shop", environment: "production", kill: kill(more) }, known).map(({ code }) => code);

test.each<[object, string[]]>([
  [{}, []],
  [{ serve: null }, []],
  [{ variant: "on" }, []],
  [{ flag: "chekout" }, ["flag-not-found"]],
  [{ flag: "constructor" }, ["flag-not-found"]],
  [{ variant: "onn" }, ["variant-not-found"]],
  [{ serve: "toString" }, ["variant-not-found"]],
  [{ variant: "a", serve: "b" }, ["variant-not-found", "variant-not-found"]],
])("a kill with %j gets the warnings %j", (more, expected) => {
  expect(codes(more)).toEqual(expected);
});

test("a project or environment that is not there, or that this edge cannot see, is said", () => {
  expect(codes({}, "missing")).toEqual(["environment-not-found"]);
  expect(codes({}, "unreachable")).toEqual(["not-checked"]);
});
