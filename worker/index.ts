import { app } from "./app.ts";
import type { Env } from "./env.ts";

export { Directory } from "./durable/directory.ts";
export { FlagStore } from "./durable/flag-store.ts";

export default { fetch: app.fetch } satisfies ExportedHandler<Env>;
