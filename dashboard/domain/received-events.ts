import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { TelemetryStats } from "../../shared/schema/telemetry.ts";
import { answer, api } from "./api.ts";

/** An event that servers reported in the last 24 hours, by the name that metrics listen for. */
export interface ReceivedEvent {
  name: string;
  events: number;
}

const received = signal<Record<string, ReceivedEvent[]>>({});

/** The events that an environment's servers reported in the last 24 hours, the most frequent first; null: not known. */
export function useReceivedEvents(project: string, environment: string, flag: string): ReceivedEvent[] | null {
  const place = `${project} ${environment}`;
  useEffect(() => {
    const stats = api.projects[":project"].environments[":environment"].events.stats;
    answer(stats.$get({ param: { project, environment }, query: { flag } }))
      .then((answered) => {
        const { metrics } = (answered as unknown as TelemetryStats).traffic;
        const list = Object.entries(metrics).map(([name, { events }]) => ({ name, events }));
        received.value = { ...received.value, [place]: list.sort((a, b) => b.events - a.events) };
      })
      // The field takes any name without it.
      .catch(() => {});
  }, [place, flag]);
  return received.value[place] ?? null;
}
