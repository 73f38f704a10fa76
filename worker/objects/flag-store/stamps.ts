import type { Entity, Row } from "./entities.ts";

export const iso = (ms: number): string => new Date(ms).toISOString();

/** What every document is answered with. */
export const stamps = (row: Row<Entity>) => ({
  version: row.version,
  revision: row.revision,
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
});
