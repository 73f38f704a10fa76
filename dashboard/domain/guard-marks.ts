import type { AuditRow } from "../../shared/schema/admin.ts";
import { actionWords, actorWords } from "./words/audit-words.ts";

/** A change of the flag, as charts mark it: a kill, another stage of its plan, or anything else. */
export interface Mark {
  at: number;
  kind: "kill" | "stage" | "change";
  words: string;
}

const STAGES: ReadonlySet<string> = new Set(["startPlan", "advancePlan", "resumePlan", "stepBackPlan", "rollbackPlan"]);
const kindOf = (action: string): Mark["kind"] => (action === "kill" ? "kill" : STAGES.has(action) ? "stage" : "change");

export const marksOf = (rows: readonly AuditRow[]): Mark[] =>
  rows.map((row) => ({
    at: Date.parse(row.at),
    kind: kindOf(row.action),
    words: `${actorWords(row.actor)} ${actionWords(row)} the flag`,
  }));
