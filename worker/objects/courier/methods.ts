import type { Delivery, WebhookMessage } from "../../../shared/schema/webhook.ts";

/** Where and how a webhook's messages go. */
export interface Endpoint {
  webhook: string;
  url: string;
  format: "standard" | "slack";
  dashboard: string;
  /** `whsec_…`, the current one first. */
  secrets: string[];
  paused: boolean;
}

/** What has come of a webhook's deliveries so far. */
export interface EndpointCounts {
  webhook: string;
  delivered: number;
  failedAttempts: number;
  pending: number;
  dead: number;
  gone: boolean;
}

/** A message on its way from the store to webhooks. */
export interface Notice {
  /** `webhook-id`; without full stops, as Standard Webhooks asks. */
  id: string;
  /** Webhooks that get it, chosen when it happened. */
  webhooks: string[];
  message: WebhookMessage;
}

/** What may be asked of a courier, over JSON. Stores of an older version call a newer courier: a method stays as it is. */
export interface CourierMethods {
  take(endpoints: Endpoint[], notices: Notice[]): boolean;
  counts(): EndpointCounts[];
  deliveries(webhook: string, status: Delivery["status"] | null, limit: number): Delivery[];
  again(webhook: string, id: number | null): number;
  test(webhook: string, message: WebhookMessage): Promise<{ delivered: boolean; result: string } | null>;
}
