import type { DemandCell } from "../../../shared/demand/demand.ts";

const DAY_MS = 86_400_000;

type Stored = {
  day: string;
  country: string;
  device: string;
  doubtful: number;
  final: number;
  seen: number;
  clicked: number;
  doubted: number;
};

/** The people of a run, counted by day, country, device, and whether they are believed and final at `asOf` (epoch ms). */
export function countPeople(sql: SqlStorage, run: number, windowDays: number, asOf: number): DemandCell[] {
  return sql
    .exec<Stored>(
      `${PEOPLE_OF_A_RUN}
       SELECT date(first_seen / 1000, 'unixepoch') AS day, country, device, doubtful, first_seen <= ?2 - ?3 AS final,
         count(*) AS seen,
         sum(iif(doubtful, clicked, believed) - first_seen <= ?3) AS clicked,
         sum(NOT doubtful AND clicked - first_seen <= ?3 AND coalesce(believed - first_seen > ?3, 1)) AS doubted
       FROM people GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`,
      run,
      asOf,
      windowDays * DAY_MS,
    )
    .toArray()
    .flatMap(({ doubtful, final, clicked, doubted, ...counted }) => {
      const cell = { ...counted, clicked: clicked ?? 0, suspicious: doubtful === 1, final: final === 1 };
      // Doubtful clicks for people who are believed are counted apart from them.
      return doubted > 0 ? [cell, { ...cell, seen: 0, clicked: doubted, suspicious: true }] : [cell];
    });
}

/**
 * The people of run ?1 who came by ?2, browsers of one user being one person: first sight, any click, and the first one
 * that is believed. Of a person who is believed with one browser, doubtful ones change neither sight nor click.
 */
const PEOPLE_OF_A_RUN = `
  WITH browser AS (
    SELECT person.*, alias.unit AS joined, iif(doubts = 0 AND click_doubts = 0, clicked_at, NULL) AS believed_click
    FROM person LEFT JOIN alias ON alias.id = person.unit WHERE run = ?1 AND first_seen <= ?2
  ), shared AS (
    SELECT first_seen, country, device, doubts > 0 AS doubtful, min(clicked_at) OVER one AS clicked,
      min(believed_click) OVER one AS believed,
      row_number() OVER (one ORDER BY doubts > 0, first_seen, unit) AS place
    FROM browser WHERE joined IS NOT NULL OR unit IN (SELECT unit FROM alias)
    WINDOW one AS (PARTITION BY coalesce(joined, unit))
  ), people AS (
    SELECT first_seen, country, device, doubts > 0 AS doubtful, clicked_at AS clicked, believed_click AS believed
    FROM browser WHERE joined IS NULL AND unit NOT IN (SELECT unit FROM alias)
    UNION ALL SELECT first_seen, country, device, doubtful, clicked, believed FROM shared WHERE place = 1
  )`;
