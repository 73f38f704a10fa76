import { signal } from "@preact/signals";
import type { Role } from "../../shared/schema/admin.ts";
import type { Purpose } from "../../shared/schema/flag.ts";
import { answer, api, onSessionEnd, Refusal } from "./api.ts";

export interface Who {
  id: string;
  name: string;
  role: Role;
  project?: string | undefined;
  /** Other roles, in single environments. */
  environments?: Record<string, Role> | undefined;
  /** Set where the installation goes without what Workers Free has no room for. */
  plan?: "free" | undefined;
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
/** One's role in an environment, or where no environment is meant. */
const roleThere = ({ role, environments }: Who, environment?: string): Role =>
  (environment === undefined ? undefined : environments?.[environment]) ?? role;

/** For what to show only: the server decides by itself. */
export const may = (needs: Role, environment?: string): boolean =>
  who.value != null && RANK[roleThere(who.value, environment)] >= RANK[needs];

/** Whether somebody may do what acts in every environment, such as changing a flag's definition. */
const mayEverywhere = (needs: Role): boolean =>
  may(needs) && Object.keys(who.value?.environments ?? {}).every((environment) => may(needs, environment));

const TESTS: ReadonlySet<Purpose> = new Set<Purpose>(["experiment", "fake-door", "dark-launch", "wizard-of-oz"]);
const roleFor = (purpose: Purpose): Role => (TESTS.has(purpose) ? "marketer" : "engineer");

/** Marketers change tests only. Without an environment: whether the flag itself, in all of them. */
export const mayChange = (purpose: Purpose, environment?: string): boolean =>
  environment === undefined ? mayEverywhere(roleFor(purpose)) : may(roleFor(purpose), environment);

const ROLE_NAMES: Record<Role, string> = {
  viewer: "a viewer",
  marketer: "a marketer",
  engineer: "an engineer",
  admin: "an administrator",
};

/** Why somebody may not change a flag in an environment; null when they may. */
export function whyLocked(purpose: Purpose, environment: { key: string; name: string }): string | null {
  if (!who.value || mayChange(purpose, environment.key)) return null;
  const has = ROLE_NAMES[roleThere(who.value, environment.key)];
  const needed = ROLE_NAMES[roleFor(purpose)];
  if (who.value.environments)
    return `In ${environment.name} you are ${has}; to change this flag there you need to be ${needed}.`;
  return `You are ${has}, so you can look at this flag and not change it; ${needed} can. An administrator gives roles.`;
}
