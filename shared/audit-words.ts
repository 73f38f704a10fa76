/** A document as the audit holds it; null before it was made and after it was deleted. */
export type AuditBody = Readonly<Record<string, unknown>> | null;

/** A kind of document in words: its name alone, or with words for changes of which "changed" says too little. */
export type EntityWords = string | { name: string; change(before: AuditBody, after: AuditBody): string | null };

/**
 * How the history tells of a resource. `worker/admin/<resource>/words.ts` holds them and imports nothing but this type:
 * the dashboard loads those files.
 */
export interface AuditWords {
  /** By entity, as the object of "made", "changed" and "deleted": "the freeze window". What it is called follows. */
  entities: Readonly<Record<string, EntityWords>>;
  /** By command, instead of those three verbs: "started the release of". */
  actions?: Readonly<Record<string, string>>;
}
