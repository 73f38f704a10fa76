/**
 * Cloudflare's list prices of the Workers Paid plan, as its pages gave them on 2026-11-30: developers.cloudflare.com,
 * /workers/platform/pricing, /durable-objects/platform/pricing, /kv/platform/pricing and
 * /workers/observability/logs/workers-logs. Check them before you rely on a figure.
 */
export interface Price {
  /** In the plan each month. */
  readonly included: number;
  /** Dollars for a million more. */
  readonly aMillion: number;
}

export const PLAN_DOLLARS = 5;
export const PRICES = {
  requests: { included: 10e6, aMillion: 0.3 },
  cpuMs: { included: 30e6, aMillion: 0.02 },
  objectRequests: { included: 1e6, aMillion: 0.15 },
  objectGbSeconds: { included: 400_000, aMillion: 12.5 },
  rowsWritten: { included: 50e6, aMillion: 1 },
  rowsRead: { included: 25e9, aMillion: 0.001 },
  kvReads: { included: 10e6, aMillion: 0.5 },
  kvWrites: { included: 1e6, aMillion: 5 },
  logLines: { included: 20e6, aMillion: 0.6 },
} as const satisfies Record<string, Price>;
export type Billed = keyof typeof PRICES;
