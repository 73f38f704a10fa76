import type { AuditBody, AuditWords } from "../../../shared/audit-words.ts";

export const words: AuditWords = {
  entities: {
    flag: {
      name: "the flag",
      change: (before, after) => (after?.archivedAt && !before?.archivedAt ? "archived the flag" : null),
    },
    // The flag's own name follows.
    state: {
      name: "the state of",
      change(before, after) {
        if (onlyDifference(before, after) === "enabled") return after?.enabled ? "switched on" : "switched off";
        return before ? "changed" : "made";
      },
    },
  },
};

function onlyDifference(before: AuditBody, after: AuditBody): string | null {
  if (!before || !after) return null;
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  const different = [...fields].filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
  return different.length === 1 ? (different[0] ?? null) : null;
}
