import type { AuditBody, AuditWords, EntityWords } from "../../../shared/audit-words.ts";
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

const OF_RESOURCES = Object.values(
  import.meta.glob<AuditWords>("../../../worker/admin/*/words.ts", { eager: true, import: "words" }),
);
/** @internal The test that every kind of document has words reads it. */
export const ENTITY_WORDS: Readonly<Record<string, EntityWords>> = Object.assign(
  {},
  ...OF_RESOURCES.map(({ entities }) => entities),
);
const ACTION_WORDS: Readonly<Record<string, string>> = Object.assign({}, ...OF_RESOURCES.map(({ actions }) => actions));

/** The flag, segment or environment a row is about, the first of several. */
export function subjectOf(row: Row): { entity: string; key: string; environment: string; more: number } | null {
  const [first] = row.changes;
  if (!first) return null;
  const body = (first.after ?? first.before) as { flag?: string; name?: string } | null;
  const key = nameOf(first, body);
  const subjects = new Set(row.changes.map(subjectName));
  return { entity: first.entity, key, environment: first.environment, more: subjects.size - 1 };
}

/** Documents that belong to a flag are about the flag: a kill that halts its plan concerns one, not two. */
const OF_A_FLAG: ReadonlySet<string> = new Set(["flag", "state", "plan", "test", "guard", "breach"]);
function subjectName({ entity, key, before, after }: Row["changes"][number]): string {
  const flag = ((after ?? before) as { flag?: unknown } | null)?.flag;
  if (OF_A_FLAG.has(entity)) return `flag ${key}`;
  return typeof flag === "string" ? `flag ${flag}` : `${entity} ${key}`;
}

/** What people know a document by: ids of kills and keys tell nobody anything. */
function nameOf({ entity, key }: Row["changes"][number], body: { flag?: string; name?: string } | null): string {
  if (entity === "kill") return body?.flag ?? "";
  return (entity === "key" || entity === "signingKey") && body?.name ? body.name : key;
}

/** What was done, as the middle of a sentence: "switched on", "made the flag". The subject follows. */
export function actionWords(row: Row): string {
  const [first] = row.changes;
  const action = ownOf(ACTION_WORDS, row.action);
  if (!first || action) return action ?? row.action;
  const { entity } = first;
  const before = first.before as AuditBody;
  const after = first.after as AuditBody;
  // A row of a newer Worker may tell of an entity that this dashboard does not know.
  const words = ownOf(ENTITY_WORDS, entity) ?? `the ${entity}`;
  const [name, change] = typeof words === "string" ? [words, null] : [words.name, words.change(before, after)];
  return change ?? `${!before ? "made" : !after ? "deleted" : "changed"} ${name}`;
}
