import { signal } from "@preact/signals";
import type { Role } from "../../shared/schema/admin.ts";
import type { Purpose } from "../../shared/schema/flag.ts";
import { answer, api, onSessionEnd, Refusal } from "./api.ts";

export interface Who {
  id: string;
  name: string;
  role: Role;
  project?: string | undefined;
  /** Secrets of the installation that could be guessed; told to administrators. */
  weakSecrets?: { name: string; reason: string }[] | undefined;
}

/** Undefined until known, null when nobody is signed in. */
export const who = signal<Who | null | undefined>(undefined);
/** A session that ended while somebody worked: the page stays, the question lies over it. */
export const sessionEnded = signal(false);

let waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];

onSessionEnd(
  () =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      sessionEnded.value = true;
    }),
);

export async function findWho(): Promise<void> {
  try {
    who.value = await answer(api.session.$get());
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) who.value = null;
    else throw error;
  }
}

export async function signIn(proof: { token: string } | { code: string }): Promise<void> {
  who.value = await answer(api.session.$post({ json: proof }));
  sessionEnded.value = false;
  for (const { resolve } of waiting) resolve();
  waiting = [];
}

/** Leaves the page as it is, with what was typed, and lets the interrupted requests fail. */
export function staySignedOut(): void {
  sessionEnded.value = false;
  const refusal = new Refusal(401, {
    code: "unauthenticated",
    title: "You are signed out",
    detail: "Nothing was saved.",
  });
  for (const { reject } of waiting) reject(refusal);
  waiting = [];
}

export async function signOut(everywhere = false): Promise<void> {
  await api.session.$delete({ query: { everywhere: everywhere ? "true" : "false" } });
  who.value = null;
}

const RANK: Record<Role, number> = { viewer: 0, marketer: 1, engineer: 2, admin: 3 };
/** For what to show only: the server decides by itself. */
export const may = (needs: Role): boolean => who.value != null && RANK[who.value.role] >= RANK[needs];

const TESTS: ReadonlySet<Purpose> = new Set<Purpose>(["experiment", "fake-door", "dark-launch", "wizard-of-oz"]);
/** Marketers change tests only. */
export const mayChange = (purpose: Purpose): boolean => may("engineer") || (may("marketer") && TESTS.has(purpose));
