import { randomSecret } from "../../crypto/tokens.ts";
import type { Command } from "./commands.ts";
import type { ProjectTables } from "./project-tables.ts";
import type { ListProposal } from "./segment-lists.ts";

const newSalt = (): string => randomSecret().slice(0, 32);

/** Names the versions of segments' long lists, and says what a command would make of one. */
export class ListVersions {
  readonly #tables: Pick<ProjectTables, "documents" | "lists" | "meta">;

  constructor(tables: Pick<ProjectTables, "documents" | "lists" | "meta">) {
    this.#tables = tables;
  }

  /** For a command on a long list: what it would become. Writes nothing but the counter of versions. */
  proposed(command: Command): ListProposal | null {
    if (command.type !== "putList" && command.type !== "patchList") return null;
    const { documents, lists, meta } = this.#tables;
    const { segment } = command;
    const current = documents.get("list", "", segment)?.body ?? null;
    if (command.type === "putList") return lists.uploaded(segment, command.upload, current);
    const salt = current?.salt ?? newSalt();
    return lists.amended(segment, command, { version: this.#next(), salt, key: meta.listKey(salt) }, current);
  }

  /** Opens an upload: under which name its shards come, and the key to hash with. */
  beginUpload(segment: string, now: number): { upload: string; key: string } {
    const { documents, lists, meta } = this.#tables;
    const salt = documents.get("list", "", segment)?.body.salt ?? newSalt();
    const upload = this.#next();
    lists.begin(segment, upload, salt, now);
    return { upload, key: meta.listKey(salt) };
  }

  /** Never given twice, also when a restore takes the counter back: then the epoch has risen. */
  #next(): string {
    const { meta } = this.#tables;
    const next = Number(meta.get("list_version") ?? 0) + 1;
    meta.set("list_version", String(next));
    return `${meta.epoch}-${next}`;
  }
}
