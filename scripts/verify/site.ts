import { REGIONS, type Region } from "../../shared/placement/regions.ts";
import type { ProbeAnswer, ProbeOrder, ProbeQuestion, ProbeReport } from "../../shared/schema/probe.ts";
import { Problem } from "../problem.mjs";
import { type ThrowAway, ThrowAways } from "./throw-away.ts";

/** What a run reaches outside itself. Tests put faults behind it. */
export interface Outside {
  readonly fetch: typeof fetch;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the run; what it made is deleted all the same. */
  readonly signal: AbortSignal;
  /** Added to bounds in time (ms), for tests: they run all places of the deployment on one busy machine. */
  readonly slackMs?: number;
  /** The answer. */
  print(line: string): void;
  /** What is going on meanwhile. */
  note(line: string): void;
}

type Order = Partial<Omit<ProbeOrder, "question">> & { key: string; question?: ProbeQuestion };

export interface RegionSeen {
  readonly region: Region;
  /** Null: no probe ran there. */
  readonly report: ProbeReport | null;
  readonly why: string;
}

/** A call may take so long (ms): a probe itself looks for up to 20 s. */
const CALL_MS = 45_000;

/** The deployment that is looked at, as checks reach it. */
export class Site {
  readonly url: string;
  readonly quick: boolean;
  readonly outside: Outside;
  readonly throwAways: ThrowAways;
  readonly #token: string;
  #main: Promise<ThrowAway> | undefined;
  #regions: Promise<RegionSeen[]> | undefined;

  constructor(url: string, token: string, quick: boolean, outside: Outside) {
    this.url = url.replace(/\/+$/, "");
    this.#token = token;
    this.quick = quick;
    this.outside = outside;
    this.throwAways = new ThrowAways(this);
  }

  /** A request to the deployment, such as `/healthz`. Its body has to be read or cancelled. */
  fetch(path: string, init: RequestInit = {}, signal = this.outside.signal): Promise<Response> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(CALL_MS), ...(init.signal ? [init.signal] : [])]);
    return this.outside.fetch(this.url + path, { redirect: "manual", ...init, signal: limit });
  }

  /** A request to the administration that has to succeed. */
  async admin<T>(method: string, route: string, body?: unknown): Promise<T> {
    const { status, text } = await this.adminAnswer(method, route, body);
    if (status >= 300) throw new Problem(`${method} ${route} answered ${status}: ${text.slice(0, 300)}`);
    return (text === "" ? null : JSON.parse(text)) as T;
  }

  async adminAnswer(method: string, route: string, body?: unknown, signal?: AbortSignal) {
    const init: RequestInit = {
      method,
      headers: { Authorization: `Bearer ${this.#token}`, "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const response = await this.fetch(`/api/v1${route}`, init, signal);
    return { status: response.status, text: await response.text() };
  }

  /** Waits so long (ms), unless the run ends before. */
  wait(ms: number): Promise<void> {
    const { signal } = this.outside;
    return new Promise((resolve, reject) => {
      const end = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        signal.removeEventListener("abort", end);
        resolve();
      }, ms);
      if (signal.aborted) end();
      else signal.addEventListener("abort", end, { once: true });
    });
  }

  /** The project that most checks share, with 40 flags that everybody is served `true` of. */
  main(): Promise<ThrowAway> {
    this.#main ??= this.throwAways.make(MAIN_FLAGS);
    return this.#main;
  }

  /** Asks the isolate that answers here; null: it gave no answer. */
  async ask(key: string, question: ProbeQuestion): Promise<ProbeAnswer | null> {
    const response = await this.fetch("/v1/probe", {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify(question),
    });
    const text = await response.text();
    return response.status === 200 ? (JSON.parse(text) as ProbeAnswer) : null;
  }

  /** Sends a probe's order to a region. */
  async look(region: Region, order: Order): Promise<ProbeReport> {
    return this.admin("POST", `/probes/${region}`, order);
  }

  /** All regions, each looked at once in a run. */
  regions(): Promise<RegionSeen[]> {
    this.#regions ??= this.#reachRegions();
    return this.#regions;
  }

  /** Those whose probe has been answered. */
  async reached(): Promise<Region[]> {
    return (await this.regions()).filter(({ report }) => report?.samples[0]?.answer).map(({ region }) => region);
  }

  async #reachRegions(): Promise<RegionSeen[]> {
    const { server } = await this.main();
    return Promise.all(
      REGIONS.map(async (region): Promise<RegionSeen> => {
        try {
          return { region, report: await this.look(region, { key: server }), why: "" };
        } catch (error) {
          if (this.outside.signal.aborted) throw error;
          return { region, report: null, why: error instanceof Error ? error.message : String(error) };
        }
      }),
    );
  }
}

export const MAIN_FLAGS = 40;
