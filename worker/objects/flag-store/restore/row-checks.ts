import { z } from "zod";
import type { BackupRow } from "../../../../shared/schema/backup.ts";

type RowOf<R extends BackupRow["row"]> = Extract<BackupRow, { row: R }>;

/** The last millisecond of the year 9999: later ones have no ISO text of the usual form, or none at all. */
const LAST_INSTANT = 253_402_300_799_999;
const SEAL_KEY = /^[0-9a-f]{64}$/;
const actor = z.looseObject({ type: z.string(), id: z.string(), name: z.string(), role: z.string() });
const place = { environment: z.string(), key: z.string() };
const bodies = <S extends z.ZodType>(body: S) => ({ before: body.nullable(), after: body.nullable() });
const serve = z.looseObject({ split: z.array(z.looseObject({ weight: z.number() })).optional() });
const rule = z.looseObject({ when: z.looseObject({ all: z.array(z.unknown()).optional() }), serve });
const state = z.looseObject({ enabled: z.boolean(), rules: z.array(rule), fallthrough: serve });
const kill = z.looseObject({ flag: z.string() });
/**
 * As much of documents as the delivery figures are built of. The rest is not looked into: a history has hundreds of
 * megabytes.
 */
const change = z.union([
  z.looseObject({ ...place, entity: z.literal("state"), ...bodies(state) }),
  z.looseObject({ ...place, entity: z.literal("kill"), ...bodies(kill) }),
  z.looseObject({
    ...place,
    entity: z.string().refine((entity) => entity !== "state" && entity !== "kill"),
    ...bodies(z.looseObject({})),
  }),
]);
const changes = z.array(change);

const isInstant = (at: number | null): boolean => at === null || (at >= 0 && at <= LAST_INSTANT);

/** Whether all instants of a row can be shown as dates. One that cannot makes every list that holds it fail. */
export function hasInstants(row: BackupRow): boolean {
  switch (row.row) {
    case "document":
      return isInstant(row.created_at) && isInstant(row.updated_at);
    case "audit":
      return isInstant(row.at);
    case "confirmation":
      return isInstant(row.confirmed_at);
    case "ledger":
      return (
        row.ledger.pages.every(({ at }) => isInstant(at)) &&
        row.ledger.people.every(([, , seen, clicked]) => isInstant(seen) && isInstant(clicked))
      );
    default:
      return true;
  }
}

/** Whether edges can take snapshots that carry this: they refuse all of an environment's otherwise. */
export const isUsable = ({ name, value }: RowOf<"meta">): boolean => name !== "seal_key" || SEAL_KEY.test(value);

/** Whether the history can show who it was and what changed. */
export const isReadable = (who: unknown, lists: readonly unknown[]): boolean =>
  actor.safeParse(who).success && lists.every((list) => changes.safeParse(list).success);

/** What stands at one place, and so may come once; null: the row has no place of its own. */
export function placeOf(row: BackupRow): string | null {
  if (row.row === "document") return `document\n${row.entity}\n${row.environment}\n${row.key}`;
  if (row.row === "list") return `list\n${row.segment}\n${row.shard}`;
  return row.row === "audit-more" ? `audit-more\n${row.revision}\n${row.part}` : null;
}
