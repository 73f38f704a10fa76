import type { FailureKind } from "../../../shared/schema/admin.ts";
import { ago } from "./time-words.ts";

const OPENED: Record<"token" | "admin-token" | "link", string> = {
  token: "Opened with an access token",
  "admin-token": "Opened with the admin token",
  link: "Opened with a sign-in link",
};
/** Uses are noted to the minute: within the first one there is nothing more to say. */
const NOTED_MS = 60_000;

/** How a session was opened, and when it was last used. */
export function sessionWords(session: {
  openedWith: keyof typeof OPENED;
  createdAt: string;
  lastUsedAt: string;
}): string {
  const { openedWith, createdAt, lastUsedAt } = session;
  const opened = `${OPENED[openedWith]} ${ago(createdAt)}`;
  const isNew = Date.parse(lastUsedAt) - Date.parse(createdAt) < NOTED_MS;
  return isNew ? opened : `${opened}, last used ${ago(lastUsedAt)}`;
}

export const FAILURE_WORDS: Record<FailureKind, string> = {
  token: "Unknown access token",
  session: "Unknown or ended session",
  "sign-in-link": "Unknown or used sign-in link",
  "break-glass": "Wrong break-glass secret",
  metrics: "Wrong metrics token",
};
