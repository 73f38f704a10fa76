/** What the Worker is bound to. Set in wrangler.toml; secrets through `wrangler secret put` or .dev.vars. */
export interface Env {
  readonly SNAPSHOTS: KVNamespace;
  readonly FLAG_STORE: DurableObjectNamespace;
  readonly DIRECTORY: DurableObjectNamespace;
  readonly ASSETS: Fetcher;
  /** The administrator's token. Unset, administration is closed. */
  readonly ADMIN_TOKEN?: string;
  /** Tests only: where to announce the steps of a write (loopback addresses only). */
  readonly FAULT_SERVER?: string;
  /** Tells this start from an earlier one that may still hold the port. */
  readonly START_NONCE?: string;
}
