import type { RulesAnswer } from "../../shared/rules/answer.ts";
import type { InForce } from "./in-force.ts";

/** Rules outside the process: an answer as the edge gave it, when it was true, and its long lists. */
export interface KeptRules extends RulesAnswer {
  /** As of when (epoch ms); left out: nobody knows. */
  readonly at?: number;
  /** Shards of long lists by their names, in base64. */
  readonly shards?: Readonly<Record<string, string>>;
}

/** What a file keeps of the rules in force. */
export function keptOf({ head, blocks, shards }: InForce, at: number): KeptRules {
  return {
    ...head,
    at,
    texts: Object.fromEntries([...blocks].map(([hash, { text }]) => [hash, text])),
    patches: [],
    shards: Object.fromEntries([...shards.words].map(([name, words]) => [name, base64Of(words)])),
  };
}

/** A kept shard's bytes; null when it was not kept. */
export function keptShard({ shards }: KeptRules, name: string): ArrayBuffer | null {
  if (shards === undefined || !Object.hasOwn(shards, name)) return null;
  return Uint8Array.from(atob(shards[name] as string), (char) => char.charCodeAt(0)).buffer;
}

function base64Of(words: Uint32Array): string {
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  let binary = "";
  // Within the number of arguments that every engine takes.
  for (let at = 0; at < bytes.length; at += 8_192) binary += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(binary);
}

/** The rules in a file; null when there is none. Throws when it cannot be read. */
export async function readRules(file: string): Promise<KeptRules | null> {
  const { readFile } = await import("node:fs/promises");
  const text = await readFile(file, "utf8").catch((error: { code?: string }) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return text === null ? null : (JSON.parse(text) as KeptRules);
}

/** Written beside and moved into place, so that a start never reads half a file; for its owner alone. */
export async function writeRules(file: string, rules: KeptRules): Promise<void> {
  const { rename, writeFile } = await import("node:fs/promises");
  const fresh = `${file}.${process.pid}.new`;
  await writeFile(fresh, JSON.stringify(rules), { mode: 0o600 });
  await rename(fresh, file);
}
