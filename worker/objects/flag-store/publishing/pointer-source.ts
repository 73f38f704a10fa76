import type { Pointer } from "../../../../shared/schema/pointer.ts";
import { killOf } from "../build-snapshot.ts";
import type { ProjectTables } from "../project-tables.ts";
import type { Published } from "../publications.ts";

/** Makes the pointer that edges re-read: which snapshots are current, and the kills that need no snapshot. */
export class PointerSource {
  readonly #tables: ProjectTables;
  /** The pointer as last made, and what it was made of: it is read far more often than anything in it changes. */
  #made: { mark: string; pointer: Omit<Pointer, "asOf"> } | null = null;

  constructor(tables: ProjectTables) {
    this.#tables = tables;
  }

  read(now: number): Pointer {
    const { publications, auditLog, meta } = this.#tables;
    const published = publications.published();
    const revision = auditLog.latestRevision;
    const mark = [meta.epoch, revision, ...published.map(({ hash }) => hash)].join(" ");
    if (this.#made?.mark !== mark) this.#made = { mark, pointer: this.#make(revision, published) };
    return { ...this.#made.pointer, asOf: now };
  }

  #make(revision: number, published: Published[]): Omit<Pointer, "asOf"> {
    const { documents, meta } = this.#tables;
    const environments: Pointer["environments"] = {};
    for (const { environment, revision: out, hash } of published) {
      // A restored kill stays until the snapshot without it is out: an older snapshot must not re-open a rollout.
      const kills = documents
        .list("kill", environment)
        .filter(({ body }) => body.clearedRevision === undefined || body.clearedRevision > out);
      const tombstones = documents.list("tombstone", environment).map(({ key }) => key);
      const setting = documents.get("environment", "", environment)?.body.freshness;
      environments[environment] = {
        ...{ revision: out, hash, kills: kills.map(killOf), tombstones },
        ...(setting ? { freshness: setting } : {}),
      };
    }
    return { project: meta.slug, epoch: meta.epoch, revision, environments };
  }
}
