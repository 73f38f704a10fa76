/** What the Worker is bound to. Set in wrangler.toml; secrets through `wrangler secret put` or .dev.vars. */
export interface Env {
  readonly SNAPSHOTS: KVNamespace;
  readonly FLAG_STORE: DurableObjectNamespace;
  readonly DIRECTORY: DurableObjectNamespace;
  readonly TELEMETRY_SHARD: DurableObjectNamespace;
  readonly GUARD: DurableObjectNamespace;
  readonly DESK: DurableObjectNamespace;
  readonly TEST_LEDGER: DurableObjectNamespace;
  readonly COURIER: DurableObjectNamespace;
  readonly RELAY: DurableObjectNamespace;
  readonly PROPAGATION_REPORTS: DurableObjectNamespace;
  readonly PROBE: DurableObjectNamespace;
  readonly ASSETS: Fetcher;
  /** Which version of the Worker this is, as Cloudflare names it. */
  readonly VERSION?: WorkerVersionMetadata;
  /** The administrator's token. Unset, administration is closed. */
  readonly ADMIN_TOKEN?: string;
  /** Opens the break-glass route, which works without the store. Unset, that route is closed. */
  readonly BREAK_GLASS_SECRET?: string;
  /** Opens `GET /metrics`. Unset, it is closed. */
  readonly METRICS_TOKEN?: string;
  /** Under it new keys carry a checksum, by which made-up ones are told from real ones. Unset, they carry none. */
  readonly KEY_CHECKSUM_SECRET?: string;
  /** The jurisdiction of all Durable Objects: "eu", "us" or "fedramp". Chosen before the first use, never changed. */
  readonly JURISDICTION?: string;
  /** Where Durable Objects are made that are not there yet, such as "weur"; unset: near the first asker. */
  readonly LOCATION_HINT?: string;
  /** "free": made for Workers Free, see `shared/plan.ts`. Unset: "paid". */
  readonly PLAN?: string;
  /** "off": no event streams are offered, clients poll (Workers Free allows too few subrequests). */
  readonly EVENT_STREAMS?: string;
  /** Event streams one isolate holds; 600 unless set. */
  readonly STREAMS_PER_ISOLATE?: string;
  /** The path that the Worker is reached under, such as "/flags"; unset at the root of its host. */
  readonly BASE_PATH?: string;
  /** "allow", in development only: webhooks may go to http and to private addresses. */
  readonly WEBHOOK_LOCAL_TARGETS?: string;
  /** Tells this start from an earlier one that may still hold the port. */
  readonly START_NONCE?: string;
  /** "on": a demo page of the tests at /demo. Set by `npm start`, never when deployed. */
  readonly DEMO?: string;
}
