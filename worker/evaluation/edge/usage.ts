import { sampleAttributes } from "../../../shared/flags/attribute-sample.ts";
import type { Slug } from "../../../shared/schema/names.ts";
import { USAGE_REPORT_ATTRIBUTES, USAGE_REPORT_FLAGS, type UsageReport } from "../../../shared/schema/usage.ts";

import { type Served, UseCounts } from "./use-counts.ts";

/** An isolate tells the store at most so often (ms), per environment; less often where the store asks for it. */
const EVERY_MS = { usual: 60_000, most: 600_000 };
/** After the first request that is to be told, others may come along for this long (ms). */
const GATHER_MS = 1_500;
/** One context in so many is looked at for attributes. */
const SAMPLE_EVERY = 64;
const MAX_ENVIRONMENTS = 200;
/** After so long (ms) without a report, a day, an isolate counts anew under another name. */
const RENAME_MS = 86_400_000;
const MAX_VALUES = 20;

/** What this isolate was asked for in one environment since it last told the store. */
interface Gathered {
  readonly flags: Set<string>;
  bulk: boolean;
  readonly attributes: Map<string, Set<string | boolean>>;
  contexts: number;
  counts: UseCounts;
  /** Names these counts: they only rise under it. */
  reporter: string;
  toldAt: number | null;
  /** Between two reports (ms). */
  everyMs: number;
  /** Not told again before (epoch ms). */
  dueAt: number;
}

/** What is counted together. */
interface Place {
  readonly project: Slug;
  readonly environment: Slug;
}

export interface UsageSources {
  /** A name that no other isolate has. */
  name(): string;
  wait(ms: number): Promise<void>;
  report(project: Slug, environment: Slug, report: UsageReport): Promise<{ everyMs: number } | null>;
}

/**
 * Which flags are asked for, gathered in memory and told now and then: an evaluation writes nothing and waits for
 * nothing. What is lost with an isolate is at most a minute's news.
 */
export class Usage {
  readonly #sources: UsageSources;
  readonly #environments = new Map<string, Gathered>();

  constructor(sources: UsageSources) {
    this.#sources = sources;
  }

  /**
   * @param flag null: all at once
   * @param served how it was answered
   * @param context of a server key, to learn attributes from; null: of a client key, whose visitors did not ask for it
   */
  note(
    { project, environment }: Place,
    flag: string | null,
    context: Readonly<Record<string, unknown>> | null,
    served: Served,
    now: number,
    waitUntil: (work: Promise<unknown>) => void,
  ): void {
    const gathered = this.#gathered(`${project}/${environment}`);
    gathered.counts.served(served);
    if (flag === null) gathered.bulk = true;
    else gathered.flags.add(flag);
    if (context !== null && gathered.contexts++ % SAMPLE_EVERY === 0) learn(gathered, context);
    this.#tellInTime(project, environment, gathered, now, waitUntil);
  }

  /** Flags that a process outside has evaluated by itself. Its key's use is noted as that of any other request. */
  elsewhere(
    { project, environment }: Place,
    flags: readonly string[],
    now: number,
    waitUntil: (work: Promise<unknown>) => void,
  ): void {
    const gathered = this.#gathered(`${project}/${environment}`);
    for (const flag of flags) gathered.flags.add(flag);
    this.#tellInTime(project, environment, gathered, now, waitUntil);
  }

  /** A bulk answer that the client had already, which was noted as any other. */
  notModified({ project, environment }: Place): void {
    this.#gathered(`${project}/${environment}`).counts.notModified();
  }

  /** A request that was refused, because its key asks too often. */
  limited(
    { project, environment }: Place,
    keyId: string,
    now: number,
    waitUntil: (work: Promise<unknown>) => void,
  ): void {
    const gathered = this.#gathered(`${project}/${environment}`);
    gathered.counts.limited(keyId);
    this.#tellInTime(project, environment, gathered, now, waitUntil);
  }

  /** A request of a key that was let in and is no evaluation: events, streams, doors, questions. */
  other(
    { project, environment }: Place,
    keyId: string,
    now: number,
    waitUntil: (work: Promise<unknown>) => void,
  ): void {
    const gathered = this.#gathered(`${project}/${environment}`);
    gathered.counts.other(keyId);
    this.#tellInTime(project, environment, gathered, now, waitUntil);
  }

  #tellInTime(
    project: Slug,
    environment: Slug,
    gathered: Gathered,
    now: number,
    waitUntil: (work: Promise<unknown>) => void,
  ): void {
    // A due time further away than the interval was set before the clock was set back.
    if (now < gathered.dueAt && gathered.dueAt - now <= gathered.everyMs) return;
    gathered.dueAt = now + gathered.everyMs;
    // The store forgets a reporter that is silent for two days; a name taken up again after that would count twice.
    if (gathered.toldAt !== null && Math.abs(now - gathered.toldAt) > RENAME_MS) {
      gathered.counts = new UseCounts();
      gathered.reporter = this.#sources.name();
    }
    waitUntil(this.#tell(project, environment, gathered, now));
  }

  #gathered(name: string): Gathered {
    let gathered = this.#environments.get(name);
    if (gathered) return gathered;
    if (this.#environments.size >= MAX_ENVIRONMENTS) this.#environments.clear();
    gathered = {
      flags: new Set(),
      bulk: false,
      attributes: new Map(),
      contexts: 0,
      counts: new UseCounts(),
      reporter: this.#sources.name(),
      toldAt: null,
      everyMs: EVERY_MS.usual,
      dueAt: 0,
    };
    this.#environments.set(name, gathered);
    return gathered;
  }

  async #tell(project: Slug, environment: Slug, gathered: Gathered, now: number): Promise<void> {
    await this.#sources.wait(GATHER_MS);
    const flags = [...gathered.flags].slice(0, USAGE_REPORT_FLAGS);
    const attributes = [...gathered.attributes]
      .slice(0, USAGE_REPORT_ATTRIBUTES)
      .map(([name, values]) => ({ name, values: [...values] }));
    const { bulk } = gathered;
    for (const flag of flags) gathered.flags.delete(flag);
    for (const { name } of attributes) gathered.attributes.delete(name);
    gathered.bulk = false;
    try {
      const { reporter } = gathered;
      // Totals, not differences: a report that is lost, or comes twice, is made good by the next.
      const counts = gathered.counts.totals();
      const answer = await this.#sources.report(project, environment, { flags, bulk, attributes, reporter, counts });
      gathered.everyMs = Math.min(EVERY_MS.most, Math.max(EVERY_MS.usual, answer?.everyMs ?? 0));
      gathered.dueAt = now + gathered.everyMs;
      gathered.toldAt = now;
    } catch {
      // The store has more urgent work: told again with the next report.
      for (const flag of flags) gathered.flags.add(flag);
      gathered.bulk ||= bulk;
    }
  }
}

function learn(gathered: Gathered, context: Readonly<Record<string, unknown>>): void {
  for (const { name, value } of sampleAttributes(context)) {
    let values = gathered.attributes.get(name);
    if (!values) {
      if (gathered.attributes.size >= USAGE_REPORT_ATTRIBUTES) continue;
      values = new Set();
      gathered.attributes.set(name, values);
    }
    if (value !== undefined && values.size < MAX_VALUES) values.add(value);
  }
}
