import { expect, test } from "vitest";
import { sampleAttributes } from "./attribute-sample.ts";

test("names of all attributes are seen, values of groups with them", () => {
  expect(
    sampleAttributes({ plan: "gold", beta: true, cart: { total: 12, country: "DE" }, groups: ["a", "b"] }),
  ).toEqual([
    { name: "plan", value: "gold" },
    { name: "beta", value: true },
    { name: "cart.total", value: undefined },
    { name: "cart.country", value: "DE" },
    { name: "groups", value: "a" },
    { name: "groups", value: "b" },
  ]);
});

test.each([
  ["targetingKey", "kim"],
  ["email", "kim"],
  ["userId", "abc"],
  ["customer_id", "abc"],
  ["firstName", "Kim"],
  ["contact", "kim@shop.example"],
  ["order", "20391"],
  ["trace", "deadbeefcafe"],
  ["session", "x"],
  ["apiKey", "x"],
  ["note", "a text that is longer than a group's name is"],
])("a value of %s such as %s never leaves the isolate", (name, value) => {
  expect(sampleAttributes({ [name]: value })).toEqual([{ name, value: undefined }]);
});

test("a plan, a device or a valid flag called like no person keeps its value", () => {
  expect(
    sampleAttributes({ plan: "pro", device: "phone", appVersion: "3.4.0", idle: "yes" }).map(({ value }) => value),
  ).toEqual(["pro", "phone", "3.4.0", "yes"]);
});

test("what the edge adds and what carries previews is no attribute of the app", () => {
  expect(sampleAttributes({ edge: { country: "DE" }, blastdoorPreview: "x" })).toEqual([]);
});

test("a hostile context costs no more than an ordinary one", () => {
  const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`a${index}`, "x"]));
  expect(sampleAttributes(wide).length).toBe(40);
  const deep = { a: { b: { c: { d: { e: 1 } } } } };
  expect(sampleAttributes(deep)).toEqual([]);
});
