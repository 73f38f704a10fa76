import { expect, test } from "vitest";
import type { SeriesTotals } from "../schema/telemetry.ts";
import { joinKinds } from "./totals.ts";

const series = (arms: number, clientArms: number): SeriesTotals => {
  const arm = (exposed: number) => ({ on: { exposed, first: null, last: null, metrics: {} } });
  const excluded = { staff: 0, bot: 0, preview: 0, synthetic: 1 };
  return {
    arms: arm(arms),
    clientArms: arm(clientArms),
    unattributed: 1,
    afterKill: 0,
    excluded,
    mismatched: 0,
    conflicting: 0,
  };
};
const answer = (totals: Record<string, SeriesTotals>) => ({ series: totals, shed: { server: 0, client: 2 } });

test("shards of both kinds add up, but no unit that stands in either is counted twice", () => {
  const joined = joinKinds(
    answer({ before: series(50, 40), after: series(50, 30), servers: series(5, 0) }),
    answer({ before: series(0, 10), after: series(0, 60), clients: series(0, 7) }),
  );
  const read = (id: string) => [joined.series[id]?.arms.on?.exposed, joined.series[id]?.clientArms.on?.exposed];
  expect([read("before"), read("after")]).toEqual([
    [50, 40],
    [50, 60],
  ]);
  expect([read("servers"), read("clients")]).toEqual([
    [5, 0],
    [0, 7],
  ]);
  expect(joined.series.before).toMatchObject({ unattributed: 2, excluded: { synthetic: 2 } });
  expect(joined.shed.client).toBe(4);
});
