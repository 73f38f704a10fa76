import type { RulesAnswer } from "../../shared/rules/answer.ts";
import { RULES_READER } from "../../shared/rules/readers.ts";

/** What came of asking for the rules; times are epoch ms. */
export type Pulled =
  | { is: "answer"; answer: RulesAnswer; at: number }
  | { is: "same"; at: number }
  /** `forGood`: asking again is of no use before somebody has changed something. */
  | { is: "failed"; why: string; forGood: boolean; afterMs: number };

/** An answer that takes longer (ms) is given up. */
const ANSWER_MS = 15_000;
/** A longer `Retry-After` (ms) is not waited for. */
const LONGEST_PAUSE_MS = 60_000;
/** No key that may read rules, or a package that is too old or too new: time alone does not mend these. */
const FOR_GOOD = [400, 401, 403, 404, 406, 410];

/** The rules as an installation serves them. */
export class RulesSource {
  readonly #baseUrl: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: typeof globalThis.fetch;
  readonly #closed = new AbortController();

  constructor(baseUrl: string, key: string, fetch: typeof globalThis.fetch) {
    this.#baseUrl = baseUrl;
    this.#headers = { Authorization: `Bearer ${key}` };
    this.#fetch = fetch;
  }

  /** Ends what is under way. */
  close(): void {
    this.#closed.abort();
  }

  /**
   * @param from the version that is held
   * @param told the change that a message named; 0: none
   */
  async pull(from: string | null, told: number): Promise<Pulled> {
    const asked = Date.now();
    const query = new URLSearchParams({ reader: String(RULES_READER) });
    if (from !== null) query.set("from", from);
    if (told > 0) query.set("change", String(told));
    try {
      const response = await this.#request(`/server/v1/rules?${query}`);
      const at = asked - (Number(response.headers.get("Age")) || 0) * 1_000;
      if (response.status === 304) return { is: "same", at };
      if (response.ok) return { is: "answer", answer: (await response.json()) as RulesAnswer, at };
      return failed(response.status, await said(response), response.headers.get("Retry-After"));
    } catch (error) {
      return { is: "failed", why: String(error), forGood: false, afterMs: 0 };
    }
  }

  /** A shard of a long list; null when it cannot be had. */
  async shard(name: string): Promise<ArrayBuffer | null> {
    const response = await this.#request(`/server/v1/lists/${name}`);
    if (response.ok) return response.arrayBuffer();
    await response.body?.cancel();
    return null;
  }

  /** Tells which flags were evaluated; false when it did not arrive. */
  async tellUsage(flags: readonly string[]): Promise<boolean> {
    try {
      const response = await this.#request("/server/v1/usage", {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ flags }),
      });
      await response.body?.cancel();
      return response.ok;
    } catch {
      return false;
    }
  }

  #request(path: string, init: RequestInit = {}): Promise<Response> {
    const fetch = this.#fetch;
    return fetch(`${this.#baseUrl}${path}`, {
      ...init,
      headers: { ...this.#headers, ...(init.headers as Record<string, string> | undefined) },
      signal: AbortSignal.any([this.#closed.signal, AbortSignal.timeout(ANSWER_MS)]),
    });
  }
}

function failed(status: number, why: string, retryAfter: string | null): Pulled {
  const afterMs = Math.min(LONGEST_PAUSE_MS, (Number(retryAfter) || 0) * 1_000);
  return { is: "failed", why: `answered ${status}: ${why}`, forGood: FOR_GOOD.includes(status), afterMs };
}

/** What a problem says of itself, the way to mend it included. */
async function said(response: Response): Promise<string> {
  try {
    const { title, detail } = (await response.json()) as { title?: string; detail?: string };
    return [title, detail].filter(Boolean).join(". ");
  } catch {
    return "no further words";
  }
}
