import { tangled } from "../../evaluation/graph.ts";
import { LIMITS } from "../../limits.ts";
import type { Condition } from "../../schema/condition.ts";
import type { Segment } from "../../schema/segment.ts";
import { all, any, bucket, unless } from "../conditions.ts";
import type { TranslatedSegment } from "../model.ts";
import { isKey, Told } from "../told.ts";
import { oneOf } from "../values.ts";
import { attributeOf, clauseCondition, keyOf, type SegmentNames } from "./clauses.ts";
import type { LaunchdarklyDocument, LaunchdarklySegment } from "./schema.ts";
import { KNOWN_FIELDS } from "./words.ts";

/** The file's segments, which clauses ask for by their keys. */
export class Segments implements SegmentNames {
  readonly #segments: ReadonlyMap<string, LaunchdarklySegment>;
  readonly #circular: ReadonlySet<string>;

  constructor({ segments }: LaunchdarklyDocument) {
    this.#segments = new Map(Object.entries(segments ?? {}).filter(([, { deleted }]) => !deleted));
    this.#circular = tangled(this.#segments.keys(), (key) => this.#asked(key));
  }

  has(key: string): boolean {
    return this.#segments.has(key);
  }

  ask(key: string, told: Told, path: string): void {
    const lost = this.#lost(key);
    if (lost !== null) told.refuse(path, `the segment "${key}" is not imported: ${lost}`);
  }

  translate(): TranslatedSegment[] {
    return [...this.#segments].map(([key, segment]) => {
      const told = new Told();
      const lost = this.#lost(key);
      if (lost !== null) told.refuse(`segments.${key}`, lost);
      told.unknown(`segments.${key}`, segment, KNOWN_FIELDS.segment);
      const translated = segmentOf(key, segment, this, told);
      const { status, reasons } = told;
      return { key, status, reasons, ...(told.refused ? {} : { segment: translated }) };
    });
  }

  #asked(key: string): string[] {
    const rules = this.#segments.get(key)?.rules ?? [];
    const clauses = rules.flatMap(({ clauses }) => clauses ?? []).filter(({ op }) => op === "segmentMatch");
    return clauses.flatMap(({ values }) => values ?? []).filter((value) => typeof value === "string");
  }

  /** Why it is not imported; null: it is. */
  #lost(key: string, met: readonly string[] = []): string | null {
    if (!isKey(key)) return "its key cannot be one here: use 1–100 letters, digits, dots, hyphens and underscores";
    if (this.#segments.get(key)?.unbounded) return "it is a big segment, whose members are not in the file";
    if (this.#circular.has(key)) return "segments that ask for it run in a circle";
    for (const other of this.#asked(key)) {
      if (met.includes(other) || !this.has(other)) continue;
      const lost = this.#lost(other, [...met, key]);
      if (lost !== null) return `it asks for "${other}": ${lost}`;
    }
    return null;
  }
}

function segmentOf(key: string, segment: LaunchdarklySegment, segments: Segments, told: Told): Segment {
  const path = `segments.${key}`;
  const included = texts(segment.included);
  const excluded = texts(segment.excluded).filter((one) => !included.includes(one));
  const others = (targets: LaunchdarklySegment["includedContexts"]): Condition[] =>
    (targets ?? []).map(({ contextKind, values }) => oneOf(keyOf(contextKind), texts(values)));
  const rules = (segment.rules ?? []).map((rule, index) =>
    ruleOf(key, segment, rule, segments, told, `${path}.rules.${index}`),
  );
  const isShort = included.length <= LIMITS.segmentListInSnapshot && excluded.length <= LIMITS.segmentListInSnapshot;
  const listed = (keys: readonly string[]): Condition[] => (isShort ? [] : [oneOf(keyOf("user"), keys)]);
  // Included come before excluded of any kind.
  const isExcluded = any([...listed(excluded), ...others(segment.excludedContexts)]);
  const when = any([...listed(included), ...others(segment.includedContexts), all([unless(isExcluded), any(rules)])]);
  const isOfKinds = (segment.includedContexts?.length ?? 0) > 0;
  // A user who is excluded may be included by another kind of the same context.
  const keepsLists = isShort && !(isOfKinds && excluded.length > 0);
  if (keepsLists) return { description: "", by: keyOf("user"), included, excluded, when };
  const user = oneOf(keyOf("user"), included);
  const notUser = any([oneOf(keyOf("user"), excluded), ...others(segment.excludedContexts)]);
  return {
    description: "",
    by: keyOf("user"),
    included: [],
    excluded: [],
    when: any([user, ...others(segment.includedContexts), all([unless(notUser), any(rules)])]),
  };
}

function ruleOf(
  key: string,
  { salt }: LaunchdarklySegment,
  { clauses, weight, bucketBy, rolloutContextKind }: NonNullable<LaunchdarklySegment["rules"]>[number],
  segments: Segments,
  told: Told,
  path: string,
): Condition {
  const met: Condition[] = [];
  for (const [index, clause] of (clauses ?? []).entries()) {
    const where = `${path}.clauses.${index}`;
    const condition = clauseCondition(clause, segments, told, where);
    if (condition === null) told.refuse(where, "this clause names no attribute");
    else met.push(condition);
  }
  if (weight === undefined || weight === null) return all(met);
  const by = attributeOf(bucketBy || "key", rolloutContextKind);
  if (by === null) told.refuse(`${path}.bucketBy`, "this names no attribute");
  const seed = [key, salt ?? ""];
  const part =
    weight > 0
      ? [bucket({ by: by ?? "key", algorithm: "launchdarkly-sha1", seed, from: 0, to: weight / 100_000 })]
      : [];
  return all([...met, any(part)]);
}

const texts = (values: readonly unknown[] | null | undefined): string[] =>
  [...new Set((values ?? []).filter((value) => typeof value === "string" && value !== ""))] as string[];
