import { PLAN_DOLLARS, PRICES } from "../../../shared/cost/prices.ts";
import { type Check, type Finding, met, missed, notReached } from "../check.ts";

/** Beyond this many rows and requests of Durable Objects for each request, something writes or asks that should not. */
const MOST_ROWS_A_REQUEST = 1;
const MOST_CALLS_A_REQUEST = 2;
/** A deployment that is hardly asked is billed for the plan, whatever the shares are. */
const FEW_REQUESTS = 100_000;
const DAYS_A_MONTH = 30;

/** A day of the whole account. */
export interface DaySeen {
  readonly requests: number;
  readonly objectRequests: number;
  readonly rowsWritten: number;
}

export function judgeBill({ requests, objectRequests, rowsWritten }: DaySeen): Finding {
  const month = (amount: number, { included, aMillion }: (typeof PRICES)[keyof typeof PRICES]) =>
    (Math.max(0, amount * DAYS_A_MONTH - included) / 1e6) * aMillion;
  const dollars =
    PLAN_DOLLARS +
    month(requests, PRICES.requests) +
    month(objectRequests, PRICES.objectRequests) +
    month(rowsWritten, PRICES.rowsWritten);
  const seen = `a day of the account: ${requests} requests, ${objectRequests} of Durable Objects, ${rowsWritten} rows written; $${dollars.toFixed(2)} a month at this pace, CPU and KV aside`;
  if (requests < FEW_REQUESTS) return dollars <= PLAN_DOLLARS ? met(seen) : missed(seen);
  if (rowsWritten > requests * MOST_ROWS_A_REQUEST) return missed(`more rows are written than requests come. ${seen}`);
  if (objectRequests > requests * MOST_CALLS_A_REQUEST)
    return missed(`Durable Objects are asked more often than ${MOST_CALLS_A_REQUEST} times a request. ${seen}`);
  return met(seen);
}

const ANALYTICS = "https://api.cloudflare.com/client/v4/graphql";
const QUERY = `query ($account: String!, $since: Time!, $day: Date!) { viewer { accounts(filter: { accountTag: $account }) {
  workers: workersInvocationsAdaptive(limit: 1, filter: { datetime_geq: $since }) { sum { requests } }
  objects: durableObjectsInvocationsAdaptiveGroups(limit: 1, filter: { datetime_geq: $since }) { sum { requests } }
  rows: durableObjectsPeriodicGroups(limit: 1, filter: { date_geq: $day }) { sum { rowsWritten } }
} } }`;

type Sums = { sum?: Record<string, number> }[] | undefined;

export const check: Check = {
  name: "bill",
  promised: "a day writes fewer rows than it has requests; needs CLOUDFLARE_API_TOKEN and CLOUDFLARE_ACCOUNT_ID",
  async run({ outside }) {
    const { CLOUDFLARE_API_TOKEN: token, CLOUDFLARE_ACCOUNT_ID: account } = outside.env;
    if (!token || !account)
      return notReached("set CLOUDFLARE_API_TOKEN (Account Analytics: Read) and CLOUDFLARE_ACCOUNT_ID");
    const since = new Date(Date.now() - 86_400_000).toISOString();
    const response = await outside.fetch(ANALYTICS, {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ query: QUERY, variables: { account, since, day: since.slice(0, 10) } }),
      signal: AbortSignal.any([outside.signal, AbortSignal.timeout(20_000)]),
    });
    const text = await response.text();
    if (!response.ok) return notReached(`the analytics API answered ${response.status}`);
    const { data, errors } = JSON.parse(text) as {
      data?: { viewer?: { accounts?: Record<string, Sums>[] } };
      errors?: { message: string }[] | null;
    };
    const found = data?.viewer?.accounts?.[0];
    if (!found) return notReached(`the analytics API said: ${errors?.[0]?.message ?? "nothing of this account"}`);
    const of = (name: string, field: string) => found[name]?.[0]?.sum?.[field] ?? 0;
    return judgeBill({
      requests: of("workers", "requests"),
      objectRequests: of("objects", "requests"),
      rowsWritten: of("rows", "rowsWritten"),
    });
  },
};
