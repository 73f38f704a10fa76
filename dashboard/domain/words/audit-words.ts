import { ownOf } from "../../../shared/own.ts";
import type { AuditRow } from "../../../shared/schema/admin.ts";

type Row = Pick<AuditRow, "action" | "actor"> & {
  changes: readonly { entity: string; environment: string; key: string; before: unknown; after: unknown }[];
};

/** Who is behind a change, in words. */
export function actorWords({ type, id, name }: AuditRow["actor"]): string {
  switch (type) {
    case "schedule":
      return id === "release-plan" ? "The release plan" : `The schedule ${name}`;
    case "guard":
      return "A guard";
    case "trigger":
      return `The trigger ${name}`;
    case "system":
      return id === "stop-rule" ? "The stop rule" : "The system";
    default:
      return name;
  }
}

const PLAN_WORDS: Record<string, string> = {
  putPlan: "wrote the release plan of",
  deletePlan: "deleted the release plan of",
  startPlan: "started the release of",
  pausePlan: "paused the release of",
  resumePlan: "went on with the release of",
  advancePlan: "took the release on of",
  stepBackPlan: "took the release a stage back of",
  rollbackPlan: "rolled back the release of",
};

const TEST_WORDS: Record<string, string> = {
  putTest: "set up the test",
  startTest: "started the test",
  stopTest: "ended the test",
  stageTest: "took the dark launch to another stage:",
  deleteTest: "deleted the test",
};

/** Entities whose name says too little; any other is called by its own: "planTemplate" is "the plan template". */
const ENTITY_WORDS: Record<string, string> = {
  breach: "a report of harm by",
  freeze: "the freeze window",
  guard: "the guard of",
  key: "a key",
  plan: "the release plan",
};

const entityWords = (entity: string): string =>
  ownOf(ENTITY_WORDS, entity) ?? `the ${entity.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`;

/** The flag, segment or environment a row is about, the first of several. */
export function subjectOf(row: Row): { entity: string; key: string; environment: string; more: number } | null {
  const [first] = row.changes;
  if (!first) return null;
  const body = (first.after ?? first.before) as { flag?: string } | null;
  const key = first.entity === "kill" ? (body?.flag ?? "") : first.key;
  const keys = new Set(
    row.changes.map(
      (change) => `${["state", "plan", "test"].includes(change.entity) ? "flag" : change.entity} ${change.key}`,
    ),
  );
  return { entity: first.entity, key, environment: first.environment, more: keys.size - 1 };
}

/** What was done, as the middle of a sentence: "switched on", "made the flag". The subject follows. */
export function actionWords(row: Row): string {
  const [first] = row.changes;
  if (row.action === "import") return "imported a document, changing";
  if (row.action === "revert") return "put back an earlier version of";
  if (!first) return row.action;
  const named = PLAN_WORDS[row.action] ?? TEST_WORDS[row.action];
  if (named) return named;
  const before = first.before as Record<string, unknown> | null;
  const after = first.after as Record<string, unknown> | null;
  if (first.entity === "kill") return after && after.clearedRevision === undefined ? "killed" : "restored";
  if (first.entity === "state") {
    const only = onlyDifference(before, after);
    if (only === "enabled") return after?.enabled ? "switched on" : "switched off";
    return before ? "changed" : "made";
  }
  const what = entityWords(first.entity);
  if (first.entity === "flag" && after?.archivedAt && !before?.archivedAt) return "archived the flag";
  if (first.entity === "key") return after ? "made a key" : "revoked a key";
  return `${!before ? "made" : !after ? "deleted" : "changed"} ${what}`;
}

function onlyDifference(before: Record<string, unknown> | null, after: Record<string, unknown> | null): string | null {
  if (!before || !after) return null;
  const fields = new Set([...Object.keys(before), ...Object.keys(after)]);
  const different = [...fields].filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]));
  return different.length === 1 ? (different[0] ?? null) : null;
}
