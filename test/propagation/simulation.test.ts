import { expect, test } from "vitest";
import { Simulation } from "../../bench/propagation/simulation.ts";

// A small run of `npm run sim:propagation`: the Worker's own lane in many isolates, in virtual time.

const CENTRES = 40;

test("many isolates in many data centres: the bound holds for every answer, and a centre asks the store as one", async () => {
  const simulation = new Simulation({ centres: CENTRES, isolates: 1_000, seed: 3 });
  for (const name of ["start", "steady"]) {
    const phase = await simulation.phase(name, { seconds: 10, everyMs: 800 });
    expect(phase.kills).toBeGreaterThan(3);
    expect(phase).toMatchObject({ late: 0, nothingKnown: 0, refused: 0 });
    expect(phase.lastIsolate.worst).toBeGreaterThan(500);
    // Each centre about twice a second, however many isolates it has.
    expect(phase.reads.mean).toBeGreaterThan(CENTRES);
    expect(phase.reads.mean).toBeLessThan(2.5 * CENTRES);
  }
});

test("a store that is out of reach is asked by data centres, not by isolates, and everybody follows when it is back", async () => {
  const simulation = new Simulation({ centres: CENTRES, isolates: 1_000, seed: 4 });
  await simulation.phase("start", { seconds: 4, kills: false });
  simulation.storeIsDown = true;
  const down = await simulation.phase("down", { seconds: 10, everyMs: 1_000 });
  expect(down.late).toBeGreaterThan(0);
  expect(down.nothingKnown).toBe(0);
  expect(down.reads.peak).toBeLessThan(10 * CENTRES);
  simulation.storeIsDown = false;
  await simulation.phase("catching up", { seconds: 10, kills: false });
  expect(await simulation.phase("steady", { seconds: 8 })).toMatchObject({ late: 0, nothingKnown: 0 });
});
