import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { EDGE_TARGET, ownSizes } from "../../bench/sizes.ts";
import { root } from "../process/server.ts";

const performance = readFileSync(path.join(root, "docs", "performance.md"), "utf8");
/** What a change may add before the document must say so (kB). */
const ROOM = 0.2;

test("an edge loads what docs/performance.md says, and the document says whether that meets the target", async () => {
  const { edge } = await ownSizes();
  const [, stated = ""] = /\| blastdoor, what an edge loads \| [\d.]+ kB \| ([\d.]+) kB \|/.exec(performance) ?? [];
  expect(Math.abs(edge.gzipped / 1_000 - Number(stated))).toBeLessThanOrEqual(ROOM);
  const [target = ""] = /^\| what an edge loads to evaluate.*$/m.exec(performance) ?? [];
  expect(target).toContain(`≤ ${EDGE_TARGET / 1_000} KB`);
  expect(target).toContain(edge.gzipped <= EDGE_TARGET ? "met" : "missed");
});
