import { describe, expect, test } from "vitest";
import { mayStandIn, type Placement, placementOf, regionFor } from "./placement.ts";

const anywhere: Placement = { jurisdiction: null, locationHint: null };

describe("a placement", () => {
  test("is anywhere unless it is set; an empty setting is none", () => {
    expect(placementOf({})).toEqual(anywhere);
    expect(placementOf({ JURISDICTION: "", LOCATION_HINT: "" })).toEqual(anywhere);
  });

  test("is what is set", () => {
    expect(placementOf({ JURISDICTION: "eu", LOCATION_HINT: "eeur" })).toEqual({
      jurisdiction: "eu",
      locationHint: "eeur",
    });
  });

  test.each([
    [{ JURISDICTION: "europe" }, /JURISDICTION is "europe".*"eu"/],
    [{ JURISDICTION: "EU" }, /JURISDICTION is "EU".*"eu"/],
    [{ LOCATION_HINT: "frankfurt" }, /LOCATION_HINT is "frankfurt".*"weur"/],
    [{ JURISDICTION: "eu", LOCATION_HINT: "apac" }, /"apac" lies outside of JURISDICTION "eu".*"weur", "eeur"/],
  ])("%o names the setting that is wrong, and what it may be", (settings, words) => {
    expect(placementOf(settings)).toEqual({ problem: expect.stringMatching(words) });
  });
});

describe("relays", () => {
  const eu: Placement = { jurisdiction: "eu", locationHint: null };

  test("stand in every region, and in a jurisdiction in its own alone", () => {
    expect(mayStandIn(anywhere, "oc")).toBe(true);
    expect([mayStandIn(eu, "oc"), mayStandIn(eu, "eeur")]).toEqual([false, true]);
  });

  test("of sockets from elsewhere stand where they may", () => {
    expect(regionFor(eu, "oc")).toBe("weur");
    expect(regionFor({ ...eu, locationHint: "eeur" }, null)).toBe("eeur");
    expect(regionFor(anywhere, "oc")).toBe("oc");
    expect(regionFor(anywhere, null)).toBe("enam");
  });
});
