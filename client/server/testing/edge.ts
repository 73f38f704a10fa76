import { blockText, entriesOfSnapshot } from "../../../shared/blocks/block.ts";
import { renderedBlock } from "../../../shared/rules/render-block.ts";
import type { Snapshot } from "../../../shared/schema/snapshot.ts";
import { headOf, RecentRules, rulesBlock } from "../../../worker/rules/recent-rules.ts";

export const KEY = "bds_p_e_0000000000000000000000000000000000000000";

/** What an edge knows, as the test has it. */
export interface Known {
  snapshot: Snapshot;
  committed?: number;
  emergency?: Snapshot["kills"];
  restored?: string[];
  /** Entries of one block; all, unless set. */
  perBlock?: number;
}

/**
 * An edge that serves rules as the Worker's route does, without a network: `fetch` is for a provider. What it was asked
 * is in `asked`; `fail` makes it refuse.
 */
export class FakeEdge {
  readonly asked: { path: string; bytes: number }[] = [];
  readonly usage: string[][] = [];
  readonly shards = new Map<string, ArrayBuffer>();
  known: Known;
  fail: { status: number; headers?: Record<string, string>; title?: string } | "unreachable" | null = null;
  /** Whole seconds that its own knowledge is old. */
  ageS = 0;
  readonly #recent = new RecentRules();

  constructor(known: Known) {
    this.known = known;
  }

  /** The answer to a process that holds `from`. */
  answer(from: string | null): string {
    const { snapshot, committed = snapshot.revision, emergency = [], restored = [] } = this.known;
    const { project, environment, epoch, revision, kills, minReader } = snapshot;
    const blocks = this.#texts().flatMap((text) => rulesBlock(text) ?? []);
    const change = Math.max(revision, ...kills.map((kill) => kill.revision));
    const head = headOf({
      ...{ project, environment, epoch, revision, committed, change, minReader },
      ...{ kills, emergency, restored, blocks },
    });
    return head.version === from ? "" : this.#recent.answer(head, blocks, from);
  }

  readonly fetch = (async (input: string, init?: RequestInit) => {
    const url = new URL(input);
    if (this.fail === "unreachable") throw new TypeError("fetch failed");
    if (this.fail !== null) {
      const { status, headers = {}, title = "no" } = this.fail;
      return Response.json({ title }, { status, headers });
    }
    if (url.pathname.startsWith("/server/v1/lists/")) {
      const bytes = this.shards.get(url.pathname.slice("/server/v1/lists/".length));
      this.asked.push({ path: url.pathname, bytes: bytes?.byteLength ?? 0 });
      return bytes === undefined ? new Response(null, { status: 404 }) : new Response(bytes);
    }
    if (url.pathname === "/server/v1/usage") {
      this.usage.push(JSON.parse(init?.body as string).flags);
      return new Response(null, { status: 204 });
    }
    if (url.pathname === "/v1/events") return Response.json({ accepted: 0, duplicate: 0, rejected: [] });
    const answer = this.answer(url.searchParams.get("from"));
    this.asked.push({ path: url.pathname + url.search, bytes: answer.length });
    const headers = { Age: String(this.ageS) };
    return answer === "" ? new Response(null, { status: 304, headers }) : new Response(answer, { headers });
  }) as typeof globalThis.fetch;

  #texts(): string[] {
    const entries = entriesOfSnapshot(this.known.snapshot);
    const size = this.known.perBlock ?? Math.max(1, entries.length);
    return Array.from({ length: Math.ceil(entries.length / size) }, (_, index) =>
      renderedBlock(blockText(entries.slice(index * size, (index + 1) * size))),
    );
  }
}

/** The packed hashes of one shard. */
export function packed(hashes: readonly { high: number; low: number }[]): ArrayBuffer {
  const words = new Uint32Array(hashes.length * 2);
  for (const [index, { high, low }] of hashes.entries()) {
    words[index * 2] = low;
    words[index * 2 + 1] = high;
  }
  return words.buffer;
}
