import { MAX_RESTORE_MS } from "../../../../shared/delivery/dora.ts";
import type { Actor } from "../../../../shared/schema/admin.ts";
import type { Cause } from "../../../../shared/schema/delivery.ts";
import type { BreachEvidence } from "../../../../shared/schema/guard.ts";
import type { IncidentMoment, IncidentPage } from "../../../../shared/schema/resilience.ts";
import { followUpView } from "../../../admin/follow-ups/view.ts";
import type { Body, Change } from "../entities.ts";
import type { ProjectTables } from "../project-tables.ts";
import { knownFlag } from "./live-flags.ts";
import { ServedChanges } from "./served-changes.ts";

/** A restore is looked for in so many revisions after the kill. */
const LOOKED_THROUGH = 5_000;

type EventRow = {
  kind: string;
  flag: string;
  revision: number;
  at: number;
  cause: Cause;
  onset_at: number | null;
  confirmed_at: number | null;
  actor: string;
  comment: string;
};
const EVENT = `SELECT e.kind, e.flag, e.revision, e.at, e.cause, e.onset_at, e.confirmed_at, a.actor, a.comment
  FROM delivery_event AS e JOIN audit AS a ON a.revision = e.revision`;

const iso = (at: number): string => new Date(at).toISOString();

/** A kill or a rollback, with everything that is known of it; null: that change took nothing back. Reads only. */
export function incidentPage(
  tables: ProjectTables,
  environment: string,
  revision: number,
  flag: string | null,
): IncidentPage | null {
  if (revision <= tables.auditLog.predecessorEnd) return null;
  const [event] = tables.sql.exec<EventRow>(
    `${EVENT} WHERE e.environment = ?1 AND e.revision = ?2 AND e.kind IN ('kill', 'rollback')
       AND (?3 IS NULL OR e.flag = ?3) ORDER BY e.flag LIMIT 1`,
    environment,
    revision,
    flag,
  );
  if (!event) return null;
  const kill = killOf(tables.auditLog.changesIn(revision) ?? [], environment, event.flag);
  const onsetAt = possibleOnset(event);
  const confirmedAt = event.confirmed_at;
  return {
    project: tables.meta.project,
    environment,
    revision,
    flag: event.flag,
    kind: event.kind as "kill" | "rollback",
    variant: kill?.variant ?? null,
    cause: event.cause,
    by: nameIn(event),
    comment: event.comment,
    takenBackAt: iso(event.at),
    onsetAt: onsetAt === null ? null : iso(onsetAt),
    confirmedAt: confirmedAt === null ? null : iso(confirmedAt),
    restoreMs: onsetAt === null || confirmedAt === null ? null : Math.max(0, confirmedAt - onsetAt),
    timeline: timelineOf(tables, environment, event, onsetAt),
    evidence: kill?.evidence ?? null,
    people: { ...countedIn(kill?.evidence), share: shareBefore(tables, environment, event) },
    followUps: followUpsOf(tables, environment, revision, event.flag),
  };
}

const nameIn = ({ actor }: Pick<EventRow, "actor">): string => (JSON.parse(actor) as Actor).name;

function killOf(changes: readonly Change[], environment: string, flag: string): Body<"kill"> | null {
  for (const one of changes)
    if (one.entity === "kill" && one.environment === environment && one.after?.flag === flag) return one.after;
  return null;
}

/** As the delivery figures have it: what was stored before an onset had to be possible counts as not known. */
const possibleOnset = ({ onset_at: onset, at, cause }: EventRow): number | null =>
  onset !== null && (cause === "guard" || (onset <= at && at - onset <= MAX_RESTORE_MS)) ? onset : null;

function countedIn(evidence: BreachEvidence | undefined): { exposed: number | null; harmed: number | null } {
  if (!evidence) return { exposed: null, harmed: null };
  const exposed = evidence.exposed[evidence.arm] ?? evidence.units.treatment;
  return { exposed, harmed: evidence.kind === "error" ? Math.round(evidence.events.treatment) : null };
}

