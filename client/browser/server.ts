import { contextMark, FIRST_VALUES_ID, type FirstFlag, type FirstValues } from "./first-values.ts";

/*
 * For the server that renders pages: "@blastdoor/browser/server". It needs `fetch` and nothing of a browser.
 */

export { type FirstFlag, type FirstValues, firstValue } from "./first-values.ts";

export interface FirstValuesOptions {
  /** Where Blastdoor runs, such as `https://flags.shop.example`. */
  baseUrl: string;
  /** The client key that the page has: what comes back is for everybody to see. */
  key: string;
  /** The visitor, such as a random id that you keep in a cookie. */
  id: string;
  /** The attributes that the page will send, too. */
  context?: Readonly<Record<string, unknown>>;
  /** Beyond this (ms) the page is rendered without; 1,000 unless set. */
  timeoutMs?: number;
  fetch?: typeof globalThis.fetch;
}

interface Answer {
  flags: FirstFlag[];
  eventStreams?: { endpoint: { requestUri: string } }[];
}

/**
 * Evaluates all flags that a browser may see, in one request. Null when there is no answer in time: render the page with
 * your code's defaults then, and the browser asks for itself.
 */
export async function readFirstValues(options: FirstValuesOptions): Promise<FirstValues | null> {
  const { baseUrl, key, id, timeoutMs = 1_000, fetch = globalThis.fetch } = options;
  // In this order the browser script sends it as well: the same text gets the same ETag.
  const context = { ...options.context, targetingKey: id };
  try {
    const response = await fetch(`${baseUrl.replace(/\/+$/, "")}/ofrep/v1/evaluate/flags`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-API-Key": key },
      body: JSON.stringify({ context }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) {
      await response.body?.cancel();
      return null;
    }
    const { flags, eventStreams } = (await response.json()) as Answer;
    const stream = eventStreams?.[0]?.endpoint.requestUri;
    return {
      id,
      at: Date.now(),
      etag: response.headers.get("ETag"),
      ...(stream === undefined ? {} : { stream }),
      flags: Object.fromEntries(flags.map((flag) => [flag.key, flag])),
      of: contextMark(context),
    };
  } catch {
    return null;
  }
}

/**
 * The element that hands the values to the browser: put it before the script that reads it. It is data, which no content
 * security policy stops; `nonce` is for policies of your own that ask each script element for one.
 */
export function firstValuesScript(values: FirstValues | null, { nonce }: { nonce?: string } = {}): string {
  if (values === null) return "";
  if (nonce !== undefined && !/^[\w+/=-]+$/.test(nonce)) throw new Error("a nonce is Base64");
  const shown = nonce === undefined ? "" : ` nonce="${nonce}"`;
  return `<script type="application/json" id="${FIRST_VALUES_ID}"${shown}>${inHtml(JSON.stringify(values))}</script>`;
}

/** No text of a flag ends the element or begins a comment in it. */
const inHtml = (json: string): string =>
  json.replace(/[<>&\u2028\u2029]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);
