import { expect, test } from "vitest";
import { isRegion, REGIONS, regionOf } from "./regions.ts";

test.each([
  ["SEA", "NA", "wnam"],
  ["IAD", "NA", "enam"],
  ["GRU", "SA", "sam"],
  ["FRA", "EU", "weur"],
  ["WAW", "EU", "eeur"],
  ["NRT", "AS", "apac"],
  ["DXB", "AS", "me"],
  ["SYD", "OC", "oc"],
  ["JNB", "AF", "afr"],
] as const)("%s, seen from %s, belongs to %s", (colo, continent, region) => {
  expect(regionOf(colo, continent)).toBe(region);
});

test("a data centre of which nothing is known has no region", () => {
  expect(regionOf(null, null)).toBeNull();
  expect(regionOf("local", null)).toBeNull();
  expect(regionOf("constructor", "toString")).toBeNull();
});

test("a region is one of Cloudflare's location hints", () => {
  for (const region of REGIONS) expect(isRegion(region)).toBe(true);
  expect(isRegion("europe")).toBe(false);
  expect(isRegion(undefined)).toBe(false);
});
