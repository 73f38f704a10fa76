import type { AuditRow } from "../../shared/schema/admin.ts";
import { actionWords, actorWords } from "./words/audit-words.ts";

/** A change of the flag, as charts mark it. */
export interface Mark {
  at: number;
  words: string;
}

export const marksOf = (rows: readonly AuditRow[]): Mark[] =>
  rows.map((row) => ({ at: Date.parse(row.at), words: `${actorWords(row.actor)} ${actionWords(row)} the flag` }));
