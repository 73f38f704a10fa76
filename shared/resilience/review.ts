import type { Finding, Severity } from "../schema/resilience.ts";
import type { Facts } from "./facts.ts";
import type { FindingKind } from "./finding-kind.ts";
import { KINDS } from "./kinds.ts";

/** More than this nobody mends. */
export const MOST_FINDINGS = 100;

/** From this blast radius on. */
const SEVERITY_FROM: readonly [severity: Severity, from: number][] = [
  ["high", 0.5],
  ["medium", 0.2],
  ["low", 0],
];

const severityOf = (blastRadius: number): Severity =>
  SEVERITY_FROM.find(([, from]) => blastRadius >= from)?.[0] ?? "low";

/** What every kind finds in the facts, the largest blast radius first; then the order of the kinds, then the subject. */
export function review(facts: Facts, kinds: readonly FindingKind[] = KINDS): { findings: Finding[]; total: number } {
  const noticed = kinds.flatMap((kind, order) =>
    kind.look(facts).map((one) => ({ kind, order, one, blastRadius: rounded(one.blastRadius) })),
  );
  noticed.sort(
    (a, b) => b.blastRadius - a.blastRadius || a.order - b.order || (a.one.subject < b.one.subject ? -1 : 1),
  );
  const findings = noticed.slice(0, MOST_FINDINGS).map(({ kind, one, blastRadius }) => ({
    id: one.subject === "" ? kind.id : `${kind.id}/${one.subject}`,
    kind: kind.id,
    severity: severityOf(blastRadius),
    blastRadius,
    ...kind.words(one, facts),
  }));
  return { findings, total: noticed.length };
}

const rounded = (share: number): number => Math.round(Math.min(1, Math.max(0, share)) * 1_000) / 1_000;
