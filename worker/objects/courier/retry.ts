/** Waits (ms) before each further attempt, as Standard Webhooks suggests: nine retries over about three days. */
export const RETRY_AFTER_MS: readonly number[] = [
  5_000,
  5 * 60_000,
  30 * 60_000,
  2 * 3_600_000,
  5 * 3_600_000,
  10 * 3_600_000,
  14 * 3_600_000,
  20 * 3_600_000,
  24 * 3_600_000,
];

/** What an attempt came to: a status, or no answer. */
export type Answer = { status: number; retryAfterMs: number | null } | { error: string };

export type Verdict =
  | { verdict: "delivered" }
  | { verdict: "gone" }
  | { verdict: "retry"; at: number }
  | { verdict: "dead" };

/**
 * What to do after the attempt numbered `attempts` (the first is 1). Only 2xx counts as received: a redirect is not
 * followed, since it may lead where no webhook may go. 410 is the receiver's way to say "never again". A `Retry-After`
 * may ask for more time than the schedule gives, up to a day. Jitter of a tenth keeps receivers from being met by all
 * retries at once.
 */
export function judge(answer: Answer, attempts: number, now: number, random: number): Verdict {
  if ("status" in answer) {
    if (answer.status >= 200 && answer.status < 300) return { verdict: "delivered" };
    if (answer.status === 410) return { verdict: "gone" };
  }
  const wait = RETRY_AFTER_MS[attempts - 1];
  if (wait === undefined) return { verdict: "dead" };
  const asked = "status" in answer ? Math.min(answer.retryAfterMs ?? 0, 24 * 3_600_000) : 0;
  return { verdict: "retry", at: now + Math.round(Math.max(wait, asked) * (1 + random / 10)) };
}

export const resultWords = (answer: Answer): string => {
  if ("error" in answer) return answer.error;
  const { status } = answer;
  return status >= 300 && status < 400 ? `${status}: redirects are not followed` : String(status);
};
