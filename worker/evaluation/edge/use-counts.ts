import { KNOWLEDGE_AGE_BOUNDS_MS, type UsageCounts } from "../../../shared/schema/usage.ts";

/** One answer, as it is counted. */
export interface Served {
  kind: "client" | "server";
  /** Null: a Worker asked through its binding, without a key. */
  keyId: string | null;
  /** One flag, or all that the key may see. */
  shape: "one" | "bulk";
  /** How old what this isolate knew was (ms). */
  ageMs: number;
}

interface KeyCounts {
  asked: number;
  limited: number;
  other: number;
}

/** An age beyond this (ms) is counted as this in the sum: nothing is known of a project that was never reached. */
const MAX_AGE_MS = 3_600_000;

/** What an isolate has answered in one environment since it began to count. Plain numbers: this is the hot path. */
export class UseCounts {
  /** By kind and shape, and by age; `name` builds their names when they are told. */
  readonly #evaluations = { client: { one: 0, bulk: 0 }, server: { one: 0, bulk: 0 } };
  readonly #ages = new Array<number>(KNOWLEDGE_AGE_BOUNDS_MS.length + 1).fill(0);
  readonly #keys = new Map<string, KeyCounts>();
  #ageMs = 0;
  #notModified = 0;
  #limited = 0;

  served({ kind, keyId, shape, ageMs }: Served): void {
    this.#evaluations[kind][shape]++;
    let bucket = 0;
    while (bucket < KNOWLEDGE_AGE_BOUNDS_MS.length && ageMs > (KNOWLEDGE_AGE_BOUNDS_MS[bucket] as number)) bucket++;
    (this.#ages[bucket] as number)++;
    this.#ageMs += Math.min(ageMs, MAX_AGE_MS);
    if (keyId !== null) this.#key(keyId).asked++;
  }

  notModified(): void {
    this.#notModified++;
  }

  /** Refused, because the key asked too often. */
  limited(keyId: string): void {
    this.#limited++;
    this.#key(keyId).limited++;
  }

  /** Let in to something that is no evaluation. */
  other(keyId: string): void {
    this.#key(keyId).other++;
  }

  #key(id: string): KeyCounts {
    let use = this.#keys.get(id);
    if (!use) {
      use = { asked: 0, limited: 0, other: 0 };
      this.#keys.set(id, use);
    }
    return use;
  }

  /** Totals under the names of shared/schema/usage.ts, without the zeros. */
  totals(): UsageCounts {
    const all: [string, number][] = [
      ...(["client", "server"] as const).flatMap((kind) =>
        (["one", "bulk"] as const).map((shape): [string, number] => [
          `evaluations.${kind}.${shape}`,
          this.#evaluations[kind][shape],
        ]),
      ),
      ...this.#ages.map((count, bucket): [string, number] => [`age.${bucket}`, count]),
      ["age_ms", Math.round(this.#ageMs)],
      ["not_modified", this.#notModified],
      ["limited", this.#limited],
      ...[...this.#keys].flatMap(([id, { asked, limited, other }]): [string, number][] => [
        [`key.${id}.asked`, asked],
        [`key.${id}.limited`, limited],
        [`key.${id}.other`, other],
      ]),
    ];
    return Object.fromEntries(all.filter(([, count]) => count > 0));
  }
}
