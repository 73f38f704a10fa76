import { FALSE, TRUE, UNKNOWN } from "../../model/truth.ts";
import type { ValueTest } from "../../model/value-test.ts";
import { never } from "../by-function.ts";
import { instantOf, parseInstant } from "./instant.ts";

export function instantTest(isBefore: boolean, values: string[]): ValueTest {
  const instants = values.map(parseInstant).filter((instant) => !Number.isNaN(instant));
  if (instants.length === 0) return never;
  const otherwise = instants.length < values.length ? UNKNOWN : FALSE;
  const bound = isBefore ? Math.max(...instants) : Math.min(...instants);
  const test: ValueTest = (value) => {
    const at = instantOf(value);
    if (Number.isNaN(at)) return UNKNOWN;
    return (isBefore ? at < bound : at > bound) ? TRUE : otherwise;
  };
  test.elements = ({ instants: given }) => {
    if (given === null) return UNKNOWN;
    return (isBefore ? given.least < bound : given.greatest > bound) ? TRUE : otherwise;
  };
  return test;
}
