import { app } from "./app.ts";
import { dueDrills } from "./drill/live-drill.ts";
import type { Env } from "./env.ts";
import { events, reportsEvents } from "./routes/events.ts";
import { isEvaluation, ofrep } from "./routes/ofrep.ts";

export { Courier } from "./durable/courier/courier.ts";
export { Desk } from "./durable/desk.ts";
export { Directory } from "./durable/directory.ts";
export { FlagStore } from "./durable/flag-store.ts";
export { Guard } from "./durable/guard.ts";
export { TelemetryShard } from "./durable/telemetry-shard.ts";
export { TestLedger } from "./durable/test-ledger.ts";

export default {
  fetch(request, env, execution) {
    const { url } = request;
    if (isEvaluation(url)) return ofrep(request, url, env, execution);
    return reportsEvents(request) ? events(request, env, execution) : app.fetch(request, env, execution);
  },
  scheduled: (_controller, env, execution) => execution.waitUntil(dueDrills(env, (work) => execution.waitUntil(work))),
} satisfies ExportedHandler<Env>;
