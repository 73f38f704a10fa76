import { expect, test } from "vitest";
import { FlagStore } from "./flag-store.ts";
import { METHOD_CLASSES, METHODS } from "./method-classes.ts";
import { ProjectReader } from "./project-reader.ts";

/** Called by the runtime and by the shell's base class, never by name from outside. */
const OWN = ["constructor", "alarm", "admits", "begins", "ends", "refusalOf"];

const callable = (prototype: object): string[] =>
  Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([, { value }]) => typeof value === "function")
    .map(([name]) => name);

test("every public method of the store has a class, and every class belongs to a method", () => {
  const methods = [...callable(FlagStore.prototype), ...callable(ProjectReader.prototype)];
  expect(Object.keys(METHOD_CLASSES).sort()).toEqual(
    [...new Set(methods)].filter((name) => !OWN.includes(name)).sort(),
  );
});

test("names that every object inherits are no methods", () => {
  for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty"]) expect(METHODS.has(name)).toBe(false);
});
