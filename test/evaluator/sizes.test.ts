import { expect, test } from "vitest";
import { ownSizes } from "../../bench/sizes.ts";

/** What docs/performance.md says an edge loads, minified and gzipped (bytes), and what a change may add before it says so there. */
const STATED = 11_700;
const ROOM = 300;

test("an edge loads what docs/performance.md says, of which requests run about half", async () => {
  const { edge, answering, regexEngine } = await ownSizes();
  expect(edge.gzipped).toBeLessThanOrEqual(STATED + ROOM);
  expect(answering.gzipped).toBeLessThan(edge.gzipped);
  expect(regexEngine.gzipped).toBeGreaterThan(0);
});
