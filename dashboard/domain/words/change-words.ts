import { ownOf } from "../../../shared/own.ts";
import type { AuditRow } from "../../../shared/schema/admin.ts";
import type { FlagState, Rule, Serve } from "../../../shared/schema/flag.ts";
import type { Plan, PlanRun } from "../../../shared/schema/plan.ts";
import type { Json } from "../../../shared/schema/primitives.ts";
import type { KeySigning } from "../../../shared/schema/signed-context.ts";
import { conditionWords, isForEverybody, serveWords } from "./condition-words.ts";
import { PURPOSE_WORDS, VISIBILITY_WORDS } from "./flag-words.ts";
import { signingWords } from "./signing-words.ts";
import { exactly } from "./time-words.ts";

/** One thing that is different, said in words: a sentence, or a name with before and after. */
export interface Change {
  what: string;
  before?: string | undefined;
  after?: string | undefined;
}
type Document = Record<string, unknown>;

/** Equal as JSON; in which order an object names its fields says nothing. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [a, b] as [Document, Document];
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => same(left[key], right[key]));
}

/** What changed in all documents of an audit row, each with its place. */
export function allChanges(changes: AuditRow["changes"]): Change[] {
  return changes.flatMap(({ entity, environment, key, before, after }) => {
    const where = [entity === "kill" ? null : key, environment || null].filter(Boolean).join(" in ");
    const several = changes.length > 1 && where ? `${where}: ` : "";
    return changesOf(entity, before as Document | null, after as Document | null).map((change) => ({
      ...change,
      what: several + change.what,
    }));
  });
}

/** What differs between two versions of a document, each null when there is none. */
export function changesOf(entity: string, before: Document | null, after: Document | null): Change[] {
  if (!before && !after) return [];
  if (entity === "kill") return [killChange(before, after)];
  if (!after) return [{ what: "Removed" }];
  if (entity === "plan") return planChanges((before ?? {}) as Partial<Plan>, after as Plan);
  if (!before && entity !== "state") return [{ what: "Made" }];
  if (entity === "state") return stateChanges((before ?? {}) as Partial<FlagState>, after as FlagState);
  return fieldChanges(before ?? {}, after);
}

function killChange(before: Document | null, after: Document | null): Change {
  const kill = after ?? before ?? {};
  const what = kill.variant ? `the variant ${kill.variant}` : "the whole flag";
  if (after && after.clearedRevision === undefined)
    return { what: `Killed ${what}; people get ${after.serve ?? "no value"}` };
  return { what: `Restored ${what}` };
}

function planChanges(before: Partial<Plan>, after: Plan): Change[] {
  const { run: old, ...was } = before;
  const { run: now, ...is } = after;
  const changes: Change[] = [];
  if (!same(was, is))
    changes.push({ what: `Release plan ${before.stages ? "changed" : "written"}: ${after.stages.length} stages` });
  if (now && !same(old, now))
    changes.push({ what: "Release", before: old && runWords(before, old), after: runWords(after, now) });
  return changes;
}

const runWords = ({ stages = [] }: Partial<Plan>, { status, stage }: PlanRun): string =>
  `${status.replace("-", " ")}, stage ${stage + 1} of ${stages.length}`;

function stateChanges(before: Partial<FlagState>, after: FlagState): Change[] {
  const { rules: old = [], ...restBefore } = before;
  const { rules: now, ...restAfter } = after;
  return [...fieldChanges(restBefore, restAfter), ...ruleChanges(old, now)];
}

