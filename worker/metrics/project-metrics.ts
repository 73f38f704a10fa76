import { KNOWLEDGE_AGE_BOUNDS_MS } from "../../shared/schema/usage.ts";
import type { EndpointCounts } from "../objects/courier/methods.ts";
import type { StoreMetrics } from "../objects/flag-store/methods.ts";
import { histogram, type Metric, type Sample } from "./exposition.ts";

/** Everything there is to tell of a project; what could not be asked is null. */
export interface ProjectFacts {
  project: string;
  store: StoreMetrics | null;
  webhooks: EndpointCounts[] | null;
  /** By environment; null: its shards did not answer. */
  /** Guards by state, by environment; null: not asked, or no answer. */
  guards: Record<string, Record<string, number> | null>;
  events: Record<string, { stored: Record<string, number>; duplicate: number; shed: Record<string, number> } | null>;
}

/**
 * A scrape's metrics. Labels are projects, environments and names from fixed lists: never a flag, a key, a user or a
 * data centre, so that the number of series follows from the number of environments alone.
 */
export function projectMetrics(facts: readonly ProjectFacts[], omitted: number): Metric[] {
  const stores = facts.flatMap(({ project, store }) => (store ? [{ project, store }] : []));
  const environments = stores.flatMap(({ project, store }) =>
    Object.entries(store.environments).map(([environment, one]) => ({ labels: { project, environment }, ...one })),
  );
  const perStore = (value: (store: StoreMetrics) => number): Sample[] =>
    stores.map(({ project, store }) => ({ labels: { project }, value: value(store) }));
  const perEnvironment = (value: (one: (typeof environments)[number]) => number): Sample[] =>
    environments.map((one) => ({ labels: one.labels, value: value(one) }));
  const events = facts.flatMap(({ project, events: all }) =>
    Object.entries(all).flatMap(([environment, one]) => (one ? [{ labels: { project, environment }, ...one }] : [])),
  );
  const webhooks = facts.flatMap(({ project, webhooks: all }) => (all ? [{ project, all }] : []));
  const sum = (all: readonly EndpointCounts[], field: "delivered" | "failedAttempts" | "pending" | "dead"): number =>
    all.reduce((total, one) => total + one[field], 0);

  return [
    {
      name: "blastdoor_store_up",
      help: "Whether the project's store answered this scrape.",
      type: "gauge",
      samples: facts.map(({ project, store }) => ({ labels: { project }, value: store ? 1 : 0 })),
    },
    {
      name: "blastdoor_scrape_projects_omitted",
      help: "Projects beyond the number that one scrape asks.",
      type: "gauge",
      samples: [{ value: omitted }],
    },
    {
      name: "blastdoor_evaluations_total",
      help: "Evaluation requests answered, as isolates have reported them; a minute or two behind.",
      type: "counter",
      samples: environments.flatMap(({ labels, counters }) =>
        ["client", "server"].flatMap((key) =>
          ["one", "bulk"].map((shape) => ({
            labels: { ...labels, key, shape },
            value: counters[`evaluations.${key}.${shape}`] ?? 0,
          })),
        ),
      ),
    },
    {
      name: "blastdoor_evaluations_not_modified_total",
      help: "Bulk evaluations answered 304.",
      type: "counter",
      samples: perEnvironment(({ counters }) => counters.not_modified ?? 0),
    },
    {
      name: "blastdoor_evaluations_limited_total",
      help: "Requests refused with 429 because of their key's rate limit, evaluations and all else that a key opens.",
      type: "counter",
      samples: perEnvironment(({ counters }) => counters.limited ?? 0),
    },
    {
      name: "blastdoor_knowledge_age_seconds",
      help: "Age of what an isolate knew of its project when it answered.",
      type: "histogram",
      samples: environments.flatMap(({ labels, counters }) =>
        histogram(
          labels,
          KNOWLEDGE_AGE_BOUNDS_MS.map((ms) => ms / 1_000),
          Array.from({ length: KNOWLEDGE_AGE_BOUNDS_MS.length + 1 }, (_, bucket) => counters[`age.${bucket}`] ?? 0),
          (counters.age_ms ?? 0) / 1_000,
        ),
      ),
    },
    {
      name: "blastdoor_stale_answers_total",
      help: "Answers given from knowledge older than a second because a refresh was late or failed.",
      type: "counter",
      samples: perStore(({ staleServed }) => staleServed),
    },
    {
      name: "blastdoor_propagation_seconds",
      help: "From commit to first served by a data centre, over the changes that the store keeps.",
      type: "gauge",
      samples: environments.flatMap(({ labels, propagation }) =>
        propagation
          ? (["median", "max"] as const).map((statistic) => ({
              labels: { ...labels, statistic },
              value: propagation[statistic] / 1_000,
            }))
          : [],
      ),
    },
    {
      name: "blastdoor_publications_waiting",
      help: "Environments whose edges must still learn of a change.",
      type: "gauge",
      samples: perStore(({ publicationsWaiting }) => publicationsWaiting),
    },
    {
      name: "blastdoor_revision",
      help: "The project's latest revision.",
      type: "gauge",
      samples: perStore(({ revision }) => revision),
    },
    {
      name: "blastdoor_flags",
      help: "Flags that are not archived.",
      type: "gauge",
      samples: perStore(({ flags }) => flags),
    },
    {
      name: "blastdoor_kills",
      help: "Kills in force.",
      type: "gauge",
      samples: perEnvironment(({ kills }) => kills),
    },
    {
      name: "blastdoor_guards",
      help: "What guards watch, by state; a breach counts for an hour.",
      type: "gauge",
      samples: facts.flatMap(({ project, guards }) =>
        Object.entries(guards).flatMap(([environment, states]) =>
          Object.entries(states ?? {}).map(([state, value]) => ({ labels: { project, environment, state }, value })),
        ),
      ),
    },
    {
      name: "blastdoor_events_total",
      help: "Telemetry events stored.",
      type: "counter",
      samples: events.flatMap(({ labels, stored }) =>
        Object.entries(stored).map(([name, value]) => {
          const [source = "", type = ""] = name.split(".");
          return { labels: { ...labels, source, type }, value };
        }),
      ),
    },
    {
      name: "blastdoor_events_duplicate_total",
      help: "Telemetry events that had come before.",
      type: "counter",
      samples: events.map(({ labels, duplicate }) => ({ labels, value: duplicate })),
    },
    {
      name: "blastdoor_events_shed_total",
      help: "Telemetry events left out under overload.",
      type: "counter",
      samples: events.flatMap(({ labels, shed }) =>
        Object.entries(shed).map(([source, value]) => ({ labels: { ...labels, source }, value })),
      ),
    },
    {
      name: "blastdoor_webhook_attempts_total",
      help: "Requests to webhooks, by what came of them.",
      type: "counter",
      samples: webhooks.flatMap(({ project, all }) => [
        { labels: { project, result: "delivered" }, value: sum(all, "delivered") },
        { labels: { project, result: "failed" }, value: sum(all, "failedAttempts") },
      ]),
    },
    {
      name: "blastdoor_webhook_messages",
      help: "Messages to webhooks that are on their way, or were given up.",
      type: "gauge",
      samples: webhooks.flatMap(({ project, all }) => [
        { labels: { project, status: "pending" }, value: sum(all, "pending") },
        { labels: { project, status: "dead" }, value: sum(all, "dead") },
      ]),
    },
    {
      name: "blastdoor_notices_waiting",
      help: "Messages that the project's courier does not have yet.",
      type: "gauge",
      samples: perStore(({ noticesWaiting }) => noticesWaiting),
    },
  ];
}