/** Share of users whom the flag reached until it was taken back. */
function shareBefore({ sql, documents }: ProjectTables, environment: string, event: EventRow): number | null {
  const served = new ServedChanges(sql, knownFlag(documents, event.flag));
  return served.reachBefore(environment, event.flag, event.revision);
}

function followUpsOf({ documents }: ProjectTables, environment: string, incident: number, flag: string) {
  return documents
    .list("followUp", environment)
    .filter(({ body }) => body.incident === incident && body.flag === flag)
    .map((row) => followUpView(row))
    .sort((a, b) => (a.due < b.due ? -1 : 1));
}

/** From the release that went wrong to the next one, in the order of their times. */
function timelineOf(
  tables: ProjectTables,
  environment: string,
  event: EventRow,
  onsetAt: number | null,
): IncidentMoment[] {
  const { sql } = tables;
  const around = (order: string, at: number): EventRow | undefined =>
    sql
      .exec<EventRow>(
        `${EVENT} WHERE e.environment = ?1 AND e.flag = ?2 AND e.kind IN ('release', 'step') ${order} LIMIT 1`,
        environment,
        event.flag,
        at,
      )
      .toArray()[0];
  const before = around("AND e.revision < ?3 ORDER BY e.revision DESC", event.revision);
  const after = around("AND e.revision > ?3 AND e.kind = 'release' ORDER BY e.revision", event.revision);
  const moments: (IncidentMoment | null)[] = [
    before ? madeBy("released", before) : null,
    onsetAt === null ? null : moment("onset", onsetAt),
    madeBy("taken-back", event),
    publishedOf(sql, environment, event.revision),
    ...servedIn(sql, environment, event.revision),
    event.confirmed_at === null ? null : moment("confirmed", event.confirmed_at),
    event.kind === "kill" ? restoredOf(tables, environment, event) : null,
    after ? madeBy("released-again", after) : null,
  ];
  return moments.filter((one) => one !== null).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

const moment = (what: IncidentMoment["what"], at: number, more: Partial<IncidentMoment> = {}): IncidentMoment => ({
  at: iso(at),
  what,
  where: null,
  by: null,
  revision: null,
  comment: "",
  ...more,
});

const madeBy = (what: IncidentMoment["what"], row: Pick<EventRow, "at" | "revision" | "actor" | "comment">) =>
  moment(what, row.at, { by: nameIn(row), revision: row.revision, comment: row.comment });

function publishedOf(sql: SqlStorage, environment: string, revision: number): IncidentMoment | null {
  const [row] = sql.exec<{ at: number | null }>(
    "SELECT published_at AS at FROM change_log WHERE environment = ? AND revision = ?",
    environment,
    revision,
  );
  return row && row.at !== null ? moment("published", row.at) : null;
}

/** How it travelled: kept for an environment's latest changes only. */
function servedIn(sql: SqlStorage, environment: string, revision: number): IncidentMoment[] {
  const rows = sql.exec<{ colo: string; at: number }>(
    "SELECT colo, at FROM first_served WHERE environment = ? AND revision = ? ORDER BY at LIMIT 400",
    environment,
    revision,
  );
  return [...rows].map(({ colo, at }) => moment("served", at, { where: colo }));
}

/** The kill's document goes once its restore is published: from then on the audit alone knows of it. */
function restoredOf(
  { sql }: ProjectTables,
  environment: string,
  { revision }: Pick<EventRow, "revision">,
): IncidentMoment | null {
  const [row] = sql.exec<Pick<EventRow, "at" | "revision" | "actor" | "comment">>(
    `SELECT at, revision, actor, comment FROM audit WHERE revision > ?1 AND revision <= ?2 AND action = 'restore'
       AND instr(changes, ?3) > 0 ORDER BY revision LIMIT 1`,
    revision,
    revision + LOOKED_THROUGH,
    `"entity":"kill","environment":${JSON.stringify(environment)},"key":"kill-${revision}"`,
  );
  return row ? madeBy("restored", row) : null;
}