function ruleChanges(before: readonly Rule[], after: readonly Rule[]): Change[] {
  const changes: Change[] = [];
  const old = new Map(before.map((rule) => [rule.id, rule]));
  const now = new Set(after.map((rule) => rule.id));
  for (const rule of before)
    if (!now.has(rule.id)) changes.push({ what: `${nameOf(rule)} removed`, before: ruleWords(rule) });
  for (const rule of after) {
    const was = old.get(rule.id);
    if (!was) changes.push({ what: `${nameOf(rule)} added`, after: ruleWords(rule) });
    else
      changes.push(
        ...fieldChanges(was, rule).map((change) => ({ ...change, what: `${nameOf(rule)}: ${change.what}` })),
      );
  }
  const kept = (rules: readonly Rule[], other: (id: string) => boolean) =>
    rules.filter(({ id }) => other(id)).map(nameOf);
  const orderBefore = kept(before, (id) => now.has(id));
  const orderAfter = kept(after, (id) => old.has(id));
  if (!same(orderBefore, orderAfter))
    changes.push({ what: "Order of the rules", before: orderBefore.join(", "), after: orderAfter.join(", ") });
  return changes;
}

const nameOf = (rule: Rule): string => `Rule “${rule.name ?? rule.id}”`;
const ruleWords = (rule: Rule): string =>
  isForEverybody(rule.when)
    ? `Everybody gets ${serveWords(rule.serve)}`
    : `If ${conditionWords(rule.when)}, then ${serveWords(rule.serve)}`;

const FIELD_WORDS: Record<string, string> = {
  by: "Kept together by",
  description: "Description",
  enabled: "Switch",
  excluded: "Never in it",
  expiresAt: "Ends",
  fallthrough: "Everybody else",
  holdout: "Holdout",
  included: "Always in it",
  killVariant: "While killed",
  layer: "Layer",
  name: "Name",
  offVariant: "While off",
  onStale: "When out of touch",
  owner: "Owner",
  paused: "Pause",
  prerequisites: "Depends on",
  purpose: "Purpose",
  seed: "Seed",
  serve: "Serves",
  signing: "Has to be signed",
  tags: "Tags",
  variants: "Variant",
  visibility: "Visible to",
  when: "Condition",
};

function fieldChanges(before: Document, after: Document): Change[] {
  const changes: Change[] = [];
  for (const field of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (field === "ranges" || same(withoutRanges(before[field]), withoutRanges(after[field]))) continue;
    if (field === "variants") changes.push(...variantChanges(before[field], after[field]));
    else
      changes.push({
        what: ownOf(FIELD_WORDS, field) ?? field,
        before: Object.hasOwn(before, field) ? fieldWords(field, before[field]) : undefined,
        after: Object.hasOwn(after, field) ? fieldWords(field, after[field]) : undefined,
      });
  }
  return changes;
}

function variantChanges(before: unknown, after: unknown): Change[] {
  const old = (before ?? {}) as Record<string, Json>;
  const now = (after ?? {}) as Record<string, Json>;
  return [...new Set([...Object.keys(old), ...Object.keys(now)])]
    .filter((name) => !same(ownOf(old, name), ownOf(now, name)))
    .map((name) => ({
      what: `Variant ${name}`,
      before: Object.hasOwn(old, name) ? JSON.stringify(old[name]) : undefined,
      after: Object.hasOwn(now, name) ? JSON.stringify(now[name]) : undefined,
    }));
}

/** People read weights; which bucket belongs to whom follows from them. */
function withoutRanges(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("split" in value)) return value;
  const { ranges: _, ...serve } = value as Document;
  return serve;
}

function fieldWords(field: string, value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (field === "enabled") return value ? "on" : "off";
  if (field === "paused") return value ? "paused" : "running";
  if (field === "fallthrough" || field === "serve") return serveWords(value as Serve);
  if (field === "signing") return signingWords(value as KeySigning);
  if (field === "when") return conditionWords(value as Rule["when"]);
  if (field === "expiresAt") return exactly(String(value));
  if (field === "purpose") return PURPOSE_WORDS[value as keyof typeof PURPOSE_WORDS]?.name ?? String(value);
  if (field === "visibility") return VISIBILITY_WORDS[value as keyof typeof VISIBILITY_WORDS]?.name ?? String(value);
  if (field === "prerequisites")
    return (value as FlagState["prerequisites"]).map((one) => conditionWords(one)).join("; ") || "nothing";
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value.join(", ") || "nothing";
  return typeof value === "string" ? value || "nothing" : JSON.stringify(value);
}
