import { expect, test } from "vitest";
import {
  CALL_CHARS,
  HEAVY_READS_AT_ONCE,
  LIST_CHARS_AT_ONCE,
  POINT_CHARS_AT_ONCE,
  POINTER_READS_AT_ONCE,
  SNAPSHOT_CHARS_AT_ONCE,
  SNAPSHOT_READS_AT_ONCE,
} from "../kernel/admission.ts";
import { MethodAdmission } from "./method-admission.ts";
import { METHOD_CLASSES } from "./method-classes.ts";

const START = 1_000_000;
/** Calls of a method that run in one instant, each answering so many characters. */
function running(admission: MethodAdmission, method: string, asked: number, chars = 0): number {
  let ran = 0;
  for (let call = 0; call < asked; call++) {
    if (!admission.admits(method, START) || !admission.begins(method, START)) continue;
    admission.ends(method, chars);
    ran++;
  }
  return ran;
}
const fresh = () => new MethodAdmission(() => 0);
const OF_CLASS = (wanted: string) =>
  Object.entries(METHOD_CLASSES).flatMap(([method, of]) => (of === wanted ? [method] : []));

test.each(["write", "edge", "operator"].flatMap(OF_CLASS))("%s is never turned away", (method) => {
  expect(running(fresh(), method, 2_000, 1_000_000)).toBe(2_000);
});

test("pointers pass at their own rate, whatever they answer", () => {
  expect(running(fresh(), "pointer", 2_000, 1_000_000)).toBe(POINTER_READS_AT_ONCE);
});

test("snapshots and blocks together pass as long as their characters have room, whatever their number", () => {
  const admission = fresh();
  const large = 1_000_000;
  const snapshots = running(admission, "snapshot", 5, large);
  const blocks = running(admission, "block", 100, large);
  expect(snapshots + blocks).toBe(Math.ceil(SNAPSHOT_CHARS_AT_ONCE / (CALL_CHARS + large)));
  expect(["snapshot", "block"].map((method) => admission.refusalOf(method))).toEqual([503, 503]);
  expect(running(fresh(), "block", 1_000)).toBe(SNAPSHOT_READS_AT_ONCE);
});

test("reads of one document and lists pay out of budgets of their own", () => {
  const admission = fresh();
  const lists = Math.ceil(LIST_CHARS_AT_ONCE / (CALL_CHARS + 1_000_000));
  expect(running(admission, "listFlags", 100, 1_000_000)).toBe(lists);
  expect(admission.admits("listKeys", START)).toBe(false);
  expect(running(admission, "getFlag", 100, 1_000_000)).toBe(Math.ceil(POINT_CHARS_AT_ONCE / (CALL_CHARS + 1_000_000)));
});

test("what goes over the whole history has a rate beside the budget of lists, and costs none of it while refused", () => {
  const admission = fresh();
  expect(running(admission, "dora", 100)).toBe(HEAVY_READS_AT_ONCE);
  expect(running(admission, "listFlags", 100)).toBe(100);
});

test("a call is charged for what the store read meanwhile", () => {
  let read = 0;
  const admission = new MethodAdmission(() => read);
  expect(admission.begins("listFlags", START)).toBe(true);
  read += LIST_CHARS_AT_ONCE;
  admission.ends("listFlags", 0);
  expect(admission.admits("listFlags", START)).toBe(false);
});

test("readers who ask too much hear 429, edges that cannot be served 503", () => {
  const admission = fresh();
  expect(["listFlags", "getFlag", "dora"].map((method) => admission.refusalOf(method))).toEqual([429, 429, 429]);
  expect(["pointer", "noteUsage", "execute"].map((method) => admission.refusalOf(method))).toEqual([503, 503, 503]);
});
