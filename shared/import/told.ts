import { isSafeName, KEY_PATTERN } from "../schema/name-text.ts";
import type { ImportReason, ImportStatus } from "./model.ts";

const WORSE: readonly ImportStatus[] = ["exact", "approximate", "refused"];

/** Collects what is to be said of one flag or segment; the worst that is said is its status. */
export class Told {
  status: ImportStatus = "exact";
  readonly reasons: ImportReason[] = [];

  /** Something that changes no answer, such as a field that is not read. */
  note(path: string, message: string): void {
    if (!this.reasons.some((one) => one.path === path && one.message === message)) this.reasons.push({ path, message });
  }

  /** @param message names the contexts that may get another answer */
  approximate(path: string, message: string): void {
    this.#say("approximate", path, message);
  }

  refuse(path: string, message: string): void {
    this.#say("refused", path, message);
  }

  /** Takes over what was said of something that this one is made of. */
  add({ status, reasons }: { status: ImportStatus; reasons: readonly ImportReason[] }): void {
    this.#worsen(status);
    for (const { path, message } of reasons) this.note(path, message);
  }

  /** Notes fields that the translation does not read. */
  unknown(path: string, object: object, known: readonly string[]): void {
    for (const field of Object.keys(object))
      if (!known.includes(field)) this.note(`${path}.${field}`, "this field is not known and is not read");
  }

  /** Refuses a key that ours cannot be. */
  key(path: string, key: string): void {
    if (!isKey(key))
      this.refuse(
        path,
        `"${key.slice(0, 100)}" cannot be a key here: use 1–100 letters, digits, dots, hyphens and underscores, starting with a letter or digit`,
      );
  }

  get refused(): boolean {
    return this.status === "refused";
  }

  #say(status: ImportStatus, path: string, message: string): void {
    this.#worsen(status);
    this.note(path, message);
  }

  #worsen(status: ImportStatus): void {
    if (WORSE.indexOf(status) > WORSE.indexOf(this.status)) this.status = status;
  }
}

export const isKey = (text: string): boolean => KEY_PATTERN.test(text) && isSafeName(text);
