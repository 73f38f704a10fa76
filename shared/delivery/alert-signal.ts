import type { Signal, SignalSource } from "../schema/trigger.ts";

/**
 * Reads what monitoring tools send. Pure, and total: whatever comes is a signal or `unrecognised`. Only a payload
 * that says in its tool's own words that something is firing counts as firing; a shape that we do not know never
 * does, because it might as well say that all is well.
 */
export function recognise(body: unknown): Signal {
  if (body === undefined) return plain({});
  if (!isRecord(body)) return { kind: "unrecognised", reason: "the body is no JSON object" };
  if (isRecord(body.event) && typeof body.event.event_type === "string") return pagerDuty(body.event);
  if (Array.isArray(body.alerts) && typeof body.status === "string")
    return alerts(body, "orgId" in body ? "grafana" : "alertmanager");
  if ("alert_transition" in body || ("event_type" in body && "title" in body)) return datadog(body);
  if (Object.keys(body).every((field) => PLAIN_FIELDS.has(field))) return plain(body);
  return {
    kind: "unrecognised",
    reason:
      `neither Alertmanager's, Grafana's, Datadog's nor PagerDuty's format; fields: ${Object.keys(body).slice(0, 8).join(", ")}`.slice(
        0,
        300,
      ),
  };
}

type Record_ = Record<string, unknown>;
const isRecord = (value: unknown): value is Record_ =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");
const clip = (value: string): string => value.replaceAll(/\s+/g, " ").trim().slice(0, 300);
const episode = (...parts: string[]): string => parts.join("/").slice(0, 200);

/** Epoch ms of an ISO instant or of a number of ms; null for neither. Go's zero time (year 1) means "not set". */
function instantOf(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "string" || value === "") return null;
  const ms = /^\d{10,16}$/.test(value) ? Number(value) : Date.parse(value);
  return Number.isNaN(ms) || ms <= 0 ? null : ms;
}

/** A loop: a message may carry more alerts than a call takes as arguments. */
function earliest(times: (number | null)[]): number | null {
  let first: number | null = null;
  for (const time of times) if (time !== null && (first === null || time < first)) first = time;
  return first;
}

/** Alertmanager's format 4, and Grafana's, which is modelled on it. One message carries a group of alerts. */
function alerts(body: Record_, source: SignalSource): Signal {
  const all = (body.alerts as unknown[]).filter(isRecord);
  const firing = all.filter((alert) => alert.status === "firing");
  const labels = (alert: Record_): Record_ => (isRecord(alert.labels) ? alert.labels : {});
  const names = [...new Set((firing.length > 0 ? firing : all).map((alert) => text(labels(alert).alertname)))];
  const summary = clip(text(body.title) || names.filter(Boolean).join(", ") || text(body.status));
  // Grafana's "Test" of a contact point sends this alert and no other.
  if (source === "grafana" && firing.length > 0 && firing.every((alert) => labels(alert).alertname === "TestAlert"))
    return { kind: "test", source, summary };
  if (firing.length === 0) return { kind: "not-firing", source, summary };
  const episodes = firing
    .slice(0, 1_000)
    .map((alert) => episode(source, text(alert.fingerprint) || JSON.stringify(labels(alert)), text(alert.startsAt)));
  const onset = earliest(firing.map((alert) => instantOf(alert.startsAt)));
  return { kind: "firing", source, summary, episodes: [...new Set(episodes)], onset, sentAt: null };
}

/** Variables that Datadog could not fill in arrive as their own names. */
const filled = (value: unknown): string => (text(value).startsWith("$") ? "" : text(value));

/** "Renotify" and "Re-Triggered" repeat an outbreak: its cycle's name keeps them from counting twice. */
const DATADOG_FIRING = /^(?:re-)?triggered$|^renotify$/i;

function datadog(body: Record_): Signal {
  const source = "datadog";
  const title = clip(filled(body.title));
  const transition = filled(body.alert_transition) || (/^\[([^\]]*)\]/.exec(title)?.[1]?.split(" on ")[0] ?? "");
  const summary = title || clip(transition) || "Datadog";
  if (/^\[TEST\]/i.test(title)) return { kind: "test", source, summary };
  if (!DATADOG_FIRING.test(transition.trim())) return { kind: "not-firing", source, summary };
  const sentAt = instantOf(filled(body.date)) ?? instantOf(filled(body.last_updated));
  const cycle = filled(body.alert_cycle_key);
  const id = filled(body.id);
  const episodes = cycle ? [episode(source, "cycle", cycle)] : id ? [episode(source, "event", id)] : [];
  return { kind: "firing", source, summary, episodes, onset: sentAt, sentAt };
}

const PAGERDUTY_FIRING = new Set(["incident.triggered", "incident.reopened"]);

function pagerDuty(event: Record_): Signal {
  const source = "pagerduty";
  const data = isRecord(event.data) ? event.data : {};
  const type = text(event.event_type);
  const summary = clip(`${text(data.title) || text(data.id) || "PagerDuty"} (${type})`);
  if (type === "pagey.ping") return { kind: "test", source, summary };
  if (!PAGERDUTY_FIRING.has(type)) return { kind: "not-firing", source, summary };
  const sentAt = instantOf(event.occurred_at);
  // An incident that is reopened is another outbreak of the same incident.
  const again = type === "incident.reopened" ? text(event.id) : "";
  const episodes = text(data.id) ? [episode(source, text(data.id), again)] : [episode(source, "event", text(event.id))];
  const onset = type === "incident.triggered" ? (instantOf(data.created_at) ?? sentAt) : sentAt;
  return { kind: "firing", source, summary, episodes, onset, sentAt };
}

const PLAIN_FIELDS = new Set(["status", "id", "comment", "startedAt", "sentAt"]);

/** Our own: `{status?: "firing"|"resolved"|"test", id?, comment?, startedAt?, sentAt?}`; an empty body fires. */
function plain(body: Record_): Signal {
  const source = "plain";
  const summary = clip(text(body.comment)) || "called without a reason";
  const status = body.status === undefined ? "firing" : body.status;
  if (status === "test") return { kind: "test", source, summary };
  if (status === "resolved" || status === "ok") return { kind: "not-firing", source, summary };
  if (status !== "firing")
    return { kind: "unrecognised", reason: 'status is "firing", "resolved" or "test"; left out, it is "firing"' };
  for (const field of ["startedAt", "sentAt"]) {
    if (body[field] !== undefined && instantOf(body[field]) === null)
      return { kind: "unrecognised", reason: `${field} is no instant such as 2026-11-25T12:00:00Z` };
  }
  const id = text(body.id);
  const onset = instantOf(body.startedAt);
  return {
    kind: "firing",
    source,
    summary,
    episodes: id ? [episode(source, id)] : [],
    onset,
    sentAt: instantOf(body.sentAt),
  };
}
