import { contextMark, FIRST_VALUES_ID, type FirstValues } from "./first-values.ts";

/** Older values (ms) are not started from: much may have been killed since the page was written. */
const LONGEST_MS = 3_600_000;

/** What the page's server has handed over with `firstValuesScript`; null when it has not. */
export function inlinedValues(): FirstValues | null {
  try {
    return JSON.parse(document.getElementById(FIRST_VALUES_ID)?.textContent ?? "null");
  } catch {
    return null;
  }
}

/**
 * Lets the stock web provider start from the values of the page's server, without a request:
 *
 * ```ts
 * new OFREPWebProvider({ baseUrl, headers, cacheMode: "disabled", fetchImplementation: startFrom() });
 * ```
 *
 * The first question is answered from them if it is for the context that the server evaluated. All others are asked as
 * ever, and the event stream tells of what has changed since the page was written.
 */
export function startFrom(
  values: FirstValues | null = inlinedValues(),
  ask: typeof globalThis.fetch = globalThis.fetch.bind(globalThis),
): typeof globalThis.fetch {
  let given = values;
  return async (input, init) => {
    const first = given;
    given = null;
    if (first === null || !(Date.now() - first.at < LONGEST_MS)) return ask(input, init);
    const request = new Request(input, init);
    return (await isFor(first, request.clone())) ? answerOf(first) : ask(request);
  };
}

async function isFor({ of }: FirstValues, request: Request): Promise<boolean> {
  try {
    return contextMark((await request.json()).context) === of;
  } catch {
    return false;
  }
}

function answerOf({ flags, etag, stream }: FirstValues): Response {
  const eventStreams = stream === undefined ? undefined : [{ type: "sse", endpoint: { requestUri: stream } }];
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (etag !== null) headers.ETag = etag;
  return new Response(JSON.stringify({ flags: Object.values(flags), eventStreams }), { headers });
}
