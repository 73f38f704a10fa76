import { expect, test } from "vitest";
import { parsePath, readAttribute } from "./attribute.ts";
import { readerPath } from "./attribute-readers.ts";

const read = (context: object, path: string): unknown => readAttribute(context, parsePath(path));

test.each([
  [{ id: "a", targetingKey: "b" }, "a"],
  [{ targetingKey: "b" }, "b"],
  [{ id: null, targetingKey: "b" }, null],
  [{ id: "", targetingKey: "b" }, ""],
  [{}, undefined],
])("the first attribute that is there: of %j it is %j", (context, value) => {
  expect(read(context, "//first/id/targetingKey")).toBe(value);
});

test("a name with dots may be nested, and its literal name comes first", () => {
  expect(read({ a: { b: 1 } }, "//first/a.b")).toBe(1);
  expect(read({ "a.b": 2, a: { b: 1 } }, "//first/a.b")).toBe(2);
  expect(read({ a: [1] }, "//first/a.0/x")).toBeUndefined();
});

const MULTI = {
  kind: "multi",
  user: { targetingKey: "u", plan: "pro", anonymous: "yes" },
  org: { key: "o", address: { city: "Ulm" } },
  list: ["x"],
};

test.each([
  [{ targetingKey: "t" }, "//kind/user/key", "t"],
  [{ key: "k" }, "//kind/user/key", "k"],
  [{ targetingKey: "t" }, "//kind/org/key", undefined],
  [{ kind: "org", targetingKey: "t" }, "//kind/org/key", "t"],
  [{ kind: 7, targetingKey: "t" }, "//kind/user/key", "t"],
  [{ targetingKey: "t" }, "//kind/user/targetingKey", undefined],
  [{ name: 7 }, "//kind/user/name", undefined],
  [{}, "//kind/user/anonymous", false],
  [MULTI, "//kind/user/key", "u"],
  [MULTI, "//kind/user/plan", "pro"],
  [MULTI, "//kind/user/anonymous", false],
  [MULTI, "//kind/org/key", "o"],
  [MULTI, "//kind/org/address/city", "Ulm"],
  [MULTI, "//kind/org/address/city/0", undefined],
  [MULTI, "//kind/list/0", undefined],
  [MULTI, "//kind/kind/x", undefined],
  [{ "a/b": 1 }, "//kind/user/a~1b", 1],
])("an attribute of a kind: of %j, %s is %j", (context, path, value) => {
  expect(read(context, path)).toBe(value);
});

test("the kinds of a context", () => {
  expect(read({}, "//kinds")).toEqual(["user"]);
  expect(read({ kind: "org" }, "//kinds")).toEqual(["org"]);
  expect(read(MULTI, "//kinds")).toEqual(["user", "org"]);
});

test("nothing that an object inherits is read", () => {
  for (const path of [
    "//first/constructor",
    "//kind/user/constructor",
    "//kind/user/key/length",
    "//first/a.constructor",
  ])
    expect(read({ targetingKey: "t", a: {} }, path)).toBeUndefined();
});

test("a reader that this version does not know finds nothing", () => {
  expect(read({ a: 1 }, "//other/a")).toBeUndefined();
  expect(read({ a: 1 }, "//")).toBeUndefined();
});

test("paths are written as they are read", () => {
  const path = readerPath("kind", "user", "a/b~c");
  expect(path).toBe("//kind/user/a~1b~0c");
  expect(read({ "a/b~c": 1 }, path)).toBe(1);
});
