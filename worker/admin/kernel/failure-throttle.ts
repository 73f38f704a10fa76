import { LIMITS } from "../../../shared/limits.ts";
import type { FailureKind } from "../../../shared/schema/admin.ts";

interface Bucket {
  left: number;
  /** When it was last counted (epoch ms). */
  at: number;
}

/** Takes one try out of a bucket. 0: there was one; else whole seconds until there is. */
function take(bucket: Bucket, atOnce: number, perSecond: number, now: number): number {
  const earned = (Math.max(0, now - bucket.at) * perSecond) / 1_000;
  bucket.left = Math.min(atOnce, bucket.left + earned);
  bucket.at = now;
  if (bucket.left < 1) return Math.max(1, Math.ceil((1 - bucket.left) / perSecond));
  bucket.left -= 1;
  return 0;
}

/** Maps and sets keep the order in which their keys came in. */
function dropOldest(known: { keys(): Iterator<string>; delete(key: string): unknown }): void {
  const { value } = known.keys().next();
  if (value !== undefined) known.delete(value);
}

/** A set that forgets what it has not met for longest. */
class RecentHashes {
  readonly #known = new Set<string>();

  has(hash: string): boolean {
    if (!this.#known.delete(hash)) return false;
    this.#known.add(hash);
    return true;
  }

  add(hash: string): void {
    this.#known.delete(hash);
    this.#known.add(hash);
    if (this.#known.size > LIMITS.secretsRemembered) dropOldest(this.#known);
  }

  delete(hash: string): void {
    this.#known.delete(hash);
  }
}

export interface FailureCount {
  kind: FailureKind;
  network: string;
  count: number;
  firstAt: number;
  lastAt: number;
}

/**
 * What one isolate knows of failed sign-ins: how many each network may still make, secrets that it has asked about, and
 * counts to report. No I/O and no clock; memory is bounded by `LIMITS`, whatever is sent.
 *
 * A secret that is right is never refused for failures of others: what is throttled is a failed try's answer, and the
 * question to the directory about a secret that this isolate does not know.
 */
export class FailureThrottle {
  readonly #networks = new Map<string, Bucket>();
  readonly #lookUps: Bucket = { left: LIMITS.secretLookUpsAtOnce, at: 0 };
  readonly #good = new RecentHashes();
  readonly #bad = new RecentHashes();
  #counts = new Map<string, FailureCount>();
  #reportedAt = Number.NEGATIVE_INFINITY;
  #listed: { prefixes: ReadonlySet<string>; at: number } | null = null;
  #listAskedAt = Number.NEGATIVE_INFINITY;

  isGood(hash: string): boolean {
    return this.#good.has(hash);
  }

  /** Made-up secrets never become good: what is made later is drawn at random. */
  isBad(hash: string): boolean {
    return this.#bad.has(hash);
  }

  remember(hash: string, isGood: boolean): void {
    (isGood ? this.#good : this.#bad).add(hash);
    (isGood ? this.#bad : this.#good).delete(hash);
  }

  /**
   * Takes one failed try off what a network may make. 0: it may be answered; else whole seconds to wait. Without an
   * address a request comes from the account's own Workers, as Cloudflare names one for every other.
   */
  fail(network: string | null, now: number): number {
    if (network === null) return 0;
    let bucket = this.#networks.get(network);
    if (!bucket) {
      if (this.#networks.size >= LIMITS.failingNetworks) dropOldest(this.#networks);
      bucket = { left: LIMITS.failuresAtOnce, at: now };
      this.#networks.set(network, bucket);
    }
    return take(bucket, LIMITS.failuresAtOnce, LIMITS.failuresPerSecond, now);
  }

  /** Gives a try back that was none. */
  succeed(network: string | null): void {
    const bucket = network === null ? undefined : this.#networks.get(network);
    if (bucket) bucket.left = Math.min(LIMITS.failuresAtOnce, bucket.left + 1);
  }

  /** Whether the directory may be asked about one more unknown secret; many networks together are bounded too. */
  mayLookUp(now: number): boolean {
    return take(this.#lookUps, LIMITS.secretLookUpsAtOnce, LIMITS.secretLookUpsPerSecond, now) === 0;
  }

  /** Whether a secret is among the real ones by the list last read; null when that is too old to tell. */
  isListed(hash: string, now: number): boolean | null {
    if (this.#listed?.prefixes.has(hash.slice(0, PREFIX_CHARS))) return true;
    return this.#listed && Math.abs(now - this.#listed.at) < LIST_FRESH_MS ? false : null;
  }

  /** Whether this request is the one to read the list anew: one at a time, and after a while another, if it was lost. */
  mayReadList(now: number): boolean {
    if (Math.abs(now - this.#listAskedAt) < LIST_FRESH_MS) return false;
    this.#listAskedAt = now;
    return true;
  }

  /** @param prefixes as the directory gives them @param askedAt what was made later is not among them */
  list(prefixes: string, askedAt: number): void {
    this.#listed = { prefixes: new Set(prefixes.match(/.{8}/g) ?? []), at: askedAt };
  }

  /** Counts a failure. True: the first of its kind and network since the last report, so that a log line is due. */
  count(kind: FailureKind, network: string | null, now: number): boolean {
    const named = network ?? "none";
    let key = `${kind} ${named}`;
    if (!this.#counts.has(key) && this.#counts.size >= LIMITS.failuresPerReport - 5) key = `${kind} other`;
    const known = this.#counts.get(key);
    if (known) {
      known.count++;
      known.lastAt = now;
      return false;
    }
    const shown = key === `${kind} ${named}` ? named : "other";
    this.#counts.set(key, { kind, network: shown, count: 1, firstAt: now, lastAt: now });
    return true;
  }

  /** What is to be reported now, at most once in a while unless somebody `asks`; null: nothing, or not yet. */
  report(now: number, asks = false): FailureCount[] | null {
    if (this.#counts.size === 0) return null;
    if (!asks && now - this.#reportedAt < LIMITS.failureReportMs) return null;
    this.#reportedAt = now;
    const report = [...this.#counts.values()];
    this.#counts = new Map();
    return report;
  }

  /** Takes a report back that did not arrive. */
  unreported(report: readonly FailureCount[]): void {
    for (const one of report) {
      const key = `${one.kind} ${one.network}`;
      const later = this.#counts.get(key);
      if (!later && this.#counts.size >= LIMITS.failuresPerReport) continue;
      const count = one.count + (later?.count ?? 0);
      this.#counts.set(key, { ...one, count, lastAt: later?.lastAt ?? one.lastAt });
    }
  }
}

/** As `Directory.secretHashes` gives them. */
const PREFIX_CHARS = 8;
/** The list of real secrets is read at most this often (ms), whatever is sent. */
const LIST_FRESH_MS = 1_000;
