import type { WebhookView } from "../../../shared/schema/webhook.ts";
import type { EndpointCounts } from "../../objects/courier/methods.ts";
import type { ProjectView, Row } from "../../objects/flag-store/entities.ts";
import { iso } from "../../objects/flag-store/stamps.ts";

export function webhookView(row: Row<"webhook">, counts: EndpointCounts | null): WebhookView {
  const { name, host, events, environments, format, paused, createdBy } = row.body;
  const { delivered = 0, failedAttempts = 0, pending = 0, dead = 0, gone = false } = counts ?? {};
  const settings = { name, host, events, environments, format, paused, createdBy, createdAt: iso(row.createdAt) };
  return { id: row.key, ...settings, version: row.version, gone, delivered, failedAttempts, pending, dead };
}

/** Without counts of what was delivered, which the courier has. */
export function webhookViewOf(view: ProjectView, id: string): WebhookView | null {
  const row = view.get("webhook", "", id);
  return row && webhookView(row, null);
}
