import { hc, type InferResponseType } from "hono/client";
import type { KillView, StateSummary } from "../../shared/schema/admin.ts";
import type { FlagState } from "../../shared/schema/flag.ts";
import type { Admin } from "../../worker/app.ts";
import { issueWords, withoutCalls } from "./words/issue-words.ts";

export type { KillView };
/** As the routes themselves declare it. */
export type FlagView = InferResponseType<Client["projects"][":project"]["flags"][":flag"]["$get"], 200>;
export type Project = InferResponseType<Client["projects"][":project"]["$get"], 200>;
export type Environment = Project["environments"][number];
type Client = typeof api;
export type StateView = FlagState & {
  environment: string;
  flag: string;
  version: number;
  revision: number;
  updatedAt: string;
  kills: KillView[];
  reach?: StateSummary["reach"];
};

const TIMEOUT_MS = 15_000;

/** A request that was not carried out, in the words of the server's problem details. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly errors: { field: string; message: string }[];

  constructor(status: number, problem: { code?: string; title?: string; detail?: string; errors?: Refusal["errors"] }) {
    super(problem.title ?? `The server answered ${status}`);
    this.status = status;
    this.code = problem.code ?? "unknown";
    this.detail = problem.detail ?? "";
    this.errors = problem.errors ?? [];
  }

  /** Everything there is to say, in one line. */
  get words(): string {
    const fields = this.errors.map(issueWords).map(({ label, words }) => (label ? `${label} ${words}` : words));
    return [this.message, withoutCalls(this.detail), ...fields].filter(Boolean).join(". ").replaceAll("..", ".");
  }
}

/** Set by the session: asks the person to sign in again, over the page and what was typed there. */
let signInAgain: (() => Promise<void>) | undefined;
export const onSessionEnd = (ask: () => Promise<void>): void => {
  signInAgain = ask;
};

const send: typeof fetch = async (input, init) => {
  const response = await attempt(input, init);
  if (response.status !== 401 || !signInAgain || String(input).endsWith("/session")) return accepted(response);
  await signInAgain();
  return accepted(await attempt(input, init));
};

async function attempt(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(input, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch {
    throw new Refusal(0, {
      code: "unreachable",
      title: "The server cannot be reached",
      detail: "Check the connection and try again; what you typed is still here.",
    });
  }
}

async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  throw new Refusal(response.status, await response.json().catch(() => ({})));
}

export const api = hc<Admin>("/api/v1", { fetch: send });

type Accepted<R> = Extract<R, { ok: true }> extends { json(): Promise<infer Body> } ? Body : never;

/** The body of an answer; a refused request throws a Refusal. */
export async function answer<R extends { json(): Promise<unknown> }>(request: Promise<R>): Promise<Accepted<R>> {
  return (await (await request).json()) as Accepted<R>;
}

/** The state of a flag, whose type the route describes loosely. */
export async function stateAnswer(request: Promise<{ json(): Promise<unknown> }>): Promise<StateView> {
  return (await (await request).json()) as StateView;
}

export const ifMatch = (version: number) => ({ "if-match": `"${version}"` });
export const refusalOf = (error: unknown): Refusal =>
  error instanceof Refusal
    ? error
    : new Refusal(0, { title: "Something went wrong in this page", detail: String(error) });
