import { type Slug, storedSlug } from "../../../shared/schema/names.ts";
import { toBase64 } from "../../crypto/base64.ts";
import { openAesGcm } from "../../crypto/former/aes-gcm.ts";
import { isSealed, open, type SealedFor, seal } from "../../crypto/seal.ts";
import { sha256 } from "../../crypto/sha256.ts";

/**
 * What a store knows of itself, by name, and the secrets that are derived from its own one: kept nowhere, so that the
 * audit shows salts only.
 */
export class StoreMeta {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get(name: string): string | undefined {
    const [row] = this.#sql.exec<{ value: string }>("SELECT value FROM meta WHERE name = ?", name);
    return row?.value;
  }

  set(name: string, value: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", name, value);
  }

  get project(): string {
    return this.get("project") ?? "";
  }

  /** The project's name as a part of keys. Throws in a store where no project was ever made. */
  get slug(): Slug {
    return storedSlug(this.project);
  }

  get epoch(): number {
    return Number(this.get("epoch") ?? 1);
  }

  /** The project's own secret: 256 bits in hex. */
  get sealKey(): string | undefined {
    return this.get("seal_key");
  }

  /** The hash key of a segment's long list. */
  listKey(salt: string): string {
    return sha256(`segment-list\n${this.sealKey}\n${salt}`).slice(0, 32);
  }

  /** A webhook's address as it is stored and audited: such addresses often hold secrets of the receiver's. */
  sealWebhookUrl(url: string): string {
    return seal(this.sealKey ?? "", this.#webhookPlace, url);
  }

  /** The address; null when it was sealed by another project. */
  async openWebhookUrl(sealed: string): Promise<string | null> {
    if (isSealed(sealed)) return open(this.sealKey ?? "", this.#webhookPlace, sealed);
    return openAesGcm(sha256(`webhook-url\n${this.sealKey}`), sealed);
  }

  get #webhookPlace(): SealedFor {
    return { use: "webhook-url", project: this.project, environment: "" };
  }

  /** What signs a webhook's messages. */
  webhookSecret(salt: string): string {
    const hex = sha256(`webhook-secret\n${this.sealKey}\n${salt}`);
    return `whsec_${toBase64(Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)))}`;
  }
}
