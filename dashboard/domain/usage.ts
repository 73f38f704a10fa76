import { computed, signal } from "@preact/signals";
import { sampleAttributes } from "../../shared/flags/attribute-sample.ts";
import type { Condition } from "../../shared/schema/condition.ts";
import type { UsageView } from "../../shared/schema/usage.ts";
import { answer, api } from "./api.ts";
import { segments } from "./segment-store.ts";

/** What apps ask for, of the environment read last. */
export const usage = signal<(UsageView & { project: string; environment: string }) | null>(null);
/** Attributes of contexts that were tried in the playground, while this page is open. */
const tried = signal<ReadonlyMap<string, ReadonlySet<string>>>(new Map());
/** Conditions that a page shows: what one rule is about, another may be about. */
export const shownConditions = signal<readonly Condition[]>([]);

/** Nice to have: what is not known is not shown. */
export async function loadUsage(project: string, environment: string): Promise<void> {
  try {
    const param = { project, environment };
    const view = await answer(api.projects[":project"].environments[":environment"].usage.$get({ param }));
    usage.value = { ...view, project, environment };
  } catch {
    // Suggestions and times are missing then.
  }
}

export function learnContext(context: Readonly<Record<string, unknown>>): void {
  const next = new Map(tried.value);
  for (const { name, value } of sampleAttributes(context)) {
    const values = new Set(next.get(name));
    if (value !== undefined) values.add(String(value));
    next.set(name, values);
  }
  tried.value = next;
}

const BY_THE_EDGE = ["country", "region", "city", "continent", "asn", "colo", "timezone", "ip", "bot"];

/** Attributes that a condition may be about, with values seen: sent by apps, tried, or in conditions already. */
export const knownAttributes = computed<ReadonlyMap<string, ReadonlySet<string>>>(() => {
  const known = new Map<string, Set<string>>([["targetingKey", new Set()]]);
  const learn = (name: string, values: Iterable<unknown>) => {
    const all = known.get(name) ?? new Set();
    for (const value of values) all.add(String(value));
    known.set(name, all);
  };
  for (const { name, values } of usage.value?.attributes ?? []) learn(name, values);
  for (const [name, values] of tried.value) learn(name, values);
  const walk = (condition: Condition) => {
    if ("all" in condition) condition.all.forEach(walk);
    else if ("any" in condition) condition.any.forEach(walk);
    else if ("not" in condition) walk(condition.not);
    else if ("unless" in condition) walk(condition.unless);
    else if ("attribute" in condition && condition.attribute !== "") learn(condition.attribute, condition.values ?? []);
  };
  shownConditions.value.forEach(walk);
  for (const { when } of segments.value) if (when) walk(when);
  for (const name of BY_THE_EDGE) learn(`edge.${name}`, []);
  learn("edge.device", ["mobile", "tablet", "desktop"]);
  return known;
});
