import { recordOwedPresses } from "./admin/break-glass/recorded-later.ts";
import { dueDrills } from "./drill/live-drill.ts";
import type { Env } from "./env.ts";
import { frontDoor } from "./front-door.ts";
import { renewBreakGlassIndexes } from "./kv/break-glass.ts";

export { Flags } from "./evaluation/binding/flags.ts";
export { Courier } from "./objects/courier/courier.ts";
export { Desk } from "./objects/desk/desk.ts";
export { Directory } from "./objects/directory/directory.ts";
export { FlagStore } from "./objects/flag-store/flag-store.ts";
export { Guard } from "./objects/guard/guard.ts";
export { Probe } from "./objects/probe/probe.ts";
export { PropagationReports } from "./objects/propagation-reports/propagation-reports.ts";
export { Relay } from "./objects/relay/relay.ts";
export { TelemetryShard } from "./objects/telemetry-shard/telemetry-shard.ts";
export { TestLedger } from "./objects/test-ledger/test-ledger.ts";

export default {
  fetch: frontDoor,
  scheduled: (_controller, env, execution) => {
    execution.waitUntil(dueDrills(env, (work) => execution.waitUntil(work)));
    execution.waitUntil(recordOwedPresses(env));
    execution.waitUntil(renewBreakGlassIndexes(env.SNAPSHOTS, Date.now()));
  },
} satisfies ExportedHandler<Env>;
