import { blockText, entriesOfSnapshot } from "../../shared/blocks/block.ts";
import type { RulesAnswer, RulesHead } from "../../shared/rules/answer.ts";
import { difference } from "../../shared/rules/difference.ts";
import { RULES_READER } from "../../shared/rules/readers.ts";
import { renderedBlock, renderedEntries } from "../../shared/rules/render-block.ts";
import type { Kill, Snapshot } from "../../shared/schema/snapshot.ts";
import { sha256 } from "../crypto/sha256.ts";

/** A block as it is given out. */
export interface RulesBlock {
  readonly hash: string;
  readonly text: string;
}

/** What a version is made of. */
export interface RulesSource
  extends Pick<RulesHead, "project" | "environment" | "epoch" | "revision" | "committed" | "change"> {
  readonly minReader: number;
  readonly kills: readonly Kill[];
  readonly emergency: readonly Kill[];
  readonly restored: readonly string[];
  readonly blocks: readonly RulesBlock[];
}

/** Former versions of an environment from which a process is brought on by a difference. */
const VERSIONS = 16;
/** Characters of former blocks that are kept for it, of all environments together. */
const FORMER_CHARS = 4 * 1024 * 1024;
const ENVIRONMENTS = 100;

interface Recent {
  /** Hashes of the blocks of each version, the oldest first. */
  readonly versions: Map<string, readonly string[]>;
  /** Texts of former blocks. */
  readonly former: Map<string, string>;
  current: readonly RulesBlock[];
  /** The last answer by what it was asked from: when something changes, every process asks the same. */
  answers: { version: string; byFrom: Map<string, string> };
}

/** A block of documents as a process may hold them; null when nothing is left of it. */
export function rulesBlock(text: string): RulesBlock | null {
  const rendered = renderedBlock(text);
  return rendered === "" ? null : { hash: sha256(rendered), text: rendered };
}

/** A whole snapshot as one block, if it has any document. */
export function rulesBlocksOf(snapshot: Snapshot): RulesBlock[] {
  const text = blockText(renderedEntries(entriesOfSnapshot(snapshot)));
  return text === "" ? [] : [{ hash: sha256(text), text }];
}

/** The head of what is in force. */
export function headOf(source: RulesSource): RulesHead {
  const { minReader, project, environment, epoch, revision, committed, change, kills, emergency, restored } = source;
  const blocks = source.blocks.map(({ hash }) => hash);
  const content = sha256(JSON.stringify([minReader, revision, kills, emergency, restored, blocks])).slice(0, 16);
  const version = `${epoch}.${committed}-${content}`;
  return {
    ...{ reader: RULES_READER, minReader, version, project, environment },
    ...{ epoch, revision, committed, change, kills, emergency, restored, blocks },
  };
}

/** What an isolate gave out lately, so that processes which hold a version near to the one in force get what changed. */
export class RecentRules {
  readonly #environments = new Map<string, Recent>();
  #formerChars = 0;

  /** Characters of former blocks, for tests. */
  get formerChars(): number {
    return this.#formerChars;
  }

  /**
   * The answer to a process that holds `from`.
   *
   * @param from a version; null, or one that is not known here: everything
   */
  answer(head: RulesHead, blocks: readonly RulesBlock[], from: string | null): string {
    const recent = this.#recent(`${head.project}/${head.environment}`);
    if (recent.answers.version !== head.version) this.#advance(recent, head, blocks);
    const before = from === null ? undefined : recent.versions.get(from);
    // Everything is the largest answer, and the seldom one: not worth its place.
    if (before === undefined) return JSON.stringify(whole(head, blocks));
    const known = recent.answers.byFrom.get(from as string);
    if (known !== undefined) return known;
    const texts = new Map(blocks.map(({ hash, text }) => [hash, text]));
    const textOf = (hash: string) => texts.get(hash) ?? recent.former.get(hash);
    const answer = JSON.stringify({ ...head, ...difference(before, head.blocks, textOf) } satisfies RulesAnswer);
    recent.answers.byFrom.set(from as string, answer);
    return answer;
  }

  #recent(name: string): Recent {
    const known = this.#environments.get(name);
    if (known) return known;
    if (this.#environments.size >= ENVIRONMENTS) this.#forgetOldest(name);
    const recent: Recent = {
      ...{ versions: new Map(), former: new Map(), current: [] },
      answers: { version: "", byFrom: new Map() },
    };
    this.#environments.set(name, recent);
    return recent;
  }

  #advance(
    recent: Recent,
    { project, environment, version, blocks: hashes }: RulesHead,
    blocks: readonly RulesBlock[],
  ) {
    const stays = new Set(hashes);
    for (const { hash, text } of recent.current) {
      if (stays.has(hash) || recent.former.has(hash)) continue;
      recent.former.set(hash, text);
      this.#formerChars += text.length;
    }
    recent.current = blocks;
    recent.versions.delete(version);
    recent.versions.set(version, hashes);
    for (const oldest of recent.versions.keys()) {
      if (recent.versions.size <= VERSIONS) break;
      recent.versions.delete(oldest);
    }
    recent.answers = { version, byFrom: new Map() };
    this.#makeRoom(recent, `${project}/${environment}`);
  }

  /** Other environments' former blocks go first, then this one's from the oldest on. */
  #makeRoom(recent: Recent, name: string): void {
    while (this.#formerChars > FORMER_CHARS && this.#environments.size > 1) this.#forgetOldest(name);
    for (const [hash, text] of recent.former) {
      if (this.#formerChars <= FORMER_CHARS) break;
      recent.former.delete(hash);
      this.#formerChars -= text.length;
    }
  }

  #forgetOldest(except: string): void {
    for (const [name, { former }] of this.#environments) {
      if (name === except) continue;
      for (const text of former.values()) this.#formerChars -= text.length;
      this.#environments.delete(name);
      return;
    }
  }
}

const whole = (head: RulesHead, blocks: readonly RulesBlock[]): RulesAnswer => ({
  ...head,
  texts: Object.fromEntries(blocks.map(({ hash, text }) => [hash, text])),
  patches: [],
});
