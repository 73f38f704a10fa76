import { randomSecret } from "../../crypto/tokens.ts";
import type { DirectoryMethods } from "../directory/methods.ts";
import type { ProjectTables } from "./project-tables.ts";

/** When the last project of this name was deleted (epoch ms); absent: none was. */
const DELETIONS = "deletions";
/** 256 random bits in hex. */
const newSealKey = (): string => `${randomSecret()}${randomSecret()}`.slice(0, 64);

/** The part of the directory of projects that a store tells of itself. */
export type Registry = {
  [Method in "registerProject" | "forgetProject"]: (
    ...parameters: Parameters<DirectoryMethods[Method]>
  ) => Promise<unknown>;
};

/** Which project this is: the secret that its tokens hang on, and what the directory knows of it. */
export class ProjectIdentity {
  readonly #tables: Pick<ProjectTables, "meta" | "documents">;
  readonly #registry: () => Registry;

  constructor(tables: Pick<ProjectTables, "meta" | "documents">, registry: () => Registry) {
    this.#tables = tables;
    this.#registry = registry;
  }

  /** Draws the project's own secret, where there is none yet. */
  begin(): void {
    if (this.#tables.meta.sealKey === undefined) this.#tables.meta.set("seal_key", newSealKey());
  }

  /**
   * What a deleted project gave out must not open a project made later under its name: previews and stream tokens are
   * sealed with a secret that goes, and the directory revokes the tokens of all projects before this instant. A clock
   * and no counter, because a restore takes a counter back.
   */
  end(now: number): void {
    this.#tables.meta.set("seal_key", newSealKey());
    this.#tables.meta.set(DELETIONS, String(Math.max(now, this.deletedAt + 1)));
  }

  /** When the last project of this name was deleted (epoch ms); 0: none was. */
  get deletedAt(): number {
    return Number(this.#tables.meta.get(DELETIONS) ?? 0);
  }

  /** After a restore: the backup's instant is of another installation, or of an earlier time. */
  keepDeletedAt(deletedAt: number): void {
    if (this.deletedAt !== deletedAt) this.#tables.meta.set(DELETIONS, String(deletedAt));
  }

  /** Tells the directory that this project is there or gone. Told twice, or late, it does no harm. */
  async register(): Promise<void> {
    const { meta, documents } = this.#tables;
    const row = documents.get("project", "", meta.project);
    const registry = this.#registry();
    const deletedAt = this.deletedAt || null;
    await (row
      ? registry.registerProject(meta.project, row.body.name, row.createdAt, deletedAt)
      : registry.forgetProject(meta.project, deletedAt));
  }
}
