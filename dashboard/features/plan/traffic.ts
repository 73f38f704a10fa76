import { useSignal } from "@preact/signals";
import { ownOf } from "../../../shared/own.ts";
import type { TelemetryStats } from "../../../shared/schema/telemetry.ts";
import { answer, api } from "../../domain/api.ts";
import type { PlanPlace } from "./plan-store.ts";
import { count, durationWords } from "./plan-words.ts";

/** What a calculator reckons with, where it comes from, and whether it was measured at all. */
export interface Traffic {
  /** People an hour; null: nobody knows. */
  perHour: number | null;
  words: string;
}

/** Shorter than this (minutes) would be told as a rate of next to nothing. */
const LEAST_MINUTES = 1;
const DAY_MINUTES = 24 * 60;

/** The traffic of a flag as servers reported it, else that of its environment. */
function trafficOf({ minutes, all, flags }: TelemetryStats["traffic"], flag: string): Traffic {
  const own = ownOf(flags, flag)?.units ?? 0;
  const units = own > 0 ? own : all.units;
  if (units === 0)
    return {
      perHour: null,
      words:
        "No traffic is known: no server has reported who was served what in the last 24 hours. The number above is a guess; type yours.",
    };
  const measured = Math.max(LEAST_MINUTES, minutes);
  const perHour = rounded((units / measured) * 60);
  const span =
    measured > DAY_MINUTES - 60 ? "24 hours" : durationWords(Math.round(measured) * 60).replace(/^1 (?=\S+$)/, "");
  const over = `measured over the last ${span}`;
  const words =
    own > 0
      ? `About ${rateWords(perHour)}, ${over}: people whom your servers served this flag, each once.`
      : `About ${rateWords(perHour)}, ${over}: everybody whom your servers served any flag here. Nobody was served this one yet; if fewer people will come to it, type fewer.`;
  return { perHour, words };
}

/** "1,240 people a minute", "75 people an hour", "9 people a day": in the unit that gives a number to imagine. */
function rateWords(perHour: number): string {
  if (perHour >= 6_000) return `${count(rounded(perHour / 60))} people a minute`;
  if (perHour >= 2) return `${count(perHour)} people an hour`;
  return `${count(Math.max(1, rounded(perHour * 24)))} people a day`;
}

/** Three digits: the count of people is an estimate. */
const rounded = (rate: number): number => Number(rate.toPrecision(3));

/** Null until it is asked for and known. */
export function useTraffic({ project, environment, flag }: PlanPlace) {
  const known = useSignal<Traffic | null>(null);
  const asked = useSignal(false);
  const ask = async () => {
    if (asked.value) return;
    asked.value = true;
    try {
      const stats = api.projects[":project"].environments[":environment"].events.stats;
      const { traffic } = await answer(stats.$get({ param: { project, environment }, query: { flag } }));
      known.value = trafficOf(traffic as TelemetryStats["traffic"], flag);
    } catch {
      known.value = { perHour: null, words: "The traffic could not be read. The number above is a guess; type yours." };
    }
  };
  return { traffic: known.value, ask };
}
