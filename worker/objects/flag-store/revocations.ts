import type { Body, Change, ProjectView } from "./entities.ts";

/** What works with nobody there: by a secret that was given out, or when its time comes. */
const STANDING = ["key", "signingKey", "trigger", "webhook", "schedule"] as const;
type Standing = Extract<Change, { entity: (typeof STANDING)[number] }>;

const isStanding = (change: Change): change is Standing => (STANDING as readonly string[]).includes(change.entity);
const placeOf = ({ entity, environment, key }: Change): string => `${entity}\n${environment}\n${key}`;

/**
 * What somebody took back, as the audit says: keys and signing keys that were revoked, triggers and webhooks that were deleted, schedules
 * that were cancelled. What went with its project or environment counts once another was made under that name: until
 * then a restore undoes the deletion.
 */
export function takenBack(audit: Iterable<{ action: string; changes: Change[] }>): ReadonlyMap<string, Standing> {
  const taken = new Map<string, Standing>();
  /** Went with its project or environment. */
  const along = new Map<string, Standing>();
  for (const { action, changes } of audit) {
    for (const change of changes) {
      if (change.entity === "environment" && change.before === null) {
        for (const [place, gone] of along) {
          if (gone.environment !== change.key && gone.environment !== "") continue;
          taken.set(place, gone);
          along.delete(place);
        }
      }
      if (!isStanding(change)) continue;
      const place = placeOf(change);
      const wentAlong = action === "deleteProject" || action === "deleteEnvironment";
      // A schedule that was cancelled before.
      if (wentAlong && taken.has(place)) continue;
      taken.delete(place);
      along.delete(place);
      const isCancelled = change.entity === "schedule" && change.after?.status === "cancelled";
      if (change.after !== null && !isCancelled && !hasEnd(change)) continue;
      (wentAlong ? along : taken).set(place, change);
    }
  }
  return taken;
}

type WithEnd = Extract<Standing, { entity: "key" }> & { after: Body<"key"> & { expiresAt: string } };

/** A key that was given an end, as a rotation gives it one. */
const hasEnd = (change: Standing): change is WithEnd =>
  change.entity === "key" && change.after !== null && change.after.expiresAt !== undefined;

/** An older key must not live longer for the restore. */
function endSooner(expiresAt: string, environment: string, key: string, body: Body<"key">): Change[] {
  if (body.expiresAt !== undefined && Date.parse(body.expiresAt) <= Date.parse(expiresAt)) return [];
  return [{ entity: "key", environment, key, before: body, after: { ...body, expiresAt } }];
}

/**
 * What was taken back before restores of earlier: a backup that does not know a key does not know of its revocation
 * either, and one that is put in place after it may know the key.
 */
export class TakenBack {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** All of it, with what the audit says since the last restore. */
  all(audit: Iterable<{ action: string; changes: Change[] }>): ReadonlyMap<string, Standing> {
    const rows = this.#sql.exec<{ change: string }>("SELECT change FROM taken_back");
    const before = [...rows].map(({ change }) => JSON.parse(change) as Standing);
    return new Map([...before.map((change) => [placeOf(change), change] as const), ...takenBack(audit)]);
  }

  /** In the transaction of a restore. */
  keep(taken: ReadonlyMap<string, Standing>): void {
    for (const { entity, environment, key, after } of taken.values())
      this.#sql.exec(
        "INSERT OR REPLACE INTO taken_back (entity, environment, key, change) VALUES (?, ?, ?, ?)",
        entity,
        environment,
        key,
        JSON.stringify({ entity, environment, key, before: null, after }),
      );
  }

  /** All of it is brought back on purpose. */
  forget(): void {
    this.#sql.exec("DELETE FROM taken_back");
  }
}

/** What a backup that was put in place brings back of it, and has to let go again. */
export function stillTakenBack(taken: ReadonlyMap<string, Standing>, view: ProjectView): Change[] {
  return STANDING.flatMap((entity) =>
    view.list(entity).flatMap(({ environment, key, body }): Change[] => {
      const gone = taken.get(placeOf({ entity, environment, key } as Change));
      if (!gone || ("status" in body && body.status !== "pending")) return [];
      if (hasEnd(gone)) return endSooner(gone.after.expiresAt, environment, key, body as Body<"key">);
      return [{ ...gone, before: body } as Change];
    }),
  );
}
