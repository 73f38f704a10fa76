import type { AuditBody, AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: { environment: { name: "the environment", change: changeWords }, project: "the project" },
};

function changeWords(before: AuditBody, after: AuditBody): string | null {
  if (before === null || after === null || before.freshness === after.freshness) return null;
  return after.freshness === "stale-while-revalidate"
    ? "let requests be answered at once, with knowledge of up to a minute, in the environment"
    : "bounded the age of answers to two seconds in the environment";
}
